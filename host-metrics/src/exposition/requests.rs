//! Families about requests.

use std::collections::BTreeMap;

use portent_event::{Route, Stage};

use super::Snapshot;
use super::text::Text;
use crate::families;
use crate::registry::{App, DURATION, DurationSeries, STATUS_OTHER};

pub(super) fn write(snapshot: &Snapshot, text: &mut Text) {
    let apps = || snapshot.registry.apps();
    let mut series = text.family(&families::API_REQUESTS);
    for (name, app) in apps() {
        for ((method, route, status), requests) in &app.requests {
            let status = if *status == STATUS_OTHER { "other".to_owned() } else { status.to_string() };
            series.integer(&[name, method.as_str(), route.as_str(), &status], requests.count());
        }
    }
    let mut series = text.family(&families::API_REQUEST_DURATION);
    for (name, app) in apps() {
        let mut durations: BTreeMap<_, DurationSeries> = BTreeMap::new();
        for ((method, route, _), requests) in &app.requests {
            let sum = durations.entry((method, route));
            sum.and_modify(|sum| sum.merge(requests)).or_insert_with(|| requests.clone());
        }
        for ((method, route), histogram) in &durations {
            series.histogram(&[name, method.as_str(), route.as_str()], &DURATION, &histogram.classic);
        }
    }
    let mut series = text.family(&families::API_ERRORS);
    for (name, app) in apps() {
        for ((error, route), counter) in &app.errors {
            series.integer(&[name, error.as_str(), route.as_str()], counter.value);
        }
    }
    write_in_flight(snapshot, text);
}

/// Families that are views of the stage durations; they follow those about predictions.
pub(super) fn write_stages(snapshot: &Snapshot, text: &mut Text) {
    let mut series = text.family(&families::STAGE_DURATION);
    for (name, app) in snapshot.registry.apps() {
        for ((route, stage), histogram) in &app.stages {
            series.histogram(&[name, route.as_str(), stage.as_str()], &DURATION, &histogram.classic);
        }
    }
}

/// The score stage is what the service that this replaces calls the duration of a prediction.
pub(super) fn write_scoring(snapshot: &Snapshot, text: &mut Text) {
    let mut series = text.family(&families::PREDICTION_DURATION);
    for (name, app) in snapshot.registry.apps() {
        let scoring = app.stages.iter().filter(|((_, stage), _)| *stage == Stage::Score);
        for ((route, _), histogram) in scoring {
            series.histogram(&[name, Route::as_str(*route)], &DURATION, &histogram.classic);
        }
    }
}

fn write_in_flight(snapshot: &Snapshot, text: &mut Text) {
    let mean = |(name, app): (&str, &App)| (name.to_owned(), app.window.mean_nano(snapshot.now));
    let mut in_flight: BTreeMap<_, _> = snapshot.registry.apps().map(mean).collect();
    let known = snapshot.in_flight.iter();
    in_flight.extend(known.map(|(name, number)| (name.clone(), u128::from(*number) * 1_000_000_000)));
    let mut series = text.family(&families::ACTIVE_REQUESTS);
    for (name, nano) in &in_flight {
        series.nano(&[name], *nano);
    }
}
