use portent_event::{Durations, Event};
use proptest::prelude::*;

use super::*;
use crate::testing::{NOW, any_event, event, invalid_event, models};

/// Counts events one by one, as if each came in a delivery of its own.
fn counted<'a>(limits: Limits, events: impl IntoIterator<Item = Event<'a>>) -> Registry {
    let mut registry = Registry::default();
    let mut series = SeriesLimits::new(limits, &registry);
    for event in events {
        let mut delta = Registry::default();
        delta.apply(&event, &models(), NOW);
        series.admit(&registry, &mut delta, NOW);
        registry.merge(&delta);
        // What is not accounted for are the overflow series, of which every family has one (of a stage four).
        let unaccounted = SeriesLimits::new(limits, &registry).used - series.used;
        assert!(unaccounted <= 200, "{unaccounted}");
    }
    registry
}

fn app<'a>(registry: &'a Registry, name: &str) -> &'a App {
    registry.apps().find(|(other, _)| *other == name).unwrap().1
}

fn hits(registry: &Registry, limit: Limit) -> u64 {
    registry.ingest.limit_hits.get(&limit).copied().unwrap_or_default()
}

#[test]
fn applications_over_the_limit_are_other() {
    let limits = Limits { apps: 2, ..Limits::default() };
    let names = ["a", "b", "c", "d", "a"];
    let registry = counted(limits, names.map(|name| Event { app: name.into(), ..invalid_event() }));
    assert_eq!(registry.apps().map(|(name, _)| name).collect::<Vec<_>>(), ["a", "b", "other"]);
    assert_eq!(app(&registry, "other").errors[&(ErrorType::Validation, Route::Predict)].value, 2);
    assert_eq!(hits(&registry, Limit::Apps), 2);
}

/// Errors that no route is expected to end with take series until there is no room.
#[test]
fn series_over_the_limit_are_counted_in_one() {
    let failed = ErrorType::ALL.iter().map(|error| Event {
        route: Route::Root,
        status: 500,
        error: Some(*error),
        durations: Durations { total: 1, ..Durations::default() },
        ..invalid_event()
    });
    let registry = counted(Limits::default(), failed.clone());
    assert_eq!(app(&registry, "demo").errors.len(), EXPECTED.errors.len() + ErrorType::ALL.len());
    let limits = Limits { series: series_of_app(&EXPECTED) + 26, ..Limits::default() };
    // The first event also begins a request's series with its histogram, 23 lines.
    let registry = counted(limits, failed);
    let known = app(&registry, "demo").errors.values().map(|counter| counter.value).sum::<u64>();
    let other = app(&registry, "other").errors[&(ErrorType::Other, Route::Unmatched)].value;
    assert_eq!((known, other), (3, ErrorType::ALL.len() as u64 - 3));
    assert_eq!(hits(&registry, Limit::Series), other);
}

#[test]
fn models_over_the_limit_are_counted_without_names() {
    let limits = Limits { series: series_of_app(&EXPECTED) + 10, ..Limits::default() };
    let registry = counted(limits, [event(), event()]);
    assert_eq!(app(&registry, "demo").models().count(), 0);
    let other: Vec<_> = app(&registry, "other").models().collect();
    assert!(other[0].metadata.is_unknown());
    assert_eq!(other[0].rows, [2]);
    assert_eq!(hits(&registry, Limit::Series), 2);
}

/// As many applications fit as are promised, each with a model of 64 features and 10 bins each.
#[test]
fn the_limits_fit_together() {
    let limits = Limits::default();
    let model = 2 * (1 + CONFIDENCE_SERIES) + 64 * 12 + 10;
    assert!((series_of_app(&EXPECTED) + model) * limits.apps as u64 <= limits.series);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever the limits, every request and every row is counted once.
    #[test]
    fn sums_stay_exact(
        events in prop::collection::vec(any_event(), 0..30), apps in 0_usize..3, series in 0_u64..2000,
    ) {
        let registry = counted(Limits { apps, series }, events.clone());
        let apps = || registry.apps().map(|(_, app)| app);
        let requests: u64 = apps().flat_map(|app| app.requests.values()).map(DurationSeries::count).sum();
        prop_assert_eq!(requests, events.len() as u64);
        let rows: u64 = apps().flat_map(App::models).flat_map(|model| &model.rows).sum();
        prop_assert_eq!(rows, events.iter().map(|event| event.predictions.len() as u64).sum::<u64>());
        let failed: u64 = apps().flat_map(|app| app.errors.values()).map(|counter| counter.value).sum();
        prop_assert_eq!(failed, events.iter().filter(|event| event.error.is_some()).count() as u64);
        let scored: u64 = apps().flat_map(|app| app.stages.values()).map(DurationSeries::count).sum();
        prop_assert_eq!(scored, 4 * events.len() as u64);
    }
}
