//! The families with the functions that collect their series.

mod ingest;
mod models;
mod program;
mod requests;

use crate::families::{self, Family};
use crate::sample::Sink;
use crate::snapshot::Snapshot;

/// Gives the series of a family to a sink.
pub(crate) type Write = fn(&Snapshot, &mut dyn Sink);

/// Every family with its function, in the order of [`families::ALL`].
pub(crate) static TABLE: &[(&Family, Write)] = &[
    (&families::API_REQUESTS, requests::answered),
    (&families::API_REQUEST_DURATION, requests::durations),
    (&families::API_ERRORS, requests::errors),
    (&families::ACTIVE_REQUESTS, requests::in_flight),
    (&families::PREDICTIONS, models::predictions),
    (&families::PREDICTION_DURATION, requests::scoring),
    (&families::PREDICTION_CONFIDENCE, models::confidence),
    (&families::MODEL_LOADED, models::loaded),
    (&families::MODEL_INFO, models::model_info),
    (&families::APP_INFO, models::app_info),
    (&families::STAGE_DURATION, requests::stages),
    (&families::FEATURE_MISSING, models::missing),
    (&families::FEATURE_OUT_OF_RANGE, models::out_of_range),
    (&families::FEATURE_BIN, models::feature_bins),
    (&families::SCORE_BIN, models::score_bins),
    (&families::SCORE_SUM, models::score_sums),
    (&families::EVENTS_RECEIVED, ingest::received),
    (&families::EVENTS_DUPLICATE, ingest::duplicates),
    (&families::EVENTS_REJECTED, ingest::rejected),
    (&families::EVENTS_DROPPED, ingest::dropped),
    (&families::EVENTS_TRUNCATED, ingest::truncated),
    (&families::LINES_IGNORED, ingest::ignored),
    (&families::UNKNOWN_MODEL, ingest::unknown_models),
    (&families::LIMIT_HITS, ingest::limit_hits),
    (&families::REQUESTS_REFUSED, program::refused_requests),
    (&families::LAST_EVENT, ingest::last_event),
    (&families::TAIL_FILES, program::tail_files),
    (&families::TAIL_LAG, program::tail_lag),
    (&families::STATE_FAILED, program::state_failed),
    (&families::STATE_LOG, program::state_log),
    (&families::STATE_SNAPSHOT, program::state_snapshot),
    (&families::STATE_SNAPSHOTS, program::state_snapshots),
    (&families::STATE_ERRORS, program::state_errors),
    (&families::STATE_TORN, program::state_torn),
    (&families::STATE_SYNC, program::state_sync),
    (&families::CONFIG_SUCCESSFUL, program::config_successful),
    (&families::CONFIG_TIME, program::config_time),
    // It counts what is written, so whoever writes the others writes it.
    (&families::SERIES, |_, _| ()),
    (&families::BUILD_INFO, program::build_info),
    (&families::PROCESS_CPU, program::process_cpu),
    (&families::PROCESS_MEMORY, program::process_memory),
    (&families::PROCESS_START, program::process_start),
    (&families::PROCESS_FDS, program::process_fds),
];

/// The function that gives the series of a family with hidden labels, where it has some.
pub(crate) fn source(family: &Family) -> Write {
    if family.name == families::API_REQUEST_DURATION.name {
        return requests::durations_by_status;
    }
    let found = TABLE.iter().find(|(other, _)| other.name == family.name);
    found.map_or(|_, _| (), |(_, write)| *write)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is not in this table would never be written.
    #[test]
    fn the_table_has_every_family_in_order() {
        let names: Vec<_> = TABLE.iter().map(|(family, _)| family.name).collect();
        assert_eq!(names, families::ALL.iter().map(|family| family.name).collect::<Vec<_>>());
    }
}
