use std::path::Path;

use portent_event::{DropReason, DropReport, Event, Method, Route};
use proptest::prelude::*;

use super::*;
use crate::process::Process;
use portent_counts::models::Models;
use portent_counts::registry::{DurationSeries, Registry};
use portent_counts::testing::{NOW, any_event, digest, event, invalid_event, models};
use std::collections::BTreeMap;

mod aliases;
mod check;
mod decode;
mod figures;
mod own;

pub(super) fn snapshot(registry: Registry) -> Snapshot {
    let process =
        Process { cpu: Some(1_250_000_000), resident: Some(4096), start: Some(1), open_fds: Some(7) };
    Snapshot { registry, tail_files: 1, process, now: NOW, ..Snapshot::default() }
}

/// The text of a state, checked in every format.
#[track_caller]
fn exposed(registry: &Registry) -> String {
    check::exposed(&snapshot(registry.clone()))
}

pub(super) fn demo() -> Registry {
    let mut registry = Registry::default();
    registry.expect_app("demo", &models(), NOW);
    registry
}

#[track_caller]
pub(super) fn assert_has(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|other| other == *line), "no line {line} in\n{text}");
    }
}

/// The whole exposition of a small state, byte by byte. With `PORTENT_WRITE_GOLDEN` set, the files are made anew.
#[test]
fn a_small_state_is_exposed_exactly() {
    let (mut registry, models) = (demo(), models());
    registry.apply(&event(), &models, NOW);
    registry.apply(&event(), &models, NOW);
    registry.apply(&invalid_event(), &models, NOW);
    registry.apply_drops(&DropReport { app: "demo".into(), count: 3, reason: DropReason::Timeout }, NOW);
    let snapshot = snapshot(registry);
    check::exposed(&snapshot);
    for (format, file) in [
        (Format::Text, "golden.txt"),
        (Format::OpenMetrics, "golden.openmetrics"),
        (Format::Protobuf, "golden.protobuf.txt"),
    ] {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests").join(file);
        let bytes = snapshot.expose(format);
        let text = match format {
            Format::Protobuf => decode::render(&decode::decode(&bytes)),
            Format::Text | Format::OpenMetrics => String::from_utf8(bytes).unwrap(),
        };
        if std::env::var_os("PORTENT_WRITE_GOLDEN").is_some() {
            std::fs::write(&golden, &text).unwrap();
        }
        let expected = std::fs::read_to_string(&golden).unwrap();
        let difference = text.lines().zip(expected.lines()).find(|(line, expected)| line != expected);
        assert_eq!(difference, None);
        assert_eq!(text.len(), expected.len());
    }
}

/// The text formats differ in the heads of families, in exemplars and in the end: a change of format begins no
/// new series. (That protobuf has the same ones is part of every check.)
#[test]
fn both_texts_have_the_same_series() {
    let mut registry = demo();
    registry.apply(&event(), &models(), NOW);
    let series = |format| -> Vec<String> {
        let text = String::from_utf8(snapshot(registry.clone()).expose(format)).unwrap();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.split(" # ").next().unwrap().to_owned()).collect()
    };
    assert_eq!(series(Format::OpenMetrics), series(Format::Text));
}

#[test]
fn known_series_are_there_at_zero() {
    let text = exposed(&demo());
    assert_has(
        &text,
        &[
            "api_requests_total{app=\"demo\",method=\"POST\",endpoint=\"/predict\",status_code=\"422\"} 0",
            "api_request_duration_seconds_count{app=\"demo\",method=\"GET\",endpoint=\"/health/ready\"} 0",
            "api_errors_total{app=\"demo\",error_type=\"ValidationError\",endpoint=\"/predict\"} 0",
            "active_requests{app=\"demo\"} 0",
            "predictions_total{app=\"demo\",model_name=\"logistic\",prediction_result=\"yes\"} 0",
            "prediction_duration_seconds_count{app=\"demo\",endpoint=\"/predict\"} 0",
            "prediction_confidence_score_count{app=\"demo\",prediction_result=\"no\"} 0",
            "model_loaded{app=\"demo\",model_name=\"logistic\"} 0",
            "portent_feature_bin_total{app=\"demo\",model_name=\"logistic\",feature=\"height\",bin=\"40.5\"} 0",
            "portent_events_received_total{way=\"tail\"} 0",
        ],
    );
}

/// The series of a model's versions are one, and the information is of the one used last.
#[test]
fn versions_share_counts_and_replace_information() {
    let (mut registry, models) = (demo(), models());
    let mut newer = event();
    newer.predictions[0].model = digest("2");
    newer.time = "2023-11-14T22:13:11.000Z".into();
    registry.apply(&newer, &models, NOW);
    registry.apply(&event(), &models, NOW);
    let text = exposed(&registry);
    assert_has(
        &text,
        &[
            "predictions_total{app=\"demo\",model_name=\"logistic\",prediction_result=\"yes\"} 2",
            "portent_score_sum_total{app=\"demo\",model_name=\"logistic\"} 1.428322534",
            "app_info{app=\"demo\",version=\"2\"} 1",
        ],
    );
    assert_eq!(text.matches("\nmodel_info{").count(), 1);
    assert!(text.contains(&digest("2").to_string()));
}

#[test]
fn a_model_that_nobody_described_is_counted_as_other() {
    let mut registry = Registry::default();
    registry.apply(&event(), &Models::default(), NOW);
    let text = exposed(&registry);
    assert_has(
        &text,
        &[
            "predictions_total{app=\"demo\",model_name=\"other\",prediction_result=\"other\"} 1",
            "prediction_confidence_score_count{app=\"demo\",prediction_result=\"other\"} 1",
            "portent_feature_out_of_range_total{app=\"demo\",model_name=\"other\",feature=\"other\"} 1",
            "portent_unknown_model_total 1",
        ],
    );
    assert!(!text.contains("model_info{"));
}

/// Predictions that name classes or features which their model does not have.
#[test]
fn predictions_that_do_not_fit_their_model_are_other() {
    let mut broken = event();
    broken.predictions[0].missing.add(2, 1);
    let (mut registry, models) = (demo(), models());
    registry.apply(&broken, &models, NOW);
    assert_eq!(registry.ingest.unknown_models, 1);
}

#[test]
fn model_loaded_follows_the_newest_word() {
    let (mut registry, models) = (demo(), models());
    let loaded = |registry: &Registry| {
        exposed(registry).contains("model_loaded{app=\"demo\",model_name=\"logistic\"} 1")
    };
    let mut told = |time: &str, change: fn(&mut Event<'_>)| {
        let mut event = Event { predictions: Vec::new(), time: time.to_owned().into(), ..event() };
        change(&mut event);
        registry.apply(&event, &models, NOW);
        loaded(&registry)
    };
    let ready: fn(&mut Event<'_>) = |event| (event.route, event.method) = (Route::HealthReady, Method::Get);
    let failed: fn(&mut Event<'_>) = |event| event.error = Some(portent_event::ErrorType::ModelNotLoaded);
    assert!(told("2023-11-14T22:00:02Z", ready));
    assert!(told("2023-11-14T22:00:01Z", failed), "older than what is known");
    assert!(!told("2023-11-14T22:00:03Z", failed));
    registry.apply(&event(), &models, NOW);
    assert!(loaded(&registry));
}

/// Statuses without a registered meaning share a label value.
#[test]
fn odd_statuses_are_other() {
    let mut registry = demo();
    for status in [299, 599] {
        registry.apply(&Event { status, ..event() }, &models(), NOW);
    }
    let line =
        "api_requests_total{app=\"demo\",method=\"POST\",endpoint=\"/predict\",status_code=\"other\"} 2";
    assert_has(&exposed(&registry), &[line]);
}

#[test]
fn a_clock_ahead_pins_nothing() {
    let (mut registry, models) = (demo(), models());
    registry.apply(&Event { time: "2400-01-01T00:00:00Z".into(), ..event() }, &models, NOW);
    assert_eq!(registry.ingest.newest_event, NOW);
}

#[test]
fn the_true_number_in_flight_goes_before_the_mean() {
    let (mut registry, models) = (demo(), models());
    let slow = portent_event::Durations { total: 3_000_000_000, ..Default::default() };
    registry.apply(&Event { durations: slow, ..event() }, &models, NOW);
    let mut snapshot = snapshot(registry);
    assert_has(&snapshot.to_text(), &["active_requests{app=\"demo\"} 0.2"]);
    snapshot.in_flight = BTreeMap::from([("demo".to_owned(), 4), ("host".to_owned(), 0)]);
    let text = check::exposed(&snapshot);
    assert_has(&text, &["active_requests{app=\"demo\"} 4", "active_requests{app=\"host\"} 0"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The order of events changes nothing, and neither does adding them up in another place.
    #[test]
    fn order_does_not_matter(
        (events, shuffled) in prop::collection::vec(any_event(), 0..40)
            .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle()))
    ) {
        let (mut registry, mut other) = (demo(), demo());
        events.iter().for_each(|event| registry.apply(event, &models(), NOW));
        shuffled.iter().for_each(|event| other.apply(event, &models(), NOW));
        prop_assert_eq!(exposed(&registry), exposed(&other));
        for format in Format::ALL {
            let bytes = |registry: &Registry| snapshot(registry.clone()).expose(format);
            prop_assert!(bytes(&registry) == bytes(&other), "{:?}", format);
        }
        let requests: u64 = registry.apps().flat_map(|(_, app)| app.requests.values()).map(DurationSeries::count).sum();
        prop_assert_eq!(requests, events.len() as u64);
        let rows: u64 = registry.apps().flat_map(|(_, app)| app.models()).flat_map(|model| &model.rows).sum();
        prop_assert_eq!(rows, events.iter().map(|event| event.predictions.len() as u64).sum::<u64>());
    }
}
