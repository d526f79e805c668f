//! Families about requests and their events.

use std::collections::BTreeMap;

use portent_counts::registry::{DurationSeries, STATUS_OTHER};
use portent_event::Stage;

use crate::sample::{HistogramSample, Sample, Sink, Value};
use crate::snapshot::Snapshot;

pub(super) fn answered(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (name, app) in snapshot.registry.apps() {
        for ((method, route, status), requests) in &app.requests {
            let sample = Sample::counter(requests.count(), requests.created);
            with_status(*status, |status| {
                sink.number(&[name, method.as_str(), route.as_str(), status], sample);
            });
        }
    }
}

pub(super) fn durations(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (name, app) in snapshot.registry.apps() {
        let mut requests = app.requests.iter().peekable();
        // The statuses of a method and a route follow each other.
        while let Some(((method, route, _), series)) = requests.next() {
            let mut sum: Option<DurationSeries> = None;
            while let Some((_, more)) =
                requests.next_if(|((other, path, _), _)| (other, path) == (method, route))
            {
                sum.get_or_insert_with(|| series.clone()).merge(more);
            }
            let labels = [name, method.as_str(), route.as_str()];
            sink.histogram(&labels, sum.as_ref().unwrap_or(series).into());
        }
    }
}

/// The same with the hidden label.
pub(super) fn durations_by_status(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (name, app) in snapshot.registry.apps() {
        for ((method, route, status), series) in &app.requests {
            with_status(*status, |status| {
                sink.histogram(&[name, method.as_str(), route.as_str(), status], series.into());
            });
        }
    }
}

pub(super) fn errors(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (name, app) in snapshot.registry.apps() {
        for ((error, route), counter) in &app.errors {
            let sample = Sample::counter(counter.value, counter.created);
            let sample = Sample { exemplar: counter.exemplar.as_deref().copied(), ..sample };
            sink.number(&[name, error.as_str(), route.as_str()], sample);
        }
    }
}

pub(super) fn in_flight(snapshot: &Snapshot, sink: &mut dyn Sink) {
    let means =
        snapshot.current_apps().map(|(name, app)| (name, Value::Nano(app.window.mean_nano(snapshot.now))));
    let mut numbers: BTreeMap<&str, Value> = means.collect();
    numbers.extend(snapshot.in_flight.iter().map(|(name, number)| (name.as_str(), Value::Whole(*number))));
    for (name, number) in numbers {
        sink.number(&[name], Sample::gauge(number));
    }
}

/// The services that this replaces call the duration of the score stage the duration of a prediction.
pub(super) fn scoring(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (name, app) in snapshot.registry.apps() {
        for ((route, _), series) in app.stages.iter().filter(|((_, stage), _)| *stage == Stage::Score) {
            sink.histogram(&[name, route.as_str()], HistogramSample::from(series));
        }
    }
}

pub(super) fn stages(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (name, app) in snapshot.registry.apps() {
        for ((route, stage), series) in &app.stages {
            sink.histogram(&[name, route.as_str(), stage.as_str()], HistogramSample::from(series));
        }
    }
}

pub(super) fn dropped(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (name, app) in snapshot.registry.apps() {
        for (reason, drops) in &app.drops {
            sink.number(&[name, reason.as_str()], Sample::counter(*drops, app.created));
        }
    }
}

fn with_status(status: u16, write: impl FnOnce(&str)) {
    let mut digits = itoa::Buffer::new();
    write(if status == STATUS_OTHER { "other" } else { digits.format(status) });
}
