//! Time as nanoseconds since the epoch, and as events write it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Nanoseconds of a second.
pub const SECOND: u64 = 1_000_000_000;

/// The wall clock; 0 before 1970.
#[must_use]
pub fn now() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX)
}

/// Writes a time as RFC 3339 in UTC, with milliseconds.
#[must_use]
pub fn format(time: u64) -> String {
    humantime::format_rfc3339_millis(UNIX_EPOCH + Duration::from_nanos(time)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_with_milliseconds() {
        assert_eq!(format(951_868_799 * SECOND + 250_999_999), "2000-02-29T23:59:59.250Z");
        assert_eq!(format(u64::MAX), "2554-07-21T23:34:33.709Z");
    }
}
