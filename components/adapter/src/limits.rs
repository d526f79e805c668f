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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_states_the_limits() {
        let page = include_str!("../../../docs/events.md");
        let [first, second] = RETRY_AFTER.map(|wait| wait.as_millis());
        let queue = format!("{},{:03}", QUEUE_EVENTS / 1_000, QUEUE_EVENTS % 1_000);
        let kib = QUEUE_BYTES / 1_024;
        let rows = [
            format!("each pause in it | {} ms |", ATTEMPT_TIMEOUT.as_millis()),
            format!("| {first} ms after the first failure, {second} ms after the second, "),
            format!("none later than {} ms after the beginning |", BUDGET.as_millis()),
            format!("| a batch, in time | {} ms after its first event,", FLUSH_AFTER.as_millis()),
            format!("| leaves at once with {FLUSH_EVENTS} events,"),
            format!("that wait | {queue}, and {kib} KiB of lines;"),
            format!("that wait, at most {queue}, and"),
        ];
        for row in rows {
            assert!(page.contains(&row), "docs/events.md does not say {row:?}");
        }
    }
}
