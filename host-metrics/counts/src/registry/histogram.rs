//! Histograms with fixed bounds and exact sums.

use portent_event::CONFIDENCE_BUCKETS;
use serde::{Deserialize, Serialize};

use crate::sparse;

/// Upper bounds of a histogram without `+Inf`: in billionths of the unit, and as the `le` label says it.
///
/// The texts are the canonical numbers of OpenMetrics, in every format: a Prometheus before 3.0 compares them
/// as texts and would otherwise begin new series when the format of its scrapes changes.
pub type Bounds<const N: usize> = [(u64, &'static str); N];

/// Bounds of every duration, from 10 µs.
pub const DURATION: Bounds<19> = [
    (10_000, "1e-05"),
    (25_000, "2.5e-05"),
    (50_000, "5e-05"),
    (100_000, "0.0001"),
    (250_000, "0.00025"),
    (500_000, "0.0005"),
    (1_000_000, "0.001"),
    (2_500_000, "0.0025"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (25_000_000, "0.025"),
    (50_000_000, "0.05"),
    (100_000_000, "0.1"),
    (250_000_000, "0.25"),
    (500_000_000, "0.5"),
    (1_000_000_000, "1.0"),
    (2_500_000_000, "2.5"),
    (5_000_000_000, "5.0"),
    (10_000_000_000, "10.0"),
];

/// Bounds of the confidence, as [`portent_event::CONFIDENCE_BOUNDS`].
pub const CONFIDENCE: Bounds<8> = [
    (500_000_000, "0.5"),
    (600_000_000, "0.6"),
    (700_000_000, "0.7"),
    (800_000_000, "0.8"),
    (900_000_000, "0.9"),
    (950_000_000, "0.95"),
    (990_000_000, "0.99"),
    (1_000_000_000, "1.0"),
];

/// Histogram over [`DURATION`].
pub type DurationHistogram = Histogram<{ DURATION.len() + 1 }>;

/// Histogram over [`CONFIDENCE`].
pub type ConfidenceHistogram = Histogram<CONFIDENCE_BUCKETS>;

/// Counts per bucket, not cumulative, `+Inf` last, and the sum in billionths.
///
/// The sum is wider than a sample: 64 bits of billionths are full after 18 billion rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram<const BUCKETS: usize> {
    /// Observations per bucket.
    #[serde(with = "sparse")]
    pub buckets: [u64; BUCKETS],
    /// Sum of the observations, in billionths of the unit.
    pub sum_nano: u128,
}

impl<const BUCKETS: usize> Default for Histogram<BUCKETS> {
    fn default() -> Self {
        Self { buckets: [0; BUCKETS], sum_nano: 0 }
    }
}

impl DurationHistogram {
    /// Counts one duration and returns its bucket.
    pub fn observe(&mut self, nanoseconds: u64) -> usize {
        let bucket = DURATION.partition_point(|(bound, _)| *bound < nanoseconds);
        self.buckets[bucket] += 1;
        self.sum_nano += u128::from(nanoseconds);
        bucket
    }
}

impl<const BUCKETS: usize> Histogram<BUCKETS> {
    /// Adds counts per bucket, and the sum of their observations.
    pub fn add(&mut self, counts: &[u32], sum_nano: u64) {
        for (bucket, count) in self.buckets.iter_mut().zip(counts) {
            *bucket += u64::from(*count);
        }
        self.sum_nano += u128::from(sum_nano);
    }

    /// Adds another histogram over the same bounds.
    pub fn merge(&mut self, other: &Self) {
        for (bucket, count) in self.buckets.iter_mut().zip(other.buckets) {
            *bucket += count;
        }
        self.sum_nano += other.sum_nano;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The texts agree with the integers.
    #[test]
    fn bounds_agree_with_their_texts_and_with_the_event_format() {
        for (bound, text) in DURATION.iter().chain(&CONFIDENCE) {
            let value: f64 = text.parse().unwrap();
            assert_eq!((value * 1e9).round(), *bound as f64, "{text}");
        }
        let texts = CONFIDENCE.map(|(_, text)| text.parse::<f64>().unwrap());
        assert_eq!(texts, portent_event::CONFIDENCE_BOUNDS);
    }

    #[test]
    fn a_bound_belongs_to_its_own_bucket() {
        let mut histogram = DurationHistogram::default();
        for nanoseconds in [0, 10_000, 10_001, 10_000_000_000, 10_000_000_001] {
            histogram.observe(nanoseconds);
        }
        let counted: Vec<_> = histogram.buckets.iter().enumerate().filter(|(_, count)| **count > 0).collect();
        assert_eq!(counted, [(0, &2), (1, &1), (18, &1), (19, &1)]);
        assert_eq!(histogram.sum_nano, 20_000_020_002);
    }
}
