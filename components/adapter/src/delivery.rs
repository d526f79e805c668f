//! The rules of a delivery to the aggregator: its headers, and when it is tried again.

use std::ops::ControlFlow::{self, Break, Continue};
use std::time::Duration;

use portent_event::{DropReason, DropReport};
use portent_service::Token;

use crate::http::Headers;
use crate::limits::{BUDGET, RETRY_AFTER};

/// Path that takes deliveries.
pub const PATH: &str = "/v1/events";

/// A sender's name, which no other sender has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source(String);

impl Source {
    /// A name of two random numbers.
    #[must_use]
    pub fn new(random: [u64; 2]) -> Self {
        Self(format!("{:016x}{:016x}", random[0], random[1]))
    }

    /// The headers of the delivery with this number and length. They are the same in each attempt, so that the aggregator
    /// counts the delivery once, however often it comes.
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

/// The attempts of one delivery.
#[derive(Debug, Default)]
pub struct Attempts {
    failed: usize,
}

impl Attempts {
    /// What follows an attempt that has been answered with this status, or has failed, so long after the first one began:
    /// the end of the delivery, or another attempt after a pause.
    pub fn after(
        &mut self,
        answer: Result<u16, DropReason>,
        elapsed: Duration,
    ) -> ControlFlow<Result<(), DropReason>, Duration> {
        let reason = match answer {
            Ok(200) => return Break(Ok(())),
            Ok(201..=299) => return Break(Err(DropReason::Other)),
            Ok(429 | 500..=599) => DropReason::Failed,
            Ok(_) => return Break(Err(DropReason::Refused)),
            Err(reason) => reason,
        };
        let pause = RETRY_AFTER.get(self.failed);
        self.failed += 1;
        match pause {
            Some(pause) if elapsed + *pause < BUDGET => Continue(*pause),
            _ => Break(Err(reason)),
        }
    }
}

/// The reason for which an attempt failed, by the error of HTTP. Each version of WASI has a type of its own for it.
#[macro_export]
macro_rules! drop_reason {
    ($ErrorCode:ident, $error:expr) => {
        match $error {
            $ErrorCode::ConnectionTimeout
            | $ErrorCode::ConnectionReadTimeout
            | $ErrorCode::ConnectionWriteTimeout
            | $ErrorCode::HttpResponseTimeout => portent_event::DropReason::Timeout,
            $ErrorCode::HttpRequestDenied => portent_event::DropReason::Refused,
            _ => portent_event::DropReason::Unreachable,
        }
    };
}

/// The line that says how many events were given up.
#[must_use]
pub fn drop_report(app: &str, count: u32, reason: DropReason) -> Vec<u8> {
    let mut line = Vec::new();
    DropReport { app: app.into(), count, reason }.encode(&mut line);
    line
}
