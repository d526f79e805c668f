//! Counts of what a listener turned away before its handler saw it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why a listener turned a connection or a request away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// What came is not a request in HTTP/1; answered 400 where an answer is possible.
    BadRequest,
    /// A scrape beyond those that are being answered.
    Busy,
    /// An idle connection, closed at the limit of connections so that another could come in.
    Displaced,
    /// A TLS handshake that failed or did not end in time.
    Handshake,
    /// The head of a request is longer than the limit (431), or its target is (414).
    HeadTooLarge,
    /// The head of a request began to arrive and did not end in time.
    Timeout,
    /// A request without a token that is accepted here; answered 401.
    Unauthorized,
}

impl Refusal {
    /// Every reason, in the order of their texts.
    pub const ALL: [Self; 7] = [
        Self::BadRequest,
        Self::Busy,
        Self::Displaced,
        Self::Handshake,
        Self::HeadTooLarge,
        Self::Timeout,
        Self::Unauthorized,
    ];

    /// The label value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BadRequest => "bad_request",
            Self::Busy => "busy",
            Self::Displaced => "displaced",
            Self::Handshake => "handshake",
            Self::HeadTooLarge => "head_too_large",
            Self::Timeout => "timeout",
            Self::Unauthorized => "unauthorized",
        }
    }

    /// What hyper ended a connection for; `None` if no request was turned away. `head_begun` says whether
    /// anything came since the last answer: without it a timeout is the end of a connection that was idle.
    pub(super) fn of(error: &hyper::Error, head_begun: bool) -> Option<Self> {
        if error.is_parse_too_large() {
            Some(Self::HeadTooLarge)
        } else if error.is_parse() {
            Some(Self::BadRequest)
        } else if error.is_timeout() && head_begun {
            Some(Self::Timeout)
        } else {
            None
        }
    }
}

/// How often a listener turned something away, by reason.
#[derive(Debug, Default)]
pub struct Refusals {
    counts: [AtomicU64; Refusal::ALL.len()],
}

impl Refusals {
    /// Counts one.
    pub(crate) fn count(&self, reason: Refusal) {
        self.counts[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// The number counted for this reason since the start.
    #[must_use]
    pub fn read(&self, reason: Refusal) -> u64 {
        self.counts[reason as usize].load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_counted_for_itself() {
        let refusals = Refusals::default();
        for (reason, times) in Refusal::ALL.into_iter().zip(1..) {
            (0..times).for_each(|_| refusals.count(reason));
        }
        assert_eq!(Refusal::ALL.map(|reason| refusals.read(reason)), [1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn reasons_are_in_the_order_of_their_texts() {
        assert!(Refusal::ALL.is_sorted_by_key(|reason| reason.as_str()));
    }
}
