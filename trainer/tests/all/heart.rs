//! The heart-disease model against scikit-learn's numbers, and the committed artefact against its data.

use std::path::PathBuf;

use portent_model::{Column, Model, Parameters};
use portent_tests::external;
use serde_json::Value;
use trainer::tabular::{Outcome, train};
use trainer::{Options, Trained, heart};

const SEED: u64 = 42;
const DATE: &str = "2026-11-23";

fn trained(seed: u64) -> Option<Trained<Outcome>> {
    let data = external::data("heart.csv")?;
    let options = Options { seed, date: DATE.parse().unwrap() };
    Some(train(&heart::task(), &data, options).unwrap())
}

fn golden() -> Option<Value> {
    let text = std::fs::read(external::data("heart_golden.json")?).unwrap();
    Some(serde_json::from_slice(&text).unwrap())
}

fn artefact_path() -> PathBuf {
    external::workspace().join("models/heart-disease.portent")
}

#[track_caller]
fn check(name: &str, actual: impl IntoIterator<Item = f64>, expected: &Value) {
    let expected: Vec<f64> = serde_json::from_value(expected.clone()).unwrap();
    let actual: Vec<f64> = actual.into_iter().collect();
    assert_eq!(actual.len(), expected.len());
    let difference = actual.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(difference <= 1e-5, "{name}: {actual:?}, expected {expected:?}");
}

/// Means, scales, weights and intercept are scikit-learn's.
#[test]
fn parameters_are_those_of_scikit_learn() {
    let (Some(Trained { spec, quality, .. }), Some(golden)) = (trained(SEED), golden()) else { return };
    assert_eq!((quality.rows_used, quality.rows_dropped), (297, 6));
    let expected = &golden["lr_numeric13_std_C1_l2_all297"];
    let Parameters::Linear { columns, linear } = spec.parameters else { panic!("not a linear model") };
    let moments = columns.iter().map(|column| match column {
        Column::Standardise { mean, scale, .. } => (*mean, *scale),
        Column::Indicator { .. } => panic!("not a standardised column"),
    });
    let (means, scales): (Vec<f64>, Vec<f64>) = moments.unzip();
    check("means", means, &expected["mean"]);
    check("scales", scales, &expected["scale"]);
    check("weights", linear.weights, &expected["coef"]);
    check("intercept", [linear.intercept], &serde_json::json!([expected["intercept"]]));
}

/// The artefact on disk gives scikit-learn's probabilities.
#[test]
fn the_artefact_scores_as_scikit_learn() {
    let Some(golden) = golden() else { return };
    let file = std::fs::read(artefact_path()).unwrap();
    let model = Model::open(&file).unwrap();
    for sample in golden["samples"].as_array().unwrap() {
        let row: Vec<f64> =
            model.features().map(|feature| sample["input"][feature.name()].as_f64().unwrap()).collect();
        check("score", [model.score(&row).unwrap()], &serde_json::json!([sample["p_disease"]]));
    }
}

/// Out of fold, over ten seeded repeats: the gates that the data's literature suggests, whatever the seed.
#[test]
fn quality_out_of_fold() {
    for seed in [SEED, 1, 2026] {
        let Some(Trained { quality: Outcome { metrics: quality, .. }, .. }) = trained(seed) else { return };
        assert!(quality.auc.mean >= 0.895, "{quality:?}");
        assert!(quality.accuracy.mean >= 0.82, "{quality:?}");
        assert!(quality.brier.mean <= 0.128, "{quality:?}");
        assert!(quality.ece.mean <= 0.06, "{quality:?}");
    }
}

#[test]
fn the_same_run_gives_the_same_bytes() {
    let (Some(first), Some(second)) = (trained(SEED), trained(SEED)) else { return };
    assert!(first.artefact == second.artefact);
    assert_eq!(first.card, second.card);
    let Some(other) = trained(SEED + 1) else { return };
    assert!(first.artefact != other.artefact, "the seed is stated in the artefact");
}

/// The committed files are what their own seed and date give: change the trainer, and they are due again.
#[test]
fn the_committed_artefact_is_what_training_gives() {
    let Some(data) = external::data("heart.csv") else { return };
    let file = std::fs::read(artefact_path()).unwrap();
    let metadata: Value = serde_json::from_str(Model::open(&file).unwrap().metadata()).unwrap();
    let provenance = &metadata["provenance"];
    let seed = provenance["seed"].as_u64().unwrap();
    let date = provenance["date"].as_str().unwrap().parse().unwrap();
    let trained = train(&heart::task(), &data, Options { seed, date }).unwrap();
    let card = std::fs::read_to_string(artefact_path().with_extension("md")).unwrap();
    assert_eq!(card, trained.card, "run the command at the card's end");
    assert!(file == trained.artefact, "run the command at the card's end");
}

/// What the service and the aggregator rely on.
#[test]
fn the_artefact_is_complete() {
    let file = std::fs::read(artefact_path()).unwrap();
    let model = Model::open(&file).unwrap();
    model.verify_digest(&file).unwrap();
    assert_eq!(model.self_check(), Ok(32));
    assert_eq!(model.classes().map(|class| class.name).collect::<Vec<_>>(), ["no_disease", "disease"]);
    assert_eq!((model.feature_count(), model.positive_class()), (13, 1));
    let profiles = (0..13).map(|feature| model.feature_profile(feature)).chain([model.score_profile()]);
    assert!(profiles.into_iter().all(|profile| (2..=10).contains(&profile.bin_count())));
    let encodings: Vec<_> = model.encodings().map(|encoding| encoding.name()).collect();
    assert_eq!(encodings, ["uci", "kaggle"]);
    let scores: Vec<f64> = model.self_check_rows().map(|row| row.score).collect();
    assert!(scores.iter().any(|score| *score < 0.05) && scores.iter().any(|score| *score > 0.95));
}

/// The seed service's own example, in Kaggle coding, is the first row of UCI's file.
#[test]
fn the_kaggle_example_is_the_first_uci_row() {
    let file = std::fs::read(artefact_path()).unwrap();
    let model = Model::open(&file).unwrap();
    let encoding = model.encodings().find(|encoding| encoding.name() == "kaggle").unwrap();
    let kaggle = [63.0, 1.0, 3.0, 145.0, 233.0, 1.0, 0.0, 150.0, 0.0, 2.3, 0.0, 0.0, 1.0];
    let uci = kaggle.iter().enumerate().map(|(feature, value)| match encoding.recode(feature, *value) {
        portent_model::Recoded::Same => *value,
        portent_model::Recoded::To(code) => code,
        other => panic!("{other:?}"),
    });
    let expected = [63.0, 1.0, 1.0, 145.0, 233.0, 1.0, 2.0, 150.0, 0.0, 2.3, 3.0, 0.0, 6.0];
    assert_eq!(uci.collect::<Vec<_>>(), expected);
}
