//! The records that a line holds, and the rules that they must keep to be counted.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::counts::{CONFIDENCE_BUCKETS, CONFIDENCE_NANO, ClassCounts, Pairs};
use crate::digest::Digest;
use crate::vocabulary::{DropReason, ErrorType, Method, Route, Stage, is_name};
use crate::{limits, time};

/// Version of the line format; the value of the first key.
pub(crate) const VERSION: u8 = 1;

/// A request that was answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// When the response was complete: RFC 3339.
    pub time: Cow<'a, str>,
    /// Application that answered; the `app` label.
    pub app: Cow<'a, str>,
    /// Identity of the request, for logs and exemplars. Deliveries have an identity of their own.
    pub request_id: Cow<'a, str>,
    /// Method of the request.
    pub method: Method,
    /// Route template that answered.
    pub route: Route,
    /// HTTP status of the response.
    pub status: u16,
    /// Why the request failed, if it did.
    pub error: Option<ErrorType>,
    /// Time taken.
    pub durations: Durations,
    /// Predictions per model; empty if there are none.
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
    /// Scores to the bytes of the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encode: Option<u64>,
}

/// The predictions of one model for the rows of the request.
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

/// A sender reports that it gave up on events, so that the loss is counted.
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
    /// [`Event::time`] in nanoseconds since the epoch: exact from 1970 to 2554, saturating outside, and 0 if the
    /// text is not a time, which no decoded event has.
    pub fn nanoseconds(&self) -> u64 {
        time::parse_rfc3339(&self.time).unwrap_or_default()
    }

    /// The first rule that the event breaks. The name of its application has been checked before.
    pub(crate) fn broken_rule(&self) -> Option<&'static str> {
        let longest =
            self.durations.stages().fold(self.durations.total, |longest, (_, stage)| longest.max(stage));
        let rules = [
            (
                time::parse_rfc3339(&self.time).is_some(),
                "time is not RFC 3339 with an offset, such as 2026-01-31T12:00:00Z",
            ),
            (longest <= limits::DURATION_NANOS, "ns above 24 hours"),
            (is_name(&self.request_id), "request_id is not a name of 1 to 64 characters"),
            ((100..=599).contains(&self.status), "status is not 100 to 599"),
            (longest <= self.durations.total, "a stage is longer than the whole"),
            (self.predictions.len() <= 4, "more than 4 models in one event"),
            (self.predictions.is_empty() || self.status < 300, "predictions in a failed request"),
        ];
        first_broken(&rules).or_else(|| self.predictions.iter().find_map(Predictions::broken_rule))
    }
}

impl Durations {
    /// The duration of a stage.
    pub fn stage_mut(&mut self, stage: Stage) -> &mut Option<u64> {
        match stage {
            Stage::Parse => &mut self.parse,
            Stage::Validate => &mut self.validate,
            Stage::Score => &mut self.score,
            Stage::Encode => &mut self.encode,
        }
    }

    /// The stages that happened, with their durations.
    pub fn stages(&self) -> impl Iterator<Item = (Stage, u64)> + use<> {
        let Self { parse, validate, score, encode, .. } = *self;
        let stages = [
            (Stage::Parse, parse),
            (Stage::Validate, validate),
            (Stage::Score, score),
            (Stage::Encode, encode),
        ];
        stages.into_iter().filter_map(|(stage, duration)| Some((stage, duration?)))
    }
}

impl Predictions<'_> {
    fn broken_rule(&self) -> Option<&'static str> {
        let rows: u64 = self.classes.iter().map(|class| u64::from(class.count)).sum();
        let nano_limit = u64::from(self.rows) * 1_000_000_000;
        let rules = [
            (self.version.len() <= limits::NAME_BYTES, "version is too long"),
            (self.rows <= limits::ROWS, "rows above the limit"),
            (!self.classes.is_empty() && self.classes.len() <= limits::CLASSES, "number of classes"),
            (rows == u64::from(self.rows), "class counts do not add up to rows"),
            (self.classes.iter().all(is_consistent), "confidence counts do not add up to the class count"),
            (self.score_sum_nano <= nano_limit, "score sum above the number of rows"),
            (self.bins.len() <= limits::FEATURES, "number of features"),
            (self.bins.iter().all(|bins| bins_fit(bins, self.rows)), "bin counts of a feature"),
            (bins_fit(&self.score_bins, self.rows), "bin counts of the score"),
            (features_fit(&self.missing, self.rows), "missing counts"),
            (features_fit(&self.out_of_range, self.rows), "out-of-range counts"),
        ];
        first_broken(&rules)
    }
}

fn first_broken(rules: &[(bool, &'static str)]) -> Option<&'static str> {
    rules.iter().find(|(holds, _)| !holds).map(|(_, rule)| *rule)
}

/// The buckets add up to the count, and the sum lies within what the buckets allow.
fn is_consistent(class: &ClassCounts) -> bool {
    if class.confidence.len() > CONFIDENCE_BUCKETS {
        return false;
    }
    let (mut counted, mut least, mut most) = (0, 0, 0);
    for (count, (lower, upper)) in class.confidence.iter().zip(&CONFIDENCE_NANO) {
        let count = u64::from(*count);
        counted += count;
        // Counts that do not add up may be of any size.
        least = u64::saturating_add(least, count * lower);
        most = u64::saturating_add(most, count * upper);
    }
    counted == u64::from(class.count) && (least..=most).contains(&class.confidence_sum_nano)
}

fn bins_fit(bins: &Pairs, rows: u32) -> bool {
    let mut total = 0;
    let mut known = true;
    for (bin, count) in bins.iter() {
        known &= usize::from(bin) < limits::BINS;
        total += u64::from(count);
    }
    known && total <= u64::from(rows)
}

fn features_fit(features: &Pairs, rows: u32) -> bool {
    features.iter().all(|(feature, count)| usize::from(feature) < limits::FEATURES && count <= rows)
}
