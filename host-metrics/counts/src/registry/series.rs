//! Counts for one set of label values, with the moment since which they are counted.

use portent_event::limits::NAME_BYTES;
use serde::{Deserialize, Serialize};

use super::histogram::DurationHistogram;
use super::native::NativeHistogram;

/// A counter.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counter {
    /// The count.
    pub value: u64,
    /// Since when it is counted, in nanoseconds since the epoch.
    pub created: u64,
    /// The newest request that it counts. A restart forgets it.
    #[serde(skip)]
    pub exemplar: Option<Box<Exemplar>>,
}

/// Durations, as a classic and as a native histogram.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DurationSeries {
    /// Counts over [`super::DURATION`], and the exact sum.
    pub classic: DurationHistogram,
    /// Counts over exponential buckets.
    pub native: NativeHistogram,
    /// Since when it is counted, in nanoseconds since the epoch.
    pub created: u64,
    /// The newest request in each classic bucket, if one is known. A restart forgets it.
    #[serde(skip)]
    exemplars: Vec<(u8, Exemplar)>,
}

/// One request that was counted in a series.
///
/// The request ID is stored inline, since an exemplar is made for every event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exemplar {
    /// When the request ended, in nanoseconds since the epoch. It comes first: of two exemplars the greater
    /// one is kept, so that their order does not matter.
    pub time: u64,
    /// The amount that the request added, in billionths.
    pub value_nano: u64,
    length: u8,
    request_id: [u8; NAME_BYTES],
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

    pub(crate) fn merge(&mut self, other: &Self) {
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
        remember(&mut self.exemplars, (u8::try_from(bucket).unwrap_or_default(), exemplar));
    }

    /// Adds another histogram.
    pub fn merge(&mut self, other: &Self) {
        self.classic.merge(&other.classic);
        self.native.merge(&other.native);
        self.created = self.created.min(other.created);
        other.exemplars.iter().for_each(|more| remember(&mut self.exemplars, *more));
    }
}

/// Adds an exemplar with its bucket. The newest one of each bucket stays.
pub fn remember(exemplars: &mut Vec<(u8, Exemplar)>, (bucket, exemplar): (u8, Exemplar)) {
    match exemplars.iter_mut().find(|(other, _)| *other == bucket) {
        Some((_, known)) => *known = exemplar.max(*known),
        None => exemplars.push((bucket, exemplar)),
    }
}

impl Exemplar {
    /// An exemplar of a request; its identity is cut after [`NAME_BYTES`].
    #[must_use]
    pub fn new(request_id: &str, value_nano: u64, time: u64) -> Self {
        let length = request_id.floor_char_boundary(NAME_BYTES);
        let mut bytes = [0; NAME_BYTES];
        bytes[..length].copy_from_slice(&request_id.as_bytes()[..length]);
        Self { time, value_nano, length: u8::try_from(length).unwrap_or_default(), request_id: bytes }
    }

    /// The identity of the request.
    #[must_use]
    pub fn request_id(&self) -> &str {
        let bytes = self.request_id.get(..usize::from(self.length)).unwrap_or_default();
        str::from_utf8(bytes).unwrap_or_default()
    }
}

impl std::fmt::Debug for Exemplar {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} @{}", self.request_id(), self.value_nano, self.time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identities_are_kept_up_to_the_limit() {
        assert_eq!(Exemplar::new("r-1", 1, 2).request_id(), "r-1");
        assert_eq!(Exemplar::new(&"é".repeat(40), 1, 2).request_id(), "é".repeat(32));
        assert_eq!(Exemplar::new(&format!("a{}", "é".repeat(40)), 1, 2).request_id().len(), 63);
    }

    #[test]
    fn the_newer_is_the_greater() {
        assert!(Exemplar::new("a", 1, 3) > Exemplar::new("b", 9, 2));
    }
}
