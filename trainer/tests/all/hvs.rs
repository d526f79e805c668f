//! The battery model: the committed artefact, and that training is reproducible.

use std::path::PathBuf;

use portent_model::{Algorithm, Model, Style};
use portent_tests::external;
use serde_json::Value;
use trainer::forest::Growth;
use trainer::hvs::features::{WIDTH, features};
use trainer::hvs::simulator::{Kind, kind, simulate};
use trainer::hvs::{Quality, Settings, train};
use trainer::{Options, TrainError, Trained};

fn artefact_path() -> PathBuf {
    external::workspace().join("models/hvs.portent")
}

fn small() -> Trained<Quality> {
    let growth = Growth { trees: 10, max_depth: 6, min_samples_leaf: 20, features_a_split: 6 };
    let settings = Settings { scenarios: 100, growth, ..Settings::default() };
    train(settings, Options { seed: 1, date: "2026-11-23".parse().unwrap() }).unwrap()
}

/// The same seed gives the same bytes; and what a hundred scenarios teach is already of use.
#[test]
fn a_small_run_is_reproducible() {
    let (first, second) = (small(), small());
    assert!(first.artefact == second.artefact);
    assert_eq!(first.card, second.card);
    let forest = &first.quality.candidates[0];
    assert!(forest.test_rows.auc > 0.9 && forest.test.detected > 0, "{forest:?}");
    let names: Vec<&str> = first.quality.candidates.iter().map(|candidate| candidate.name.as_str()).collect();
    assert_eq!((names[0], names[1], names.len()), ("random forest", "logistic regression (log-odds)", 5));
    let rule = &first.quality.candidates[2];
    assert!(rule.name.starts_with("rule: "), "{names:?}");
    assert!(rule.test_rows.average_precision < 0.9, "one threshold would do: {rule:?}");
}

#[test]
fn too_few_scenarios_are_refused() {
    let settings = Settings { scenarios: 99, ..Settings::default() };
    let error = train(settings, Options { seed: 1, date: "2026-11-23".parse().unwrap() }).unwrap_err();
    assert!(matches!(error, TrainError::FewScenarios { actual: 99, required: 100 }), "{error}");
}

/// What the service and the aggregator rely on.
#[test]
fn the_artefact_is_complete() {
    let file = std::fs::read(artefact_path()).unwrap();
    let model = Model::open(&file).unwrap();
    model.verify_digest(&file).unwrap();
    assert_eq!(model.self_check(), Ok(32));
    assert_eq!((model.app(), model.name()), ("hvs", "hvs_random_forest"));
    assert_eq!(model.algorithm(), Algorithm::TreeEnsemble);
    assert_eq!(model.classes().map(|class| class.name).collect::<Vec<_>>(), ["Normal", "Hazardous"]);
    assert_eq!((model.feature_count(), model.derivations().len(), model.positive_class()), (30, 21, 1));
    let interface = model.interface();
    assert_eq!((interface.style, interface.list), (Style::Readings, "readings"));
    assert_eq!((interface.group, interface.time), ("Module_ID", "Timestamp"));
    assert_eq!((interface.prediction, interface.score), ("hazard_prediction", "hazard_probability"));
    let bounded: Vec<&str> = model
        .features()
        .filter(|f| f.lower().is_finite() || f.upper().is_finite())
        .map(|f| f.name())
        .collect();
    assert_eq!(bounded, ["Module_SoC_percent"]);
    let profiles = (0..30).map(|feature| model.feature_profile(feature)).chain([model.score_profile()]);
    assert!(profiles.into_iter().all(|profile| (2..=10).contains(&profile.bin_count())));
    assert!(model.explanation_scale().is_some());
    assert!(file.len() <= 150_000, "every instance opens it: {} bytes", file.len());
}

/// Its metadata and card say that it is synthetic.
#[test]
fn the_artefact_says_what_it_is() {
    let file = std::fs::read(artefact_path()).unwrap();
    let model = Model::open(&file).unwrap();
    let metadata: Value = serde_json::from_str(model.metadata()).unwrap();
    assert_eq!(metadata["provenance"]["synthetic"], true);
    let card = std::fs::read_to_string(artefact_path().with_extension("md")).unwrap();
    assert!(card.contains("**Synthetic.**") && card.contains(&model.digest().to_string()));
    let threshold = metadata["quality"]["candidates"][0]["threshold"].as_f64().unwrap();
    assert_eq!(model.threshold(), threshold);
}

/// Scenarios of a seed that training did not use: most runaways are announced, and quiet racks are left
/// alone. Bounds are far from the card's figures, but not from those of a model that is broken.
#[test]
fn the_artefact_foresees_runaways_it_has_not_seen() {
    let file = std::fs::read(artefact_path()).unwrap();
    let model = Model::open(&file).unwrap();
    let (mut events, mut detected, mut quiet, mut alarmed) = (0, 0, 0, 0);
    for number in 0..40 {
        let (kind, recording) = (kind(number), simulate(987_654_321, number));
        for series in &recording.modules {
            let mut scores = Vec::new();
            model.score_batch(&features(&series.readings).unwrap(), &mut scores).unwrap();
            assert_eq!(scores.len() * WIDTH, series.readings.len() * WIDTH);
            let alarm = |from: usize| scores[from..].iter().any(|score| *score >= model.threshold());
            if let Some(start) = series.runaway_start() {
                events += 1;
                detected += usize::from(alarm(start));
            } else if matches!(kind, Kind::Benign | Kind::CoolingFailure) {
                quiet += 1;
                alarmed += usize::from(alarm(0));
            }
        }
    }
    assert_eq!(events, 12);
    assert!(detected >= 9, "{detected} of {events} detected");
    assert!(alarmed * 20 <= quiet, "{alarmed} of {quiet} quiet modules raised an alarm");
}

/// The two examples of the seed service, as raw readings: with a single one, and with ten minutes of the
/// same.
#[test]
fn the_seeds_examples_are_told_apart() {
    let file = std::fs::read(artefact_path()).unwrap();
    let model = Model::open(&file).unwrap();
    let normal = [27.5, 28.0, 52.0, -2.0, 70.0, 5.0, 5.0, 5.0, 22.5];
    let hazardous = [75.5, 80.2, 38.5, -5.5, 30.2, 350.0, 420.0, 510.0, 22.5];
    for (reading, expected) in [(normal, false), (hazardous, true)] {
        let mut scores = Vec::new();
        model.score_batch(&features(&[reading; 60]).unwrap(), &mut scores).unwrap();
        assert!(scores.iter().all(|score| (*score >= model.threshold()) == expected), "{scores:?}");
    }
}
