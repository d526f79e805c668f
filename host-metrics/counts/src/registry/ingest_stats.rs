//! Counts of lines and deliveries as they were received.

use std::collections::BTreeMap;

use portent_event::{DecodeError, closed_sets};
use serde::{Deserialize, Serialize};

closed_sets! {
    /// How an event came to the aggregator; the `way` label.
    pub enum Way {
        /// From the embedded host, in process.
        Host = "host",
        /// By `POST /v1/events`.
        Http = "http",
        /// From a followed file.
        Tail = "tail",
    }

    /// Why a line or a delivery was refused; the `reason` label.
    pub enum Rejection {
        /// A delivery larger than the body limit.
        BodyTooLarge = "body_too_large",
        /// A delivery that did not arrive completely or in time.
        Incomplete = "incomplete",
        /// Not JSON of the event's shape.
        Malformed = "malformed",
        /// A delivery from outside the window in which repeats are recognised.
        OutsideWindow = "outside_window",
        /// A line that breaks a rule of the event format.
        Rule = "rule",
        /// A delivery that could not be written to the state directory.
        StorageFailed = "storage_failed",
        /// A line longer than the limit.
        TooLong = "too_long",
        /// A line that was never ended, of a file that is gone.
        Torn = "torn",
        /// A delivery without a token that is accepted.
        Unauthorized = "unauthorized",
        /// A delivery without a usable identity.
        Unidentified = "unidentified",
        /// A format version that this program does not read.
        Version = "version",
    }

    /// A limit that was reached; the `limit` label.
    pub enum Limit {
        /// Applications that events introduce.
        Apps = "apps",
        /// Series of all families.
        Series = "series",
        /// Files followed at once.
        TailFiles = "tail_files",
    }
}

impl From<&DecodeError> for Rejection {
    fn from(error: &DecodeError) -> Self {
        match error {
            DecodeError::TooLong => Self::TooLong,
            DecodeError::Malformed { .. } => Self::Malformed,
            DecodeError::Version(_) => Self::Version,
            DecodeError::Rule(_) => Self::Rule,
        }
    }
}

/// Counts of what the aggregator received.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IngestStats {
    pub(super) received: BTreeMap<Way, u64>,
    pub(super) rejected: BTreeMap<Rejection, u64>,
    pub(crate) limit_hits: BTreeMap<Limit, u64>,
    /// Since when it is counted, in nanoseconds since the epoch; 0 in the counts of one delivery.
    pub created: u64,
    /// Events of repeated deliveries.
    pub duplicates: u64,
    /// Events without their bins.
    pub truncated: u64,
    /// Lines of other programs.
    pub ignored: u64,
    /// Predictions of models that are not known.
    pub unknown_models: u64,
    /// Time of the newest event, in nanoseconds.
    pub newest_event: u64,
}

impl IngestStats {
    /// Counts events that were applied.
    pub fn receive(&mut self, way: Way, events: u64) {
        *self.received.entry(way).or_default() += events;
    }

    /// Counts lines or deliveries that were refused.
    pub fn reject(&mut self, reason: Rejection, count: u64) {
        *self.rejected.entry(reason).or_default() += count;
    }

    /// Counts that a limit was reached.
    pub fn hit(&mut self, limit: Limit, times: u64) {
        *self.limit_hits.entry(limit).or_default() += times;
    }

    /// Adds the counts of another place.
    pub fn merge(&mut self, other: &Self) {
        let add = |count: &mut u64, more: &u64| *count += more;
        merge_maps(&mut self.received, &other.received, add);
        merge_maps(&mut self.rejected, &other.rejected, add);
        merge_maps(&mut self.limit_hits, &other.limit_hits, add);
        self.created =
            [self.created, other.created].into_iter().filter(|time| *time > 0).min().unwrap_or_default();
        self.duplicates += other.duplicates;
        self.truncated += other.truncated;
        self.ignored += other.ignored;
        self.unknown_models += other.unknown_models;
        self.newest_event = self.newest_event.max(other.newest_event);
    }

    /// Events applied that came this way.
    #[must_use]
    pub fn received(&self, way: Way) -> u64 {
        self.received.get(&way).copied().unwrap_or_default()
    }

    /// Lines and deliveries refused for this reason.
    #[must_use]
    pub fn rejected(&self, reason: Rejection) -> u64 {
        self.rejected.get(&reason).copied().unwrap_or_default()
    }

    /// How often a limit was reached.
    #[must_use]
    pub fn limit_hits(&self, limit: Limit) -> u64 {
        self.limit_hits.get(&limit).copied().unwrap_or_default()
    }
}

/// Adds up the values of equal keys; a key that is only in `more` comes with its value.
pub(super) fn merge_maps<K: Ord + Clone, V: Clone>(
    map: &mut BTreeMap<K, V>,
    more: &BTreeMap<K, V>,
    merge: impl Fn(&mut V, &V),
) {
    for (key, value) in more {
        match map.get_mut(key) {
            Some(known) => merge(known, value),
            None => _ = map.insert(key.clone(), value.clone()),
        }
    }
}
