//! What the program says about itself, and what it leaves out with time.

use super::*;
use crate::snapshot::{Reloaded, Storage};
use portent_counts::registry::{DurationHistogram, Limit};
use std::collections::BTreeMap;

#[test]
fn every_limit_is_there_at_zero() {
    let mut registry = demo();
    registry.ingest.hit(Limit::Apps, 3);
    assert_has(
        &exposed(&registry),
        &[
            "portent_limit_hits_total{limit=\"apps\"} 3",
            "portent_limit_hits_total{limit=\"series\"} 0",
            "portent_limit_hits_total{limit=\"tail_files\"} 0",
        ],
    );
}

/// State and configuration have families only where they exist.
#[test]
fn what_is_not_used_has_no_series() {
    let without = snapshot(demo());
    let text = check::exposed(&without);
    assert!(!text.contains("portent_state") && !text.contains("portent_config"));
    let mut syncs = DurationHistogram::default();
    syncs.observe(2_000_000);
    let storage = Storage {
        is_failed: true,
        log_bytes: 1,
        checkpoint_bytes: 2,
        checkpoints: 3,
        errors: 4,
        torn_bytes_cut: 5,
        syncs,
    };
    let refused_requests = vec![("ingest", "busy", 6)];
    let with = Snapshot {
        storage: Some(storage),
        reload: Some(Reloaded { is_ok: true, time: NOW }),
        tail_lag_bytes: 7,
        refused_requests,
        ..without
    };
    assert_has(
        &check::exposed(&with),
        &[
            "portent_state_failed 1",
            "portent_state_log_bytes 1",
            "portent_state_snapshot_bytes 2",
            "portent_state_snapshots_total 3",
            "portent_state_errors_total 4",
            "portent_state_torn_bytes_total 5",
            "portent_state_sync_duration_seconds_bucket{le=\"0.0025\"} 1",
            "portent_state_sync_duration_seconds_sum 0.002",
            "portent_config_last_reload_successful 1",
            "portent_config_last_reload_timestamp_seconds 1700000000",
            "portent_tail_lag_bytes 7",
            "portent_requests_refused_total{listener=\"ingest\",reason=\"busy\"} 6",
            "portent_series{family=\"portent_state_sync_duration_seconds\"} 22",
        ],
    );
}

/// Gauges of an application go with time; its counts stay, and so does a number that is known to be true.
#[test]
fn gauges_of_a_silent_application_expire() {
    let mut registry = demo();
    registry.apply(&Event { app: "silent".into(), ..event() }, &models(), NOW);
    let last = registry.ingest.newest_event;
    let mut snapshot = snapshot(registry);
    snapshot.now = last + u64::try_from(snapshot.config.gauge_expiry.as_nanos()).unwrap();
    let gauges = |app: &str| {
        let names = ["active_requests", "model_loaded", "model_info", "app_info"];
        names.map(|name| format!("\n{name}{{app=\"{app}\""))
    };
    let text = check::exposed(&snapshot);
    assert!(["demo", "silent"].iter().all(|app| gauges(app).iter().all(|gauge| text.contains(gauge))));
    snapshot.now += 1;
    let text = check::exposed(&snapshot);
    assert!(!gauges("silent").iter().any(|gauge| text.contains(gauge)));
    assert!(gauges("demo").iter().all(|gauge| text.contains(gauge)), "nothing was heard of it yet");
    let line = "predictions_total{app=\"silent\",model_name=\"logistic\",prediction_result=\"yes\"} 1";
    assert_has(&text, &[line]);
    snapshot.in_flight = BTreeMap::from([("silent".to_owned(), 2)]);
    assert_has(&check::exposed(&snapshot), &["active_requests{app=\"silent\"} 2"]);
}

/// The newest request of a bucket is shown, whatever its status was.
#[test]
fn the_newest_exemplar_of_all_statuses_is_shown() {
    let (mut registry, models) = (demo(), models());
    for (status, time, request_id) in
        [(200, "22:13:11", "r-2"), (500, "22:13:12", "r-3"), (503, "22:13:09", "r-4")]
    {
        let time = format!("2023-11-14T{time}Z");
        registry.apply(
            &Event { status, time: time.into(), request_id: request_id.into(), ..event() },
            &models,
            NOW,
        );
    }
    let text = String::from_utf8(snapshot(registry).expose(Format::OpenMetrics)).unwrap();
    let found = text.lines().filter(|line| line.contains(" # {")).collect::<Vec<_>>();
    let [line] = found[..] else { panic!("{found:?}") };
    assert!(line.starts_with("api_request_duration_seconds_bucket{app=\"demo\""), "{line}");
    assert!(line.contains(" 3 # {request_id=\"r-3\"} ") && line.ends_with(" 1699999992"), "{line}");
}

/// More native buckets than are sent: the resolution falls, the observations stay.
#[test]
fn native_histograms_are_bounded() {
    let (mut registry, models) = (demo(), models());
    for exponent in 0..46 {
        for eighth in 0..8 {
            let total = (2_f64.powf(f64::from(exponent) + f64::from(eighth) / 8.0) * 1.0001) as u64;
            let durations = portent_event::Durations { total, ..Default::default() };
            registry.apply(&Event { durations, ..event() }, &models, NOW);
        }
    }
    let snapshot = snapshot(registry);
    check::exposed(&snapshot);
    let families = decode::decode(&snapshot.expose(Format::Protobuf));
    let requests = families.iter().find(|family| family.name() == "api_request_duration_seconds").unwrap();
    let histogram =
        requests.metric.iter().filter_map(|metric| metric.histogram.as_ref()).find(|h| h.count() > 0);
    let histogram = histogram.unwrap();
    assert_eq!((histogram.schema, histogram.count()), (Some(1), 46 * 8));
}
