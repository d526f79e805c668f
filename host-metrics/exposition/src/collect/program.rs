//! Families about this program: its files, its state on disk, its configuration and its process.

use crate::sample::Value;
use crate::sample::{HistogramSample, Sample, Sink};
use crate::snapshot::Reloaded;
use crate::snapshot::Snapshot;
use crate::snapshot::Storage;
use portent_counts::registry::DURATION;

pub(super) fn refused_requests(snapshot: &Snapshot, sink: &mut dyn Sink) {
    for (listener, reason, count) in &snapshot.refused_requests {
        sink.number(&[listener, reason], Sample::counter(*count, started(snapshot)));
    }
}

pub(super) fn tail_files(snapshot: &Snapshot, sink: &mut dyn Sink) {
    sink.number(&[], Sample::gauge(snapshot.tail_files));
}

pub(super) fn tail_lag(snapshot: &Snapshot, sink: &mut dyn Sink) {
    sink.number(&[], Sample::gauge(snapshot.tail_lag_bytes));
}

pub(super) fn state_failed(snapshot: &Snapshot, sink: &mut dyn Sink) {
    state(snapshot, sink, |storage| Sample::gauge(storage.is_failed));
}

pub(super) fn state_log(snapshot: &Snapshot, sink: &mut dyn Sink) {
    state(snapshot, sink, |storage| Sample::gauge(storage.log_bytes));
}

pub(super) fn state_snapshot(snapshot: &Snapshot, sink: &mut dyn Sink) {
    state(snapshot, sink, |storage| Sample::gauge(storage.checkpoint_bytes));
}

pub(super) fn state_snapshots(snapshot: &Snapshot, sink: &mut dyn Sink) {
    state(snapshot, sink, |storage| Sample::counter(storage.checkpoints, started(snapshot)));
}

pub(super) fn state_errors(snapshot: &Snapshot, sink: &mut dyn Sink) {
    state(snapshot, sink, |storage| Sample::counter(storage.errors, started(snapshot)));
}

pub(super) fn state_torn(snapshot: &Snapshot, sink: &mut dyn Sink) {
    state(snapshot, sink, |storage| Sample::counter(storage.torn_bytes_cut, started(snapshot)));
}

pub(super) fn state_sync(snapshot: &Snapshot, sink: &mut dyn Sink) {
    if let Some(storage) = &snapshot.storage {
        sink.histogram(&[], HistogramSample::classic(&DURATION, &storage.syncs, started(snapshot)));
    }
}

pub(super) fn config_successful(snapshot: &Snapshot, sink: &mut dyn Sink) {
    if let Some(Reloaded { is_ok: successful, .. }) = snapshot.reload {
        sink.number(&[], Sample::gauge(successful));
    }
}

pub(super) fn config_time(snapshot: &Snapshot, sink: &mut dyn Sink) {
    if let Some(Reloaded { time, .. }) = snapshot.reload {
        sink.number(&[], Sample::gauge(Value::Nano(time.into())));
    }
}

pub(super) fn build_info(_: &Snapshot, sink: &mut dyn Sink) {
    sink.number(&[env!("CARGO_PKG_VERSION")], Sample::INFO);
}

pub(super) fn process_cpu(snapshot: &Snapshot, sink: &mut dyn Sink) {
    if let Some(cpu) = snapshot.process.cpu {
        sink.number(&[], Sample::counter(Value::Nano(cpu.into()), started(snapshot)));
    }
}

pub(super) fn process_memory(snapshot: &Snapshot, sink: &mut dyn Sink) {
    if let Some(resident) = snapshot.process.resident {
        sink.number(&[], Sample::gauge(resident));
    }
}

pub(super) fn process_start(snapshot: &Snapshot, sink: &mut dyn Sink) {
    if let Some(start) = snapshot.process.start {
        sink.number(&[], Sample::gauge(Value::Nano(start.into())));
    }
}

pub(super) fn process_fds(snapshot: &Snapshot, sink: &mut dyn Sink) {
    if let Some(open) = snapshot.process.open_fds {
        sink.number(&[], Sample::gauge(open));
    }
}

fn state(snapshot: &Snapshot, sink: &mut dyn Sink, sample: impl Fn(&Storage) -> Sample) {
    if let Some(storage) = &snapshot.storage {
        sink.number(&[], sample(storage));
    }
}

/// Since when this process counts what is not kept over a restart.
fn started(snapshot: &Snapshot) -> u64 {
    snapshot.process.start.unwrap_or_default()
}
