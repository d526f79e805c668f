//! Counts of the requests and connections that a listener refused.

use std::sync::atomic::{AtomicU64, Ordering};

/// Why a listener refused a connection or a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalReason {
    /// The bytes are not a request in HTTP/1; answered 400 if possible.
    BadRequest,
    /// Too many requests are in flight, or a handler has its own limit; answered 503.
    Busy,
    /// A connection without a request in flight was closed, so that another could come in.
    Displaced,
    /// A TLS handshake failed or did not end in time.
    Handshake,
    /// The head of a request is longer than the limit (431), or its target is (414).
    HeadTooLarge,
    /// The head of a request began to arrive and did not end in time.
    Timeout,
    /// The request has no token that is accepted; answered 401.
    Unauthorized,
}

impl RefusalReason {
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

    /// Why hyper ended a connection; `None` if it refused no request. `head_begun` says whether anything came
    /// since the last response: without it, the connection that timed out was idle.
    pub(crate) fn of(error: &hyper::Error, head_begun: bool) -> Option<Self> {
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

/// How often a listener refused something, by reason.
#[derive(Debug, Default)]
pub struct RefusedRequests([AtomicU64; RefusalReason::ALL.len()]);

impl RefusedRequests {
    /// Counts one.
    pub fn count(&self, reason: RefusalReason) {
        self.0[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// The number counted for this reason since the start.
    #[must_use]
    pub fn read(&self, reason: RefusalReason) -> u64 {
        self.0[reason as usize].load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests;
