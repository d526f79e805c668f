//! Native buckets in the protobuf format: runs of neighbours, each bucket as its difference from the one before.

use super::wire;
use portent_counts::registry::{NATIVE_SCHEMA, NativeHistogram};

const SCHEMA: u32 = 5;
const ZERO_THRESHOLD: u32 = 6;
const ZERO_COUNT: u32 = 7;
const POSITIVE_SPAN: u32 = 12;
const POSITIVE_DELTA: u32 = 13;

const SPAN_OFFSET: u32 = 1;
const SPAN_LENGTH: u32 = 2;

/// Width of the zero bucket, 2^-128, as Prometheus' own clients have it. Any above zero also marks a histogram
/// without observations as a native one.
const WIDTH_OF_ZERO: f64 = f64::from_bits((1023 - 128) << 52);

/// Most buckets of a histogram: 160, as many as Prometheus' documentation suggests for clients.
const BUCKETS: usize = 160;

/// Buckets by index at a resolution of `2^schema` for each doubling, ascending, without empty ones.
#[derive(Debug, PartialEq)]
struct Buckets {
    schema: i32,
    counts: Vec<(i32, u64)>,
}

/// Writes the fields of a native histogram.
pub(super) fn write(out: &mut Vec<u8>, histogram: &NativeHistogram) {
    let counts = histogram.buckets().map(|(index, count)| (i32::from(index), count)).collect();
    let buckets = Buckets { schema: NATIVE_SCHEMA, counts }.within(BUCKETS);
    wire::signed(out, SCHEMA, buckets.schema.into());
    wire::double(out, ZERO_THRESHOLD, WIDTH_OF_ZERO);
    wire::unsigned(out, ZERO_COUNT, histogram.zero);
    let mut end = 0;
    for run in buckets.counts.chunk_by(|(index, _), (next, _)| index + 1 == *next) {
        let start = run.first().map_or(end, |(index, _)| *index);
        wire::message(out, POSITIVE_SPAN, |out| {
            wire::signed(out, SPAN_OFFSET, (start - end).into());
            wire::unsigned(out, SPAN_LENGTH, run.len() as u64);
        });
        end = run.last().map_or(end, |(index, _)| index + 1);
    }
    let mut before = 0;
    for (_, count) in buckets.counts {
        wire::signed(out, POSITIVE_DELTA, count.wrapping_sub(before).cast_signed());
        before = count;
    }
}

impl Buckets {
    /// The same observations in no more than this many buckets, at the highest resolution that allows it.
    fn within(mut self, most: usize) -> Self {
        while self.counts.len() > most {
            self = self.halved();
        }
        self
    }

    /// The same observations at half the resolution. A bound of every second bucket is a bound there too.
    fn halved(self) -> Self {
        let mut counts: Vec<(i32, u64)> = Vec::with_capacity(self.counts.len());
        for (index, count) in self.counts {
            let index = (index + 1) >> 1;
            match counts.last_mut() {
                Some((last, sum)) if *last == index => *sum += count,
                _ => counts.push((index, count)),
            }
        }
        Self { schema: self.schema - 1, counts }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bound(schema: i32, index: i32) -> f64 {
        (f64::from(index) / f64::from(schema).exp2()).exp2()
    }

    #[test]
    fn the_width_of_zero_is_a_power_of_two() {
        assert_eq!(WIDTH_OF_ZERO, (-128_f64).exp2());
    }

    #[test]
    fn few_buckets_keep_their_resolution() {
        let buckets = || Buckets { schema: 3, counts: vec![(-3, 1), (9, 2)] };
        assert_eq!(buckets().within(2), buckets());
    }

    proptest! {
        /// Whatever was below a bound stays below it, and nothing is lost.
        #[test]
        fn half_the_resolution_has_every_second_bound(
            counts in prop::collection::btree_map(-300_i32..300, 1_u64..1000, 1..200),
            most in 3_usize..50,
        ) {
            let all = Buckets { schema: 3, counts: counts.into_iter().collect() };
            let below = |buckets: &Buckets, limit: f64| -> u64 {
                let below = buckets.counts.iter().filter(|(index, _)| bound(buckets.schema, *index) <= limit);
                below.map(|(_, count)| count).sum()
            };
            let few = Buckets { schema: 3, counts: all.counts.clone() }.within(most);
            prop_assert!(few.counts.len() <= most);
            prop_assert!(few.counts.is_sorted_by(|a, b| a.0 < b.0));
            let mut finer = Buckets { schema: 3, counts: all.counts.clone() };
            while finer.schema > few.schema + 1 {
                finer = finer.halved();
            }
            prop_assert!(few.schema == 3 || finer.counts.len() > most);
            for (index, _) in &few.counts {
                let limit = bound(few.schema, *index) * (1.0 + 1e-12);
                prop_assert_eq!(below(&few, limit), below(&all, limit));
            }
        }
    }
}
