//! Exemplars: the identity of one request among those that a number counts.

use portent_event::limits::NAME_BYTES;

/// One request that was counted in a series.
///
/// The identity is kept in place, since one is made for every event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exemplar {
    /// When the request ended, in nanoseconds since the epoch. It comes first: of two exemplars the greater
    /// one is kept, so that their order does not matter.
    pub time: u64,
    /// What the request added, in billionths.
    pub value_nano: u64,
    length: u8,
    request_id: [u8; NAME_BYTES],
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
