//! What is counted for one set of label values, with the moment since which it is counted.

use super::exemplar::Exemplar;
use super::histogram::DurationHistogram;
use super::native::NativeHistogram;

/// A counter.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    /// The count.
    pub value: u64,
    /// Since when it is counted, in nanoseconds since the epoch.
    pub created: u64,
    /// The newest request that it counts; not kept over a restart.
    pub exemplar: Option<Box<Exemplar>>,
}

/// Durations, as a classic and as a native histogram.
#[derive(Clone, Debug, Default)]
pub struct DurationSeries {
    /// Counts over [`super::DURATION`], and the exact sum.
    pub classic: DurationHistogram,
    /// Counts over exponential buckets.
    pub native: NativeHistogram,
    /// Since when it is counted, in nanoseconds since the epoch.
    pub created: u64,
    /// The newest request in each classic bucket, where one is known; not kept over a restart.
    exemplars: Vec<(u8, Exemplar)>,
}

impl Counter {
    /// A counter at zero.
    #[must_use]
    pub fn since(created: u64) -> Self {
        Self { created, ..Self::default() }
    }

    pub(super) fn remember(&mut self, exemplar: Exemplar) {
        self.exemplar = self.exemplar.take().max(Some(Box::new(exemplar)));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.value += other.value;
        self.created = self.created.min(other.created);
        other.exemplar.iter().for_each(|exemplar| self.remember(**exemplar));
    }
}

impl DurationSeries {
    /// A histogram without observations.
    #[must_use]
    pub fn since(created: u64) -> Self {
        Self { created, ..Self::default() }
    }

    /// Number of observations.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.classic.buckets.iter().sum()
    }

    /// The newest requests, each with the index of its classic bucket, in no particular order.
    #[must_use]
    pub fn exemplars(&self) -> &[(u8, Exemplar)] {
        &self.exemplars
    }

    pub(super) fn observe(&mut self, nanoseconds: u64) -> usize {
        self.native.observe(nanoseconds);
        self.classic.observe(nanoseconds)
    }

    /// Counts a duration and remembers whose it was.
    pub(super) fn observe_request(&mut self, exemplar: Exemplar) {
        let bucket = self.observe(exemplar.value_nano);
        self.remember(u8::try_from(bucket).unwrap_or_default(), exemplar);
    }

    /// Adds another histogram.
    pub fn merge(&mut self, other: &Self) {
        self.classic.merge(&other.classic);
        self.native.merge(&other.native);
        self.created = self.created.min(other.created);
        other.exemplars.iter().for_each(|(bucket, exemplar)| self.remember(*bucket, *exemplar));
    }

    fn remember(&mut self, bucket: u8, exemplar: Exemplar) {
        match self.exemplars.iter_mut().find(|(other, _)| *other == bucket) {
            Some((_, known)) => *known = exemplar.max(*known),
            None => self.exemplars.push((bucket, exemplar)),
        }
    }
}
