//! Contributions add up, and go to the features that earn them.

use proptest::prelude::*;

use super::generate::{WIDTH, ensemble, reference_score, reference_sum, rows, spec};
use crate::samples;
use crate::{
    Aggregate, Column, EnsembleSpec, ExplainError, ExplanationScale, LinearSpec, Link, Model, ModelSpec,
    NodeSpec, Parameters, Precision, RowError,
};

fn explained(file: &[u8], row: &[f64]) -> (f64, Vec<f64>) {
    let model = Model::open(file).unwrap();
    let mut contributions = vec![f64::NAN; model.feature_count()];
    let base = model.explain(row, &mut contributions).unwrap();
    (base, contributions)
}

/// By hand. The profile says that half of the rows are of kind 3, in a bin that it has for itself.
#[test]
fn linear_contributions_are_relative_to_the_mean_row() {
    let file = samples::linear().to_bytes().unwrap();
    assert_eq!(Model::open(&file).unwrap().explanation_scale(), Some(ExplanationScale::LogOdds));
    assert_eq!(explained(&file, &[3.0, 3.0]), (0.0, vec![1.0, 1.0]));
    assert_eq!(explained(&file, &[3.0, 1.0]), (0.0, vec![1.0, -1.0]));
    assert_eq!(explained(&file, &[f64::NAN, 3.0]), (0.0, vec![0.0, 1.0]), "imputed with the mean");
}

/// A share that the profile does not tell counts as nothing.
#[test]
fn without_a_share_an_indicator_counts_whole() {
    let mut spec = samples::linear();
    spec.profiles[1].edges[0] = 0.5;
    let file = spec.to_bytes().unwrap();
    assert_eq!(explained(&file, &[3.0, 3.0]), (-1.0, vec![1.0, 2.0]));
    let file = ModelSpec { profiles: vec![], ..samples::linear() }.to_bytes().unwrap();
    assert_eq!(explained(&file, &[3.0, 3.0]), (-1.0, vec![1.0, 2.0]));
}

/// By hand: each step is credited to the feature that is tested.
#[test]
fn steps_are_credited_to_the_tested_feature() {
    let file = samples::trees().to_bytes().unwrap();
    assert_eq!(Model::open(&file).unwrap().explanation_scale(), Some(ExplanationScale::LogOdds));
    let base = 0.25 + 0.5 + 0.125 + 0.5;
    assert_eq!(explained(&file, &[1.0, 1.0, 21.0]), (base, vec![1.5, 0.75, -0.125]));
    assert_eq!(explained(&file, &[2.0, 1.0, 20.0]), (base, vec![-1.5, 0.0, 0.125]));
}

#[test]
fn what_cannot_be_explained_says_so() {
    let mut spec = samples::trees();
    if let Parameters::Trees(ensemble) = &mut spec.parameters {
        ensemble.trees.truncate(1);
        ensemble.trees[0].nodes = vec![NodeSpec::Leaf { value: 1.0 }];
        let leaf = |value| NodeSpec::Leaf { value };
        let (holds, fails) = (1, 2);
        let split =
            NodeSpec::Split { feature: 0, threshold: 1.0, holds, fails, missing_holds: false, mean: None };
        ensemble.trees[0].nodes = vec![split, leaf(0.0), leaf(1.0)];
    }
    let file = spec.to_bytes().unwrap();
    let model = Model::open(&file).unwrap();
    assert_eq!(model.explanation_scale(), None);
    assert_eq!(model.explain(&[1.0; 3], &mut [0.0; 3]), Err(ExplainError::Unsupported));
    let file = samples::trees().to_bytes().unwrap();
    let model = Model::open(&file).unwrap();
    let width = ExplainError::Width { actual: 2, expected: 3 };
    assert_eq!(model.explain(&[1.0; 3], &mut [0.0; 2]), Err(width));
    let missing = ExplainError::Row(RowError::Missing(1));
    assert_eq!(model.explain(&[1.0, f64::NAN, 1.0], &mut [0.0; 3]), Err(missing));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn contributions_of_trees_add_up(ensemble in ensemble(true), rows in rows(20)) {
        let file = spec(ensemble.clone()).to_bytes().unwrap();
        let expected_scale = match (ensemble.aggregate, ensemble.link) {
            (Aggregate::Sum, Link::Logistic) => ExplanationScale::LogOdds,
            _ => ExplanationScale::Probability,
        };
        prop_assert_eq!(Model::open(&file).unwrap().explanation_scale(), Some(expected_scale));
        for row in rows.chunks(WIDTH) {
            let (base, contributions) = explained(&file, row);
            let sum = base + contributions.iter().sum::<f64>();
            let expected = expected(&ensemble, row);
            prop_assert!((sum - expected).abs() < 1e-9, "{} {}", sum, expected);
        }
    }

    #[test]
    fn contributions_of_linear_models_add_up(
        weights in proptest::collection::vec(-3.0..3.0, 3),
        row in (-9.0..9.0, 0_u8..2),
        missing in any::<bool>(),
    ) {
        let spec = samples::linear();
        let columns = vec![
            Column::Indicator { feature: 1, value: 1.0 },
            Column::Indicator { feature: 1, value: 3.0 },
            Column::Standardise { feature: 0, mean: 0.5, scale: 1.5 },
        ];
        let linear = LinearSpec { intercept: 0.1, weights: weights.clone() };
        let file = ModelSpec { parameters: Parameters::Linear { columns, linear }, ..spec }.to_bytes().unwrap();
        let row = [if missing { f64::NAN } else { row.0 }, f64::from(1 + 2 * row.1)];
        let (base, contributions) = explained(&file, &row);
        let sum = base + contributions.iter().sum::<f64>();
        let size = if missing { 2.0 } else { row[0] };
        let expected = 0.1 + weights[usize::from(row[1] == 3.0)] + weights[2] * (size - 0.5) / 1.5;
        prop_assert!((sum - expected).abs() < 1e-9);
        let score = Model::open(&file).unwrap().score(&row).unwrap();
        prop_assert!((1.0 / (1.0 + (-sum).exp()) - score).abs() < 1e-9);
    }
}

/// What an explanation adds up to: the sum in double precision, or the score of votes and means.
fn expected(ensemble: &EnsembleSpec, row: &[f64]) -> f64 {
    match ensemble.aggregate {
        Aggregate::Sum => reference_sum(ensemble, row, Precision::Double),
        Aggregate::Vote | Aggregate::Mean => {
            reference_score(&EnsembleSpec { sum: Precision::Double, ..ensemble.clone() }, row).unwrap()
        }
    }
}
