//! Native histograms: buckets that grow by a constant factor and exist only if they have observations.
//!
//! Schema 3 of Prometheus: eight buckets for each doubling, so a bound is 9 % above the one before.
//! <https://prometheus.io/docs/specs/native_histograms/>

use serde::{Deserialize, Serialize};

/// Resolution: `2^SCHEMA` buckets for each doubling.
pub const SCHEMA: i32 = 3;

/// Buckets of a doubling.
const PER_DOUBLING: i16 = 1 << SCHEMA;

/// Upper bounds of the buckets between one half and one, without the last: `2^(n/8 - 1)`.
const FRACTIONS: [f64; PER_DOUBLING as usize] = [
    0.5,
    0.545_253_866_332_628_8,
    0.594_603_557_501_360_5,
    0.648_419_777_325_504_8,
    0.707_106_781_186_547_5,
    0.771_105_412_703_970_4,
    0.840_896_415_253_714_4,
    0.917_004_043_204_671_1,
];

/// Observations by bucket. Bucket `i` reaches from above `2^((i-1)/8)` to `2^(i/8)` seconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NativeHistogram {
    /// Observations of exactly zero.
    pub zero: u64,
    /// Index of the first of the counts.
    first: i16,
    counts: Vec<u64>,
}

impl NativeHistogram {
    /// Counts one duration.
    pub fn observe(&mut self, nanoseconds: u64) {
        match nanoseconds {
            0 => self.zero += 1,
            _ => self.add(index(nanoseconds), 1),
        }
    }

    /// Adds to a bucket.
    pub fn add(&mut self, index: i16, count: u64) {
        if self.counts.is_empty() {
            self.first = index;
        }
        if index < self.first {
            let missing = usize::from(index.abs_diff(self.first));
            self.counts.splice(0..0, std::iter::repeat_n(0, missing));
            self.first = index;
        }
        let slot = usize::from(index.abs_diff(self.first));
        if slot >= self.counts.len() {
            self.counts.resize(slot + 1, 0);
        }
        self.counts[slot] += count;
    }

    /// Adds another histogram.
    pub fn merge(&mut self, other: &Self) {
        self.zero += other.zero;
        other.buckets().for_each(|(index, count)| self.add(index, count));
    }

    /// Checks a histogram that was read from bytes.
    ///
    /// # Errors
    /// If no duration can have one of the buckets.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let last = usize::from(index(u64::MAX).abs_diff(self.first));
        let is_possible = self.counts.is_empty()
            || ((index(1)..=index(u64::MAX)).contains(&self.first) && self.counts.len() <= last + 1);
        if is_possible { Ok(()) } else { Err("a bucket out of range") }
    }

    /// The buckets in which something was counted, ascending.
    pub fn buckets(&self) -> impl Iterator<Item = (i16, u64)> + '_ {
        (self.first..).zip(self.counts.iter().copied()).filter(|(_, count)| *count > 0)
    }
}

/// The bucket of a duration above zero.
fn index(nanoseconds: u64) -> i16 {
    let seconds = nanoseconds as f64 / 1e9;
    // Seconds are `fraction * 2^exponent` with a fraction from one half to one. No duration is subnormal.
    let bits = seconds.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i16 - 1022;
    let fraction = f64::from_bits((bits & !(0x7ff << 52)) | (1022 << 52));
    let within = FRACTIONS.partition_point(|bound| *bound < fraction) as i16;
    (exponent - 1) * PER_DOUBLING + within
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bound(index: i16) -> f64 {
        (f64::from(index) / 8.0).exp2()
    }

    #[test]
    fn bounds_belong_to_their_own_bucket() {
        assert_eq!(index(1_000_000_000), 0);
        assert_eq!(index(1_000_000_001), 1);
        assert_eq!(index(2_000_000_000), 8);
        assert_eq!(index(500_000_000), -8);
        for (n, fraction) in FRACTIONS.iter().enumerate() {
            assert!((fraction - (n as f64 / 8.0 - 1.0).exp2()).abs() < 1e-15);
        }
    }

    #[test]
    fn zero_has_a_bucket_of_its_own() {
        let mut histogram = NativeHistogram::default();
        [0, 0, 1_000_000_000].into_iter().for_each(|duration| histogram.observe(duration));
        assert_eq!((histogram.zero, histogram.buckets().collect::<Vec<_>>()), (2, vec![(0, 1)]));
    }

    proptest! {
        #[test]
        fn a_duration_lies_within_its_bucket(nanoseconds in 1_u64..) {
            let (seconds, index) = (nanoseconds as f64 / 1e9, index(nanoseconds));
            // The bounds of this test are rounded too.
            prop_assert!(seconds <= bound(index) * (1.0 + 1e-14), "{seconds} {index}");
            prop_assert!(seconds > bound(index - 1) * (1.0 - 1e-14), "{seconds} {index}");
            prop_assert!((super::index(1)..=super::index(u64::MAX)).contains(&index));
        }

        #[test]
        fn merging_is_observing_all(first in prop::collection::vec(any::<u64>(), 0..30), second in prop::collection::vec(any::<u64>(), 0..30)) {
            let observed = |durations: &[u64]| {
                let mut histogram = NativeHistogram::default();
                durations.iter().for_each(|duration| histogram.observe(*duration));
                histogram
            };
            let mut merged = observed(&first);
            merged.merge(&observed(&second));
            let all = observed(&[first, second].concat());
            prop_assert_eq!(merged.buckets().collect::<Vec<_>>(), all.buckets().collect::<Vec<_>>());
        }
    }
}
