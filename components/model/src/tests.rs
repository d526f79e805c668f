//! Artefacts written, read, damaged and scored.

use proptest::prelude::*;

use crate::exercise::{open_and_use, reseal};
use crate::format::HEADER_BYTES;
use crate::{
    ArtefactError, CategorySpec, ClassSpec, Column, EncodingSpec, FeatureKind, FeatureSpec, InterfaceSpec,
    LinearSpec, MissingPolicy, Model, ModelSpec, Parameters, ProfileSpec, Recoded, RowError,
};

/// Two features, one of each kind, with everything that an artefact can hold.
fn spec() -> ModelSpec {
    let feature = |name: &str, kind, missing, categories| FeatureSpec {
        name: name.to_owned(),
        unit: "mm".to_owned(),
        description: "a test feature".to_owned(),
        kind,
        missing,
        lower: 0.0,
        upper: 9.0,
        plausible: (1.0, 3.0),
        imputed: 2.0,
        categories,
    };
    let category = |value: f64, label: &str| CategorySpec { value, label: label.to_owned() };
    let profile = |edges: &[f64]| ProfileSpec {
        edges: edges.to_vec(),
        shares: vec![1.0 / (edges.len() + 1) as f64; edges.len() + 1],
    };
    ModelSpec {
        name: "linear".to_owned(),
        app: "test".to_owned(),
        version: "1.2.3".to_owned(),
        model_type: "LogisticRegression".to_owned(),
        description: "a test".to_owned(),
        threshold: 0.5,
        positive_class: 1,
        features: vec![
            feature("size", FeatureKind::Number, MissingPolicy::Impute, vec![]),
            feature(
                "kind",
                FeatureKind::Category,
                MissingPolicy::Reject,
                vec![category(1.0, "one"), category(3.0, "three")],
            ),
        ],
        encodings: vec![
            EncodingSpec { name: "own".to_owned(), mappings: vec![] },
            EncodingSpec { name: "other".to_owned(), mappings: vec![(1, 0.0, Some(1.0)), (1, 7.0, None)] },
        ],
        classes: ["no", "yes"].map(|name| ClassSpec { name: name.to_owned(), share: 0.5 }).into(),
        parameters: Parameters::Linear {
            columns: vec![
                Column::Standardise { feature: 0, mean: 2.0, scale: 0.5 },
                Column::Indicator { feature: 1, value: 3.0 },
            ],
            linear: LinearSpec { intercept: -1.0, weights: vec![0.5, 2.0] },
        },
        profiles: vec![profile(&[1.0, 2.0]), profile(&[2.0]), profile(&[0.25, 0.5, 0.75])],
        self_check: vec![vec![1.0, 1.0], vec![f64::NAN, 3.0]],
        metadata: "{}".to_owned(),
        interface: InterfaceSpec::default(),
        derivations: vec![],
    }
}

fn linear(spec: &mut ModelSpec) -> (&mut Vec<Column>, &mut LinearSpec) {
    match &mut spec.parameters {
        Parameters::Linear { columns, linear } => (columns, linear),
        Parameters::Trees(_) => panic!("not a linear model"),
    }
}

fn file() -> Vec<u8> {
    spec().to_bytes().unwrap()
}

#[test]
fn what_is_written_is_read() {
    let file = file();
    let model = Model::open(&file).unwrap();
    assert_eq!((model.name(), model.app(), model.version()), ("linear", "test", "1.2.3"));
    assert_eq!(model.features().map(|f| f.name()).collect::<Vec<_>>(), ["size", "kind"]);
    assert_eq!(
        model.features().nth(1).unwrap().categories().map(|c| c.label).collect::<Vec<_>>(),
        ["one", "three"]
    );
    assert_eq!(model.classes().map(|c| c.name).collect::<Vec<_>>(), ["no", "yes"]);
    assert_eq!(model.verify_digest(&file), Ok(model.digest()));
    assert_eq!(model.self_check(), Ok(2));
    assert_eq!(file, self::file(), "the same specification gives the same bytes");
}

#[test]
fn scores_are_the_logistic_of_the_weighted_columns() {
    let file = file();
    let model = Model::open(&file).unwrap();
    let logistic = |z: f64| 1.0 / (1.0 + (-z).exp());
    assert_eq!(model.score(&[1.0, 1.0]), Ok(logistic(-2.0)));
    assert_eq!(model.score(&[2.0, 3.0]), Ok(logistic(1.0)));
    assert_eq!(model.score(&[f64::NAN, 3.0]), Ok(logistic(1.0)), "a missing size is imputed as 2");
    assert_eq!((model.predict(0.499), model.predict(0.5)), (0, 1));
}

#[test]
fn unusable_rows_are_refused() {
    let file = file();
    let model = Model::open(&file).unwrap();
    assert_eq!(model.score(&[1.0]), Err(RowError::Width { actual: 1, expected: 2 }));
    assert_eq!(model.score(&[1.0, f64::NAN]), Err(RowError::Missing(1)));
    assert_eq!(model.score(&[f64::INFINITY, 1.0]), Err(RowError::NotFinite(0)));
}

#[test]
fn codings_translate_and_ranges_judge() {
    let file = file();
    let model = Model::open(&file).unwrap();
    let other = model.encodings().nth(1).unwrap();
    assert_eq!(other.recode(1, 0.0), Recoded::To(1.0));
    assert_eq!(other.recode(1, 7.0), Recoded::Missing);
    assert_eq!(other.recode(1, 5.0), Recoded::Unknown);
    assert_eq!(other.recode(0, 5.0), Recoded::Same);
    let kind = model.features().nth(1).unwrap();
    assert!(kind.is_plausible(3.0) && !kind.is_plausible(2.0));
}

#[test]
fn values_fall_into_the_bin_whose_edge_is_not_below_them() {
    let file = file();
    let profile = Model::open(&file).unwrap().feature_profile(0);
    assert_eq!([0.0, 1.0, 1.5, 2.0, 9.0].map(|value| profile.bin(value)), [0, 0, 1, 1, 2]);
}

#[test]
fn foreign_and_cut_files_are_named() {
    let mut file = file();
    assert_eq!(Model::open(b"").unwrap_err(), ArtefactError::Magic);
    assert_eq!(Model::open(&[0; 100]).unwrap_err(), ArtefactError::Magic);
    let cut = &file[..file.len() - 1];
    assert!(matches!(Model::open(cut).unwrap_err(), ArtefactError::Length { .. }));
    let last = file.len() - 1;
    file[last] ^= 1;
    assert_eq!(Model::open(&file).unwrap_err(), ArtefactError::Checksum);
    reseal(&mut file);
    let opened = Model::open(&file).unwrap();
    assert_eq!(opened.verify_digest(&file), Err(ArtefactError::Digest));
    file[8] = 2;
    assert_eq!(Model::open(&file).unwrap_err(), ArtefactError::Version(2));
}

#[test]
fn contradicting_specifications_are_not_written() {
    let broken: [fn(&mut ModelSpec); 8] = [
        |spec| linear(spec).1.weights.push(1.0),
        |spec| spec.classes.truncate(1),
        |spec| spec.threshold = 1.0,
        |spec| spec.positive_class = 2,
        |spec| spec.features[0].name = "two words".to_owned(),
        |spec| spec.features[0].name = "kind".to_owned(),
        |spec| spec.profiles[0].shares[0] = 0.9,
        |spec| linear(spec).0[0] = Column::Standardise { feature: 0, mean: 0.0, scale: 0.0 },
    ];
    for (index, damage) in broken.iter().enumerate() {
        let mut spec = spec();
        damage(&mut spec);
        assert!(spec.to_bytes().is_err(), "case {index}");
    }
}

#[test]
fn the_shipped_model_is_sound() {
    let file = include_bytes!("../../../models/heart-disease.portent");
    let model = Model::open(file).unwrap();
    assert_eq!(model.verify_digest(file), Ok(model.digest()));
    assert_eq!(model.self_check(), Ok(32));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn damaged_files_never_panic(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut file = file();
        for (index, byte) in damage {
            let at = index.index(file.len());
            file[at] = byte;
        }
        reseal(&mut file);
        open_and_use(&file);
    }

    #[test]
    fn words_of_damaged_files_never_panic(
        at in any::<prop::sample::Index>(),
        word in prop_oneof![Just(u32::MAX), Just(0x7ff0_0000), Just(0x8000_0000), any::<u32>()],
        cut in any::<prop::sample::Index>(),
    ) {
        let mut file = file();
        let at = HEADER_BYTES + at.index((file.len() - HEADER_BYTES) / 4) * 4;
        if let Some(slot) = file.get_mut(at..at + 4) {
            slot.copy_from_slice(&word.to_le_bytes());
        }
        reseal(&mut file);
        open_and_use(&file);
        file.truncate(cut.index(file.len()));
        reseal(&mut file);
        open_and_use(&file);
    }

    #[test]
    fn any_bytes_never_panic(mut bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        open_and_use(&bytes);
        let header = file();
        let kept = bytes.len().min(24);
        bytes[..kept].copy_from_slice(&header[..kept]);
        reseal(&mut bytes);
        open_and_use(&bytes);
    }
}
