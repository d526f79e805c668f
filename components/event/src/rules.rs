//! The rules that a record must keep to be counted, whichever way it was read.

use crate::counts::CONFIDENCE_NANO;
use crate::{CONFIDENCE_BUCKETS, ClassCounts, DecodeError, Event, Pairs, Predictions, limits, time};

impl Event<'_> {
    /// Whether the event keeps every rule but that of its application's name, which comes before all.
    pub(crate) fn check(&self) -> Result<(), DecodeError> {
        self.broken_rule().map_or(Ok(()), |rule| Err(DecodeError::Rule(rule)))
    }

    fn broken_rule(&self) -> Option<&'static str> {
        let longest = self.durations.longest();
        let rules = [
            (time::nanoseconds(&self.time).is_some(), "time is not RFC 3339 in UTC"),
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

/// Whether a text is 1 to 64 characters of `a-z A-Z 0-9 . _ -`.
///
/// Names go into labels and logs: short, and of characters that need no escaping anywhere.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() | matches!(byte, b'.' | b'_' | b'-');
    // Without a way out in the middle, this compiles to vector instructions.
    (1..=limits::NAME_BYTES).contains(&text.len()) && text.bytes().fold(true, |all, byte| all & allowed(byte))
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
