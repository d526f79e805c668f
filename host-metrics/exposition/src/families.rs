//! Every metric family of the program. Tests compare documentation and dashboards with this list, and the exposition has
//! no family that is not in [`ALL`].

/// Type of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Classic histogram with fixed bounds.
    Histogram,
    /// Always 1; the information is in the labels.
    Info,
}

/// A metric family.
#[derive(Debug)]
pub struct Family {
    /// Full name as in text format 0.0.4, with `_total` if it is a counter.
    pub name: &'static str,
    /// Type.
    pub kind: Kind,
    /// Unit, which is also part of the name; empty if there is none.
    pub unit: &'static str,
    /// Label names, in the order in which values are given and printed.
    pub labels: &'static [&'static str],
    /// The meaning of a sample, in one line.
    pub help: &'static str,
}

impl Family {
    /// Name in OpenMetrics. `_total` and `_info` belong to the samples alone there.
    #[must_use]
    pub fn open_metrics_name(&self) -> &'static str {
        let suffix = match self.kind {
            Kind::Counter => "_total",
            Kind::Info => "_info",
            Kind::Gauge | Kind::Histogram => "",
        };
        self.name.strip_suffix(suffix).unwrap_or(self.name)
    }
}

/// Declares each family as a constant and collects them all in `ALL`.
macro_rules! families {
    ($( $constant:ident = $kind:ident $name:literal [$($label:literal),*] $unit:literal $help:literal; )+) => {
        $(
            #[doc = $help]
            pub static $constant: Family = Family {
                name: $name,
                kind: Kind::$kind,
                unit: $unit,
                labels: &[$($label),*],
                help: $help,
            };
        )+

        /// Every family, in the order of the exposition.
        pub static ALL: &[&Family] = &[ $( &$constant, )+ ];
    };
}

families! {
    API_REQUESTS = Counter "api_requests_total" ["app", "method", "endpoint", "status_code"] ""
        "Requests answered.";
    API_REQUEST_DURATION = Histogram "api_request_duration_seconds" ["app", "method", "endpoint"] "seconds"
        "Time from reading a request to having written its answer.";
    API_ERRORS = Counter "api_errors_total" ["app", "error_type", "endpoint"] ""
        "Requests that did not get what they asked for.";
    ACTIVE_REQUESTS = Gauge "active_requests" ["app"] ""
        "Requests in flight: the true number in the embedded host; behind event lines the mean over the last 15 seconds, from the durations.";
    PREDICTIONS = Counter "predictions_total" ["app", "model_name", "prediction_result"] ""
        "Rows predicted.";
    PREDICTION_DURATION = Histogram "prediction_duration_seconds" ["app", "endpoint"] "seconds"
        "Time to score the rows of a request.";
    PREDICTION_CONFIDENCE = Histogram "prediction_confidence_score" ["app", "prediction_result"] ""
        "Probability of the predicted class, a row each.";
    MODEL_LOADED = Gauge "model_loaded" ["app", "model_name"] ""
        "Last known state of the model: 1 after a prediction or a passed readiness check, 0 after a failure to load and before anything is known.";
    MODEL_INFO = Info "model_info" ["app", "model_name", "model_type", "version", "sha256"] ""
        "The model that the application used last.";
    APP_INFO = Info "app_info" ["app", "version"] ""
        "The application and the version of its model.";
    STAGE_DURATION = Histogram "portent_stage_duration_seconds" ["app", "endpoint", "stage"] "seconds"
        "Time of one part of a request.";
    FEATURE_MISSING = Counter "portent_feature_missing_total" ["app", "model_name", "feature"] ""
        "Rows in which a feature was missing.";
    FEATURE_OUT_OF_RANGE = Counter "portent_feature_out_of_range_total" ["app", "model_name", "feature"] ""
        "Rows in which a feature lay outside the range that the training data make plausible.";
    FEATURE_BIN = Counter "portent_feature_bin_total" ["app", "model_name", "feature", "bin"] ""
        "Rows by bin of the feature's reference profile; a bin is named by its upper edge.";
    SCORE_BIN = Counter "portent_score_bin_total" ["app", "model_name", "bin"] ""
        "Rows by bin of the score's reference profile; a bin is named by its upper edge.";
    SCORE_SUM = Counter "portent_score_sum_total" ["app", "model_name"] ""
        "Sum of the scores of the positive class; over predictions_total it is the mean score.";
    EVENTS_RECEIVED = Counter "portent_events_received_total" ["way"] ""
        "Events counted, by the way they came.";
    EVENTS_DUPLICATE = Counter "portent_events_duplicate_total" [] ""
        "Events delivered again and not counted again.";
    EVENTS_REJECTED = Counter "portent_events_rejected_total" ["reason"] ""
        "Lines and deliveries refused.";
    EVENTS_DROPPED = Counter "portent_events_dropped_total" ["app", "reason"] ""
        "Events that their senders report as lost.";
    EVENTS_TRUNCATED = Counter "portent_events_truncated_total" [] ""
        "Events that left out their bin counts to stay within the line limit.";
    LINES_IGNORED = Counter "portent_lines_ignored_total" [] ""
        "Lines of other programs, passed over.";
    UNKNOWN_MODEL = Counter "portent_unknown_model_total" [] ""
        "Predictions of models whose artefact is not known here, counted under other.";
    LIMIT_HITS = Counter "portent_limit_hits_total" ["limit"] ""
        "How often something was beyond a limit and was counted in an overflow series or left out.";
    REQUESTS_REFUSED = Counter "portent_requests_refused_total" ["listener", "reason"] ""
        "Requests and connections that this program's own listeners refused.";
    LAST_EVENT = Gauge "portent_last_event_timestamp_seconds" [] "seconds"
        "Time of the newest event, 0 before the first.";
    TAIL_FILES = Gauge "portent_tail_files" [] ""
        "Files followed.";
    TAIL_LAG = Gauge "portent_tail_lag_bytes" [] "bytes"
        "Bytes of followed files that are not read yet.";
    STATE_FAILED = Gauge "portent_state_failed" [] ""
        "Whether nothing becomes durable at present: 1 until the state can be written again.";
    STATE_LOG = Gauge "portent_state_log_bytes" [] "bytes"
        "Bytes of the logs that a start would replay.";
    STATE_SNAPSHOT = Gauge "portent_state_snapshot_bytes" [] "bytes"
        "Size of the newest snapshot, 0 if there is none.";
    STATE_SNAPSHOTS = Counter "portent_state_snapshots_total" [] ""
        "Snapshots of the state written.";
    STATE_ERRORS = Counter "portent_state_errors_total" [] ""
        "Failed writes, syncs and attempts at a snapshot.";
    STATE_TORN = Counter "portent_state_torn_bytes_total" [] "bytes"
        "Bytes of an incomplete write that the start cut off the log.";
    STATE_SYNC = Histogram "portent_state_sync_duration_seconds" [] "seconds"
        "Time that a sync of the log took: what an acknowledgement waits for.";
    CONFIG_SUCCESSFUL = Gauge "portent_config_last_reload_successful" [] ""
        "Whether the configuration file was valid when it was last read.";
    CONFIG_TIME = Gauge "portent_config_last_reload_timestamp_seconds" [] "seconds"
        "When the configuration file was last read, since the epoch.";
    SERIES = Gauge "portent_series" ["family"] ""
        "Series in this scrape, by family; each bucket of a histogram is one.";
    BUILD_INFO = Info "portent_build_info" ["version"] ""
        "Version of this program.";
    PROCESS_CPU = Counter "process_cpu_seconds_total" [] "seconds"
        "CPU time of this process, user and system.";
    PROCESS_MEMORY = Gauge "process_resident_memory_bytes" [] "bytes"
        "Resident memory of this process.";
    PROCESS_START = Gauge "process_start_time_seconds" [] "seconds"
        "Start of this process, since the epoch.";
    PROCESS_FDS = Gauge "process_open_fds" [] ""
        "Open file descriptors of this process.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Names follow the rules of Prometheus: no duplicates, legal characters, `_total` exactly on counters.
    #[test]
    fn names_are_unique_and_well_formed() {
        let mut names: Vec<_> = ALL.iter().map(|family| family.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), ALL.len());
        let families: BTreeSet<_> = ALL.iter().map(|family| family.open_metrics_name()).collect();
        assert_eq!(families.len(), ALL.len());
        for family in ALL {
            let legal =
                |name: &str| name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
            assert!(legal(family.name) && family.labels.iter().all(|label| legal(label)), "{}", family.name);
            assert_eq!(family.name.ends_with("_total"), family.kind == Kind::Counter, "{}", family.name);
            assert_eq!(family.name.ends_with("_info"), family.kind == Kind::Info, "{}", family.name);
            assert!(family.help.ends_with('.') && !family.help.contains('\n'), "{}", family.name);
            assert!(family.open_metrics_name().ends_with(family.unit), "{} lacks its unit", family.name);
        }
    }

    /// docs/metrics.md has one row per family and no other. `cargo xtask generate` checks their text.
    #[test]
    fn the_documentation_lists_every_family() {
        let page = include_str!("../../../docs/metrics.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
        let expected = ALL.iter().map(|family| family.name);
        assert_eq!(rows.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }
}
