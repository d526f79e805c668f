//! The families with the functions that collect their series.

mod models;
mod requests;

use portent_counts::registry::{DURATION, Limit, Rejection, Way};

use crate::families::{self, Family};
use crate::sample::{HistogramSample, Sample, Sink, Value};
use crate::snapshot::Snapshot;

/// Gives the series of a family to a sink.
pub(crate) type Write = fn(&Snapshot, &mut dyn Sink);

/// Every family with its function, in the order of [`families::ALL`].
pub(crate) static TABLE: &[(&Family, Write)] = &[
    (&families::API_REQUESTS, requests::answered),
    (&families::API_REQUEST_DURATION, requests::durations),
    (&families::API_ERRORS, requests::errors),
    (&families::ACTIVE_REQUESTS, requests::in_flight),
    (&families::PREDICTIONS, |snapshot, sink| {
        models::counts(snapshot, sink, |model| model.metadata.classes.iter().zip(&model.rows));
    }),
    (&families::PREDICTION_DURATION, requests::scoring),
    (&families::PREDICTION_CONFIDENCE, models::confidence),
    (&families::MODEL_LOADED, models::loaded),
    (&families::MODEL_INFO, models::model_info),
    (&families::APP_INFO, models::app_info),
    (&families::STAGE_DURATION, requests::stages),
    (&families::FEATURE_MISSING, |snapshot, sink| {
        models::counts(snapshot, sink, |model| model.metadata.features.iter().zip(&model.missing));
    }),
    (&families::FEATURE_OUT_OF_RANGE, |snapshot, sink| {
        models::counts(snapshot, sink, |model| model.metadata.features.iter().zip(&model.out_of_range));
    }),
    (&families::FEATURE_BIN, models::feature_bins),
    (&families::SCORE_BIN, |snapshot, sink| {
        models::counts(snapshot, sink, |model| model.metadata.score_bins.iter().zip(&model.score_bins));
    }),
    (&families::SCORE_SUM, models::score_sums),
    (&families::EVENTS_RECEIVED, |snapshot, sink| {
        let ingest = &snapshot.registry.ingest;
        Way::ALL.iter().for_each(|way| ingested(snapshot, sink, &[way.as_str()], ingest.received(*way)));
    }),
    (&families::EVENTS_DUPLICATE, |snapshot, sink| {
        ingested(snapshot, sink, &[], snapshot.registry.ingest.duplicates);
    }),
    (&families::EVENTS_REJECTED, |snapshot, sink| {
        for reason in Rejection::ALL {
            ingested(snapshot, sink, &[reason.as_str()], snapshot.registry.ingest.rejected(*reason));
        }
    }),
    (&families::EVENTS_DROPPED, requests::dropped),
    (&families::EVENTS_TRUNCATED, |snapshot, sink| {
        ingested(snapshot, sink, &[], snapshot.registry.ingest.truncated);
    }),
    (&families::LINES_IGNORED, |snapshot, sink| {
        ingested(snapshot, sink, &[], snapshot.registry.ingest.ignored);
    }),
    (&families::UNKNOWN_MODEL, |snapshot, sink| {
        ingested(snapshot, sink, &[], snapshot.registry.ingest.unknown_models);
    }),
    (&families::LIMIT_HITS, |snapshot, sink| {
        for limit in Limit::ALL {
            ingested(snapshot, sink, &[limit.as_str()], snapshot.registry.ingest.limit_hits(*limit));
        }
    }),
    (&families::REQUESTS_REFUSED, |snapshot, sink| {
        for (listener, reason, count) in &snapshot.refused_requests {
            sink.number(&[listener, reason], Sample::counter(*count, started(snapshot)));
        }
    }),
    (&families::LAST_EVENT, |snapshot, sink| {
        single(sink, Sample::gauge(Value::Nano(snapshot.registry.ingest.newest_event.into())));
    }),
    (&families::TAIL_FILES, |snapshot, sink| single(sink, Sample::gauge(snapshot.tail_files))),
    (&families::TAIL_LAG, |snapshot, sink| single(sink, Sample::gauge(snapshot.tail_lag_bytes))),
    (&families::STATE_FAILED, |Snapshot { storage, .. }, sink| {
        single(sink, storage.as_ref().map(|storage| Sample::gauge(storage.is_failed)));
    }),
    (&families::STATE_LOG, |Snapshot { storage, .. }, sink| {
        single(sink, storage.as_ref().map(|storage| Sample::gauge(storage.log_bytes)));
    }),
    (&families::STATE_SNAPSHOT, |Snapshot { storage, .. }, sink| {
        single(sink, storage.as_ref().map(|storage| Sample::gauge(storage.checkpoint_bytes)));
    }),
    (&families::STATE_SNAPSHOTS, |snapshot, sink| {
        let written = snapshot.storage.as_ref().map(|storage| storage.checkpoints);
        single(sink, written.map(|written| Sample::counter(written, started(snapshot))));
    }),
    (&families::STATE_ERRORS, |snapshot, sink| {
        let errors = snapshot.storage.as_ref().map(|storage| storage.errors);
        single(sink, errors.map(|errors| Sample::counter(errors, started(snapshot))));
    }),
    (&families::STATE_TORN, |snapshot, sink| {
        let bytes = snapshot.storage.as_ref().map(|storage| storage.torn_bytes_cut);
        single(sink, bytes.map(|bytes| Sample::counter(bytes, started(snapshot))));
    }),
    (&families::STATE_SYNC, |snapshot, sink| {
        if let Some(storage) = &snapshot.storage {
            sink.histogram(&[], HistogramSample::classic(&DURATION, &storage.syncs, started(snapshot)));
        }
    }),
    (&families::CONFIG_SUCCESSFUL, |snapshot, sink| {
        single(sink, snapshot.reload.map(|reloaded| Sample::gauge(reloaded.is_ok)));
    }),
    (&families::CONFIG_TIME, |snapshot, sink| {
        single(sink, snapshot.reload.map(|reloaded| Sample::gauge(Value::Nano(reloaded.time.into()))));
    }),
    // It counts the series that are written, so the writer of the others writes it.
    (&families::SERIES, |_, _| ()),
    (&families::BUILD_INFO, |_, sink| sink.number(&[env!("CARGO_PKG_VERSION")], Sample::INFO)),
    (&families::PROCESS_CPU, |snapshot, sink| {
        let cpu = snapshot.process.cpu;
        single(sink, cpu.map(|cpu| Sample::counter(Value::Nano(cpu.into()), started(snapshot))));
    }),
    (&families::PROCESS_MEMORY, |snapshot, sink| single(sink, snapshot.process.resident.map(Sample::gauge))),
    (&families::PROCESS_START, |snapshot, sink| {
        single(sink, snapshot.process.start.map(|start| Sample::gauge(Value::Nano(start.into()))));
    }),
    (&families::PROCESS_FDS, |snapshot, sink| single(sink, snapshot.process.open_fds.map(Sample::gauge))),
];

/// The function that gives the series of a family with its hidden labels, if it has any.
pub(crate) fn source(family: &Family) -> Write {
    if family.name == families::API_REQUEST_DURATION.name {
        return requests::durations_by_status;
    }
    let found = TABLE.iter().find(|(other, _)| other.name == family.name);
    found.map_or(|_, _| (), |(_, write)| *write)
}

/// Gives the one series of a family without labels, if it exists.
fn single(sink: &mut dyn Sink, sample: impl Into<Option<Sample>>) {
    sample.into().into_iter().for_each(|sample| sink.number(&[], sample));
}

fn ingested(snapshot: &Snapshot, sink: &mut dyn Sink, labels: &[&str], count: u64) {
    sink.number(labels, Sample::counter(count, snapshot.registry.ingest.created));
}

/// Since when this process counts those figures that a restart resets.
fn started(snapshot: &Snapshot) -> u64 {
    snapshot.process.start.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A family that is not in this table would never be written.
    #[test]
    fn the_table_has_every_family_in_order() {
        let names: Vec<_> = TABLE.iter().map(|(family, _)| family.name).collect();
        assert_eq!(names, families::ALL.iter().map(|family| family.name).collect::<Vec<_>>());
    }
}
