//! The rules of a delivery to the aggregator: what it says of itself, and when it is tried again.

use std::time::Duration;

use portent_event::{DropReason, DropReport};
use portent_service::Token;

use crate::limits::{BUDGET, RETRY_AFTER};

/// Path that takes deliveries.
pub const PATH: &str = "/v1/events";

/// A sender's name, which no other sender has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source(String);

/// Names and values of headers, as hosts take them.
pub type Headers = Vec<(String, Vec<u8>)>;

impl Source {
    /// A name of two random numbers.
    #[must_use]
    pub fn new(random: [u64; 2]) -> Self {
        Self(format!("{:016x}{:016x}", random[0], random[1]))
    }

    /// The headers of the delivery with this number and so many bytes. Its repetitions have the same, so that the
    /// aggregator counts it once however often it comes.
    #[must_use]
    pub fn headers(&self, sequence: u64, bytes: usize, token: Option<&Token>) -> Headers {
        let headers = [
            ("content-type", "application/x-ndjson".to_owned()),
            ("content-length", bytes.to_string()),
            ("portent-source", self.0.clone()),
            ("portent-sequence", sequence.to_string()),
        ];
        let token = token.map(|token| ("authorization", token.authorization()));
        headers.into_iter().chain(token).map(|(name, value)| (name.to_owned(), value.into_bytes())).collect()
    }
}

/// What an attempt came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// The events are counted.
    Counted,
    /// They are not, and will not be.
    Final(DropReason),
    /// They are not, or not known to be, and may be another time.
    Failed(DropReason),
}

impl Attempt {
    /// What a status of the aggregator means.
    #[must_use]
    pub fn answered(status: u16) -> Self {
        match status {
            200 => Self::Counted,
            201..=299 => Self::Final(DropReason::Other),
            429 | 500..=599 => Self::Failed(DropReason::Failed),
            _ => Self::Final(DropReason::Refused),
        }
    }
}

/// The attempts of one delivery.
#[derive(Debug, Default)]
pub struct Attempts {
    failed: usize,
}

/// What comes after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: the delivery has come to its end.
    End(Result<(), DropReason>),
    /// Another attempt, after this time.
    Again(Duration),
}

impl Attempts {
    /// What comes after this attempt, so long after the first one began.
    pub fn after(&mut self, attempt: Attempt, elapsed: Duration) -> Next {
        let reason = match attempt {
            Attempt::Counted => return Next::End(Ok(())),
            Attempt::Final(reason) => return Next::End(Err(reason)),
            Attempt::Failed(reason) => reason,
        };
        let wait = RETRY_AFTER.get(self.failed);
        self.failed += 1;
        match wait {
            Some(wait) if elapsed + *wait < BUDGET => Next::Again(*wait),
            _ => Next::End(Err(reason)),
        }
    }
}

/// The line that says how many events were given up.
#[must_use]
pub fn drop_report(app: &str, count: u32, reason: DropReason) -> Vec<u8> {
    let mut line = Vec::new();
    DropReport { app: app.into(), count, reason }.encode(&mut line);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: Duration = Duration::from_millis(1);

    #[test]
    fn a_failed_attempt_is_repeated_twice_within_the_budget() {
        let failed = Attempt::answered(503);
        let mut attempts = Attempts::default();
        assert_eq!(attempts.after(failed, MILLISECOND), Next::Again(RETRY_AFTER[0]));
        assert_eq!(attempts.after(failed, 22 * MILLISECOND), Next::Again(RETRY_AFTER[1]));
        assert_eq!(attempts.after(failed, 123 * MILLISECOND), Next::End(Err(DropReason::Failed)));
        let mut slow = Attempts::default();
        assert_eq!(slow.after(failed, BUDGET - RETRY_AFTER[0]), Next::End(Err(DropReason::Failed)));
    }

    #[test]
    fn an_answer_ends_a_delivery_unless_another_may_differ() {
        let end = |status| Attempts::default().after(Attempt::answered(status), Duration::ZERO);
        assert_eq!(end(200), Next::End(Ok(())));
        assert_eq!(end(204), Next::End(Err(DropReason::Other)));
        for status in [301, 400, 401, 413] {
            assert_eq!(end(status), Next::End(Err(DropReason::Refused)), "{status}");
        }
        for status in [429, 500, 503] {
            assert_eq!(end(status), Next::Again(RETRY_AFTER[0]), "{status}");
        }
    }

    #[test]
    fn a_delivery_names_its_source_and_its_number() {
        let headers = Source::new([1, u64::MAX]).headers(7, 300, None);
        let expected = [
            ("content-type", "application/x-ndjson"),
            ("content-length", "300"),
            ("portent-source", "0000000000000001ffffffffffffffff"),
            ("portent-sequence", "7"),
        ];
        assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())));
    }
}
