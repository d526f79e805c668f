//! Tree ensembles against an evaluation of their specification.

use proptest::prelude::*;

use super::generate::{WIDTH, ensemble, reference_score, rows, spec};
use crate::fuzz_support::reseal;
use crate::samples;
use crate::{
    Aggregate, Algorithm, ArtefactError, DerivationKind, EnsembleSpec, InvalidSpec, Link, Model, ModelSpec,
    NodeSpec, Parameters, RowError, Section, Style,
};

fn edited(edit: impl FnOnce(&mut EnsembleSpec)) -> ModelSpec {
    let mut spec = samples::trees();
    if let Parameters::Trees(ensemble) = &mut spec.parameters {
        edit(ensemble);
    }
    spec
}

#[test]
fn what_is_written_is_read() {
    let file = samples::trees().to_bytes().unwrap();
    let model = Model::open(&file).unwrap();
    assert_eq!(model.algorithm(), Algorithm::TreeEnsemble);
    assert_eq!(model.self_check(), Ok(2));
    let interface = model.interface();
    assert_eq!(
        (interface.style, interface.list, interface.group),
        (Style::Readings, "readings", "Module_ID")
    );
    assert_eq!(
        (interface.time, interface.prediction, interface.score),
        ("Timestamp", "label", "probability")
    );
    let derivation = model.derivations().next().unwrap();
    assert_eq!((derivation.feature, derivation.source, derivation.window), (0, 2, 1));
    assert_eq!(derivation.kind, DerivationKind::Delta);
    assert_eq!([0, 1, 2].map(|feature| model.is_derived(feature)), [true, false, false]);
}

/// By hand: the first tree gives 2 up to 1.5 and where the value is missing, the second asks feature 2, then 1.
#[test]
fn leaves_are_added_to_the_base() {
    let file = samples::trees().to_bytes().unwrap();
    let logistic = |sum: f64| 1.0 / (1.0 + (-sum).exp());
    for model in [Model::open(&file).unwrap(), Model::open_verified(&file).unwrap()] {
        assert_eq!(model.score(&[1.5, 1.0, 20.0]), Ok(logistic(0.25 + 2.0 + 0.25 + 0.5)));
        assert_eq!(model.score(&[1.6, 1.0, 20.1]), Ok(logistic(0.25 - 1.0 + 0.75 + 0.5)));
        assert_eq!(model.score(&[f64::NAN, 3.0, f64::NAN]), Ok(logistic(0.25 + 2.0 - 0.5 + 0.5)));
        assert_eq!(model.score(&[1.0, f64::NAN, 1.0]), Err(RowError::Missing(1)), "its policy is to refuse");
    }
}

#[test]
fn a_batch_is_scored_whole_or_not_at_all() {
    let file = samples::trees().to_bytes().unwrap();
    let model = Model::open(&file).unwrap();
    let mut scores = vec![0.5];
    let mut rows = [1.0, 1.0, 1.0].repeat(70);
    assert_eq!(model.score_batch(&rows, &mut scores), Ok(()));
    assert_eq!((scores.len(), scores[0], scores[1]), (71, 0.5, model.score(&rows[..3]).unwrap()));
    rows[3 * 67 + 1] = f64::NAN;
    assert_eq!(model.score_batch(&rows, &mut scores), Err((67, RowError::Missing(1))));
    assert_eq!(
        model.score_batch(&rows[..5], &mut scores),
        Err((1, RowError::Width { actual: 2, expected: 3 }))
    );
    assert_eq!(model.score_batch(&[], &mut scores), Ok(()));
    assert_eq!(scores.len(), 71);
}

#[test]
fn a_sum_beyond_the_range_of_numbers_is_named() {
    let spec = edited(|ensemble| {
        let values = [f64::MAX, f64::MAX, -f64::MAX, -f64::MAX, -f64::MAX];
        ensemble.sum = crate::Precision::Single;
        let leaf = |value| crate::TreeSpec { nodes: vec![NodeSpec::Leaf { value }] };
        ensemble.trees = values.map(leaf).to_vec();
    });
    let file = ModelSpec { self_check: vec![], ..spec }.to_bytes().unwrap();
    let (model, mut scores) = (Model::open(&file).unwrap(), vec![]);
    assert_eq!(model.score(&[1.0; 3]), Err(RowError::Overflow));
    assert_eq!(model.score_batch(&[1.0; 6], &mut scores), Err((0, RowError::Overflow)));
    assert!(scores.is_empty());
}

#[test]
fn what_is_no_tree_is_not_written() {
    let link = |at: usize, to: [u32; 2]| {
        edited(|ensemble| {
            if let NodeSpec::Split { holds, fails, .. } = &mut ensemble.trees[1].nodes[at] {
                [*holds, *fails] = to;
            }
        })
    };
    for (case, spec) in
        [link(0, [3, 9]), link(4, [0, 2]), link(4, [1, 1]), link(4, [3, 2])].iter().enumerate()
    {
        let error = spec.to_bytes().unwrap_err();
        assert!(matches!(error, InvalidSpec::Tree { tree: 1, .. }), "case {case}: {error}");
    }
    let partly_explained = edited(|ensemble| {
        if let NodeSpec::Split { mean, .. } = &mut ensemble.trees[1].nodes[0] {
            *mean = None;
        }
    });
    assert!(matches!(partly_explained.to_bytes(), Err(InvalidSpec::Tree { .. })));
}

#[test]
fn ensembles_that_break_a_rule_are_not_written() {
    let split = |edit: fn(&mut u32, &mut f64)| {
        edited(|ensemble| {
            if let NodeSpec::Split { feature, threshold, .. } = &mut ensemble.trees[0].nodes[0] {
                edit(feature, threshold);
            }
        })
    };
    let aggregate = |aggregate, link, base| {
        edited(|ensemble| (ensemble.aggregate, ensemble.link, ensemble.base) = (aggregate, link, base))
    };
    let specs = [
        split(|feature, _| *feature = 3),
        split(|feature, _| *feature = 65_536),
        split(|_, threshold| *threshold = f64::NAN),
        edited(|ensemble| ensemble.trees[0].nodes[1] = NodeSpec::Leaf { value: f64::INFINITY }),
        edited(|ensemble| ensemble.trees.clear()),
        edited(|ensemble| ensemble.base = f64::NAN),
        aggregate(Aggregate::Vote, Link::Identity, 0.0),
        aggregate(Aggregate::Mean, Link::Identity, 0.0),
        aggregate(Aggregate::Mean, Link::Logistic, 0.0),
        aggregate(Aggregate::Mean, Link::Identity, 1.0),
    ];
    for (case, spec) in specs.iter().enumerate() {
        assert!(matches!(spec.to_bytes(), Err(InvalidSpec::Artefact(_))), "case {case}");
    }
}

/// Each word of the nodes and roots, set to each small number, gives a file that is refused, or that scores as a
/// tree of its own; and it is refused wherever a walk could go astray.
#[test]
fn misplaced_nodes_are_refused() {
    let file = samples::trees().to_bytes().unwrap();
    let section = |kind: Section| {
        let entry = file[64..].chunks(16).find(|entry| entry[0] == kind as u8).unwrap();
        let word = |at: usize| u32::from_le_bytes(entry[at..at + 4].try_into().unwrap()) as usize;
        word(4)..word(4) + word(8)
    };
    let children = section(Section::TreeNodes).step_by(16).map(|node| node + 8);
    for at in children.chain(section(Section::TreeRoots).step_by(4)) {
        for word in (0_u32..12).chain([u32::MAX]).filter(|word| file[at..at + 4] != word.to_le_bytes()) {
            let mut file = file.clone();
            file[at..at + 4].copy_from_slice(&word.to_le_bytes());
            reseal(&mut file);
            assert!(matches!(Model::open(&file), Err(ArtefactError::Content { .. })), "{at} {word}");
        }
    }
}

/// A later version may give them a meaning that this one would not heed.
#[test]
fn unknown_flags_are_refused() {
    let mut file = samples::trees().to_bytes().unwrap();
    let root = [1.5_f64.to_le_bytes().as_slice(), &1_u32.to_le_bytes(), &[0, 0, 3, 0]].concat();
    let at = file.windows(16).position(|bytes| bytes == root).unwrap();
    file[at + 14] = 7;
    reseal(&mut file);
    let Err(ArtefactError::Content { section, record, rule }) = Model::open(&file) else { panic!("opened") };
    assert_eq!((section, record, rule), (Section::TreeNodes, 0, "unknown flags"));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_500) })]

    /// Bit by bit, one by one and together, however the file was opened.
    #[test]
    fn scores_are_those_of_the_specification(ensemble in ensemble(false), rows in rows(150)) {
        let file = spec(ensemble.clone()).to_bytes().unwrap();
        let expected: Vec<_> = rows.chunks(WIDTH).map(|row| reference_score(&ensemble, row)).collect();
        for model in [Model::open(&file).unwrap(), Model::open_verified(&file).unwrap()] {
            let mut batch = Vec::new();
            prop_assert_eq!(model.score_batch(&rows, &mut batch), Ok(()));
            for ((row, expected), batch) in rows.chunks(WIDTH).zip(&expected).zip(batch) {
                let single = model.score(row).unwrap();
                prop_assert_eq!(Some(single.to_bits()), expected.map(f64::to_bits), "{:?}", row);
                prop_assert_eq!(single.to_bits(), batch.to_bits());
            }
        }
    }
}
