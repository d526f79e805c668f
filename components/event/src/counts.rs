//! Integer counts over the rows of a request.

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

/// Upper bounds of the confidence histogram (`le`), without `+Inf`. They are those of the replaced service.
pub const CONFIDENCE_BOUNDS: [f64; 8] = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0];

/// Number of confidence buckets, `+Inf` included.
pub const CONFIDENCE_BUCKETS: usize = CONFIDENCE_BOUNDS.len() + 1;

/// A probability in billionths, rounded. Sums of these are exact and do not depend on order.
///
/// ```
/// assert_eq!(portent_event::to_nano(0.714_161_266_7), 714_161_267);
/// ```
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to 0..=1e9 first")]
pub const fn to_nano(probability: f64) -> u64 {
    (probability.clamp(0.0, 1.0) * 1e9).round() as u64
}

/// Least and greatest confidence of each bucket, in billionths.
pub(crate) static CONFIDENCE_NANO: [(u64, u64); CONFIDENCE_BUCKETS] = {
    let mut ranges = [(0, to_nano(1.0)); CONFIDENCE_BUCKETS];
    let mut bucket = 0;
    while bucket < CONFIDENCE_BOUNDS.len() {
        ranges[bucket].1 = to_nano(CONFIDENCE_BOUNDS[bucket]);
        ranges[bucket + 1].0 = ranges[bucket].1;
        bucket += 1;
    }
    ranges
};

/// The rows predicted as one class.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassCounts {
    /// Rows with this class as their result.
    pub count: u32,
    /// Rows per bucket of [`CONFIDENCE_BOUNDS`], not cumulative, trailing zeros left out.
    #[serde(default, skip_serializing_if = "SmallVec::is_empty")]
    pub confidence: SmallVec<[u32; CONFIDENCE_BUCKETS]>,
    /// Sum of the confidences, in billionths.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub confidence_sum_nano: u64,
}

impl ClassCounts {
    /// Counts one row with this confidence (the probability of the predicted class, 0 to 1).
    pub fn observe(&mut self, confidence: f64) {
        let bucket = CONFIDENCE_BOUNDS.partition_point(|bound| *bound < confidence);
        if self.confidence.len() <= bucket {
            self.confidence.resize(bucket + 1, 0);
        }
        self.confidence[bucket] += 1;
        self.count += 1;
        self.confidence_sum_nano += to_nano(confidence);
    }
}

/// A sparse list of `(index, count)` in ascending order of index; flat in JSON: `[index, count, …]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pairs(SmallVec<[(u16, u32); 2]>);

impl Pairs {
    /// Adds `count` to `index`.
    pub fn add(&mut self, index: u16, count: u32) {
        match self.0.binary_search_by_key(&index, |pair| pair.0) {
            Ok(at) => self.0[at].1 += count,
            Err(at) => self.0.insert(at, (index, count)),
        }
    }

    /// Appends a pair; `None` if its index is not above the last one.
    #[inline]
    pub(crate) fn push(&mut self, index: u16, count: u32) -> Option<()> {
        let ascends = self.0.last().is_none_or(|(last, _)| *last < index);
        ascends.then(|| self.0.push((index, count)))
    }

    /// The pairs, ascending by index.
    pub fn iter(&self) -> impl Iterator<Item = (u16, u32)> + '_ {
        self.0.iter().copied()
    }

    /// Whether nothing was counted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Pairs {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().flat_map(|pair| [u32::from(pair.0), pair.1]))
    }
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let flat = Vec::<u32>::deserialize(deserializer)?;
        if flat.len() % 2 != 0 {
            return Err(D::Error::custom("pairs need an even number of integers"));
        }
        let mut pairs = Self::default();
        for pair in flat.chunks_exact(2) {
            let index = u16::try_from(pair[0]).map_err(|_| D::Error::custom("index above 65535"))?;
            pairs.push(index, pair[1]).ok_or_else(|| D::Error::custom("indexes must ascend"))?;
        }
        Ok(pairs)
    }
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}
