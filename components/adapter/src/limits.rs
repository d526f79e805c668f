//! Bounds on the delivery of events by HTTP.

use std::time::Duration;

/// Waits before the second and the third attempt of a delivery.
pub const RETRY_AFTER: [Duration; 2] = [Duration::from_millis(20), Duration::from_millis(100)];

/// Longest wait for a connection and for each part of the answer, of one attempt.
pub const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(250);

/// No attempt begins later than this after the first.
pub const BUDGET: Duration = Duration::from_millis(500);

/// A batch leaves at the latest this long after its first event, unless a delivery is under way.
pub const FLUSH_AFTER: Duration = Duration::from_millis(50);

/// A batch of so many events leaves at once, unless a delivery is under way.
pub const FLUSH_EVENTS: u32 = 64;

/// Most events that wait for a delivery; one more is dropped and counted.
pub const QUEUE_EVENTS: u32 = 1_024;

/// Most bytes of lines that wait for a delivery; an event that would make more is dropped and counted.
pub const QUEUE_BYTES: usize = 512 * 1024;
