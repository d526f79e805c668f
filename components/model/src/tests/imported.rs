//! Artefacts that describe a component which scores.

use crate::samples::imported;
use crate::{
    Algorithm, ArtefactError, ExplainError, ExplanationScale, MissingPolicy, Model, ModelSpec, Parameters,
    RowError, Section,
};

#[test]
fn a_description_scores_nothing_itself() {
    let file = imported().to_bytes().unwrap();
    let model = Model::open(&file).unwrap();
    assert_eq!((model.algorithm(), model.classes().len()), (Algorithm::Imported, 3));
    assert_eq!(model.features().next().unwrap().missing(), MissingPolicy::Pass);
    assert_eq!(model.score(&[f64::NAN, 1.0]), Err(RowError::Imported));
    assert_eq!(model.score_batch(&[1.0, 1.0], &mut vec![]), Err((0, RowError::Imported)));
    assert_eq!(model.explanation_scale(), Some(ExplanationScale::Probability));
    let error = RowError::Imported;
    assert_eq!(model.explain(&[1.0, 1.0], &mut [0.0; 2]), Err(ExplainError::Row(error)));
}

#[test]
fn one_that_does_not_explain_says_so() {
    let spec = ModelSpec { parameters: Parameters::Imported { explains: false }, ..imported() };
    let file = spec.to_bytes().unwrap();
    let other = imported().to_bytes().unwrap();
    assert_eq!(Model::open(&file).unwrap().explanation_scale(), None);
    assert_ne!(Model::open(&file).unwrap().digest(), Model::open(&other).unwrap().digest());
}

#[test]
fn the_positive_class_wins_from_its_threshold_on() {
    let with = |threshold: f64, positive_class: u32| {
        ModelSpec { threshold, positive_class, ..imported() }.to_bytes().unwrap()
    };
    let decide = |file: &[u8], scores: [f64; 3]| Model::open(file).unwrap().decide(&scores);
    let alarm = with(0.3, 1);
    assert_eq!(decide(&alarm, [0.4, 0.3, 0.3]), 1);
    assert_eq!(decide(&alarm, [0.3, 0.29, 0.41]), 2);
    assert_eq!(decide(&with(0.9, 1), [0.1, 0.8, 0.1]), 0, "the others alone, the first of equal ones");
    let greatest = with(f64::NAN, 1);
    assert_eq!(decide(&greatest, [0.1, 0.8, 0.1]), 1);
    assert_eq!(decide(&greatest, [0.4, 0.4, 0.2]), 0, "the first of equal ones");
}

#[test]
fn two_classes_are_decided_alike_by_one_score_and_by_both() {
    for (threshold, positive_class) in [(f64::NAN, 0), (f64::NAN, 1), (0.5, 0), (0.7, 1)] {
        let mut spec = ModelSpec { threshold, positive_class, ..imported() };
        spec.classes.pop();
        let file = spec.to_bytes().unwrap();
        let model = Model::open(&file).unwrap();
        for score in [0.0, 0.3, 0.5, 0.6, 0.7, 1.0] {
            let scores = if positive_class == 0 { [score, 1.0 - score] } else { [1.0 - score, score] };
            assert_eq!(model.predict(score), model.decide(&scores), "{threshold} {positive_class} {score}");
        }
    }
}

#[test]
fn only_a_description_may_leave_the_threshold_out() {
    let mut spec = crate::samples::linear();
    spec.threshold = f64::NAN;
    let error = spec.to_bytes().unwrap_err().to_string();
    assert_eq!(error, "section Model, record 0: threshold is not between 0 and 1");
    let spec = ModelSpec { parameters: spec.parameters, ..imported() };
    assert!(spec.to_bytes().is_err(), "a linear model has two classes");
}

#[test]
fn what_it_can_do_must_be_stated() {
    let mut file = imported().to_bytes().unwrap();
    let at = file.windows(8).rposition(|bytes| bytes == 1_u64.to_le_bytes()).unwrap();
    file[at] = 2;
    crate::fuzz_support::reseal(&mut file);
    let error = Model::open(&file).unwrap_err();
    assert!(matches!(error, ArtefactError::Content { section: Section::Imported, .. }), "{error}");
}
