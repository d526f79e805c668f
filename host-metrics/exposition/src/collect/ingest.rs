//! Families about what was received.

use crate::sample::Value;
use crate::sample::{Sample, Sink};
use crate::snapshot::Snapshot;
use portent_counts::registry::{Limit, Rejection, Way};

pub(super) fn received(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for way in Way::ALL {
        count(snapshot, sink, &[way.as_str()], snapshot.registry.ingest.received(*way));
    }
}

pub(super) fn duplicates(snapshot: &Snapshot, sink: &mut dyn Sink) {
    count(snapshot, sink, &[], snapshot.registry.ingest.duplicates);
}

pub(super) fn rejected(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for reason in Rejection::ALL {
        count(snapshot, sink, &[reason.as_str()], snapshot.registry.ingest.rejected(*reason));
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
    count(snapshot, sink, &[], snapshot.registry.ingest.truncated);
}

pub(super) fn ignored(snapshot: &Snapshot, sink: &mut dyn Sink) {
    count(snapshot, sink, &[], snapshot.registry.ingest.ignored);
}

pub(super) fn unknown_models(snapshot: &Snapshot, sink: &mut dyn Sink) {
    count(snapshot, sink, &[], snapshot.registry.ingest.unknown_models);
}

pub(super) fn limit_hits(snapshot: &Snapshot, sink: &mut dyn Sink) {
    let hits = &snapshot.registry.ingest.limit_hits;
    for limit in Limit::ALL {
        let hits = hits.get(limit).copied().unwrap_or_default();
        count(snapshot, sink, &[limit.as_str()], hits);
    }
}

pub(super) fn last_event(snapshot: &Snapshot, sink: &mut dyn Sink) {
    let time = Value::Nano(snapshot.registry.ingest.newest_event.into());
    sink.number(&[], Sample::gauge(time));
}

fn count(snapshot: &Snapshot, sink: &mut dyn Sink, labels: &[&str], count: u64) {
    sink.number(labels, Sample::counter(count, snapshot.registry.ingest.created));
}
