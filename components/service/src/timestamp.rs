//! Times of readings.

use portent_event::time::{SECOND, Timestamp};

/// Seconds since 1970 of a text as [`Timestamp::parse`] reads it; without an offset it is read as UTC. `None` if it is
/// something else.
pub(crate) fn seconds(text: &str) -> Option<f64> {
    let time = Timestamp::parse(text)?;
    #[expect(clippy::cast_precision_loss, reason = "seconds of years 0 to 9999 are far below 2^52")]
    Some(time.seconds as f64 + f64::from(time.nanoseconds) / SECOND as f64)
}
