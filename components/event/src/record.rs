//! The records behind a line.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{ClassCounts, Digest, DropReason, ErrorType, Method, Pairs, Route, time};

/// One answered request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// When the answer was complete: RFC 3339, UTC.
    pub time: Cow<'a, str>,
    /// Application that answered; the `app` label.
    pub app: Cow<'a, str>,
    /// Identity of the request, for people and exemplars; not the identity of the delivery.
    pub request_id: Cow<'a, str>,
    /// Method of the request.
    pub method: Method,
    /// Route template that answered.
    pub route: Route,
    /// HTTP status of the answer.
    pub status: u16,
    /// Why the request failed, if it did.
    pub error: Option<ErrorType>,
    /// Time taken.
    pub durations: Durations,
    /// What was predicted, per model; empty where nothing was.
    pub predictions: Vec<Predictions<'a>>,
    /// The bins were left out because the line would have been longer than the limit.
    pub truncated: bool,
}

/// Durations in nanoseconds. A stage that did not happen is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Durations {
    /// Request read, answered and written.
    pub total: u64,
    /// Body to fields.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parse: Option<u64>,
    /// Fields to model rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validate: Option<u64>,
    /// Rows to scores.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<u64>,
    /// Scores to the answer's bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encode: Option<u64>,
}

/// What one model made of the request's rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Predictions<'a> {
    /// Digest of the artefact.
    pub model: Digest,
    /// Version of the artefact.
    #[serde(borrow)]
    pub version: Cow<'a, str>,
    /// Rows scored; equals the sum of the class counts.
    pub rows: u32,
    /// Results, by class in model order.
    pub classes: Vec<ClassCounts>,
    /// Sum of the scores of the positive class, in billionths.
    pub score_sum_nano: u64,
    /// Rows per bin of the score's reference profile.
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub score_bins: Pairs,
    /// Rows per bin of each feature's reference profile, in model order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bins: Vec<Pairs>,
    /// Rows in which a feature was missing, by feature.
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub missing: Pairs,
    /// Rows in which a feature lay outside its plausible range, by feature.
    #[serde(default, skip_serializing_if = "Pairs::is_empty")]
    pub out_of_range: Pairs,
}

/// A sender's word that it gave up on events: the loss is counted, if not the events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DropReport<'a> {
    /// Application whose events were lost.
    pub app: Cow<'a, str>,
    /// Number of events lost.
    pub count: u32,
    /// Why.
    pub reason: DropReason,
}

impl Event<'_> {
    /// [`Event::time`] in nanoseconds since the epoch: exact from 1970 to the end of 2500, saturating outside,
    /// and 0 where the text is not a time, which no decoded event has.
    #[must_use]
    pub fn nanoseconds(&self) -> u64 {
        time::nanoseconds(&self.time).unwrap_or_default()
    }
}

impl Durations {
    /// The longest of all.
    pub(crate) fn longest(&self) -> u64 {
        let stages = [self.parse, self.validate, self.score, self.encode];
        stages.into_iter().flatten().fold(self.total, u64::max)
    }
}
