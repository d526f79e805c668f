//! Counts of what was received, before it is anything else.

use std::collections::BTreeMap;

use portent_event::DecodeError;

/// How an event came to the aggregator; the `way` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// From the embedded host, in process.
    Host,
    /// By `POST /v1/events`.
    Http,
    /// From a followed file.
    Tail,
}

impl Way {
    /// Every way.
    pub const ALL: [Self; 3] = [Self::Host, Self::Http, Self::Tail];

    /// The label value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Http => "http",
            Self::Tail => "tail",
        }
    }
}

/// Why a line or a delivery was refused; the `reason` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rejection {
    /// A delivery larger than the body limit.
    BodyTooLarge,
    /// A delivery that did not arrive completely or in time.
    Incomplete,
    /// Not JSON of the event's shape.
    Malformed,
    /// A delivery from outside the window in which repeats are recognised.
    OutsideWindow,
    /// A line that breaks a rule of the event format.
    Rule,
    /// A delivery that could not be kept.
    StorageFailed,
    /// A line that was never ended, of a file that is gone.
    Torn,
    /// A line longer than the limit.
    TooLong,
    /// A delivery without a token that is accepted.
    Unauthorized,
    /// A delivery without a usable identity.
    Unidentified,
    /// A format version that this program does not read.
    Version,
}

impl Rejection {
    /// Every reason, in the order of their texts.
    pub const ALL: [Self; 11] = [
        Self::BodyTooLarge,
        Self::Incomplete,
        Self::Malformed,
        Self::OutsideWindow,
        Self::Rule,
        Self::StorageFailed,
        Self::TooLong,
        Self::Torn,
        Self::Unauthorized,
        Self::Unidentified,
        Self::Version,
    ];

    /// The label value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BodyTooLarge => "body_too_large",
            Self::Incomplete => "incomplete",
            Self::Malformed => "malformed",
            Self::OutsideWindow => "outside_window",
            Self::Rule => "rule",
            Self::StorageFailed => "storage_failed",
            Self::Torn => "torn",
            Self::TooLong => "too_long",
            Self::Unauthorized => "unauthorized",
            Self::Unidentified => "unidentified",
            Self::Version => "version",
        }
    }
}

/// A limit that was reached; the `limit` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// Applications that events introduce.
    Apps,
    /// Series of all families.
    Series,
    /// Series of one family.
    SeriesPerFamily,
    /// Files followed at once.
    TailFiles,
}

impl Limit {
    /// Every limit, in the order of their texts.
    pub const ALL: [Self; 4] = [Self::Apps, Self::Series, Self::SeriesPerFamily, Self::TailFiles];

    /// The label value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Apps => "apps",
            Self::Series => "series",
            Self::SeriesPerFamily => "series_per_family",
            Self::TailFiles => "tail_files",
        }
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

/// What the aggregator received.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intake {
    pub(super) received: BTreeMap<Way, u64>,
    pub(super) rejected: BTreeMap<Rejection, u64>,
    /// How often something was beyond a limit.
    pub limit_hits: BTreeMap<Limit, u64>,
    /// Since when it is counted, in nanoseconds since the epoch; 0 in what one delivery adds.
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

impl Intake {
    /// Counts events that were applied.
    pub fn receive(&mut self, way: Way, events: u64) {
        *self.received.entry(way).or_default() += events;
    }

    /// Counts lines or deliveries that were refused.
    pub fn reject(&mut self, reason: Rejection, count: u64) {
        *self.rejected.entry(reason).or_default() += count;
    }

    /// Counts that something was beyond a limit.
    pub fn hit(&mut self, limit: Limit, times: u64) {
        *self.limit_hits.entry(limit).or_default() += times;
    }

    /// Adds what was received in another place.
    pub fn merge(&mut self, other: &Self) {
        add(&mut self.received, &other.received);
        add(&mut self.rejected, &other.rejected);
        add(&mut self.limit_hits, &other.limit_hits);
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
}

fn add<K: Copy + Ord>(counts: &mut BTreeMap<K, u64>, more: &BTreeMap<K, u64>) {
    more.iter().for_each(|(key, count)| *counts.entry(*key).or_default() += count);
}
