//! Families about what was received.

use super::Snapshot;
use super::sink::{Sample, Sink};
use super::value::Value;
use crate::registry::{Limit, Rejection, Way};

pub(super) fn received(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for way in Way::ALL {
        count(snapshot, sink, &[way.as_str()], snapshot.registry.intake.received(way));
    }
}

pub(super) fn duplicates(snapshot: &Snapshot, sink: &mut dyn Sink) {
    count(snapshot, sink, &[], snapshot.registry.intake.duplicates);
}

pub(super) fn rejected(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for reason in Rejection::ALL {
        count(snapshot, sink, &[reason.as_str()], snapshot.registry.intake.rejected(reason));
    }
}

pub(super) fn dropped(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (name, app) in snapshot.registry.apps() {
        for (reason, drops) in &app.drops {
            sink.number(&[name, reason.as_str()], Sample::counter(*drops, app.created));
        }
    }
}

pub(super) fn truncated(snapshot: &Snapshot, sink: &mut dyn Sink) {
    count(snapshot, sink, &[], snapshot.registry.intake.truncated);
}

pub(super) fn ignored(snapshot: &Snapshot, sink: &mut dyn Sink) {
    count(snapshot, sink, &[], snapshot.registry.intake.ignored);
}

pub(super) fn unknown_models(snapshot: &Snapshot, sink: &mut dyn Sink) {
    count(snapshot, sink, &[], snapshot.registry.intake.unknown_models);
}

pub(super) fn limit_hits(snapshot: &Snapshot, sink: &mut dyn Sink) {
    let hits = &snapshot.registry.intake.limit_hits;
    for limit in Limit::ALL {
        let hits = hits.get(&limit).copied().unwrap_or_default();
        count(snapshot, sink, &[limit.as_str()], hits);
    }
}

pub(super) fn last_event(snapshot: &Snapshot, sink: &mut dyn Sink) {
    let time = Value::Nano(snapshot.registry.intake.newest_event.into());
    sink.number(&[], Sample::gauge(time));
}

fn count(snapshot: &Snapshot, sink: &mut dyn Sink, labels: &[&str], count: u64) {
    sink.number(labels, Sample::counter(count, snapshot.registry.intake.created));
}
