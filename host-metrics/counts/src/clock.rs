//! The wall clock, and times as nanoseconds since the epoch.

use std::time::SystemTime;

use portent_event::time::{format_rfc3339, nanoseconds};

pub use portent_event::time::SECOND;

/// The wall clock; 0 before 1970.
#[must_use]
pub fn now() -> u64 {
    nanoseconds(SystemTime::now())
}

/// Writes a time as RFC 3339 in UTC, with milliseconds.
#[must_use]
pub fn format(time: u64) -> String {
    format_rfc3339(time, 3)
}
