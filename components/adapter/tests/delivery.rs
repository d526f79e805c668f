//! The rules of a delivery, and the page that states its limits.

use std::ops::ControlFlow::{Break, Continue};
use std::time::Duration;

use portent_adapter::delivery::{Attempts, Source};
use portent_adapter::limits::{
    ATTEMPT_TIMEOUT, BUDGET, FLUSH_AFTER, FLUSH_EVENTS, QUEUE_BYTES, QUEUE_EVENTS, RETRY_AFTER,
};
use portent_event::DropReason;

const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn a_failed_attempt_is_repeated_twice_within_the_budget() {
    let failed = Ok(503);
    let mut attempts = Attempts::default();
    assert_eq!(attempts.after(failed, MILLISECOND), Continue(RETRY_AFTER[0]));
    assert_eq!(attempts.after(failed, 22 * MILLISECOND), Continue(RETRY_AFTER[1]));
    assert_eq!(attempts.after(failed, 123 * MILLISECOND), Break(Err(DropReason::Failed)));
    let mut slow = Attempts::default();
    assert_eq!(slow.after(failed, BUDGET - RETRY_AFTER[0]), Break(Err(DropReason::Failed)));
}

#[test]
fn an_answer_ends_a_delivery_unless_another_may_differ() {
    let end = |status| Attempts::default().after(Ok(status), Duration::ZERO);
    assert_eq!(end(200), Break(Ok(())));
    assert_eq!(end(204), Break(Err(DropReason::Other)));
    for status in [301, 400, 401, 413] {
        assert_eq!(end(status), Break(Err(DropReason::Refused)), "{status}");
    }
    for status in [429, 500, 503] {
        assert_eq!(end(status), Continue(RETRY_AFTER[0]), "{status}");
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
        format!("those that wait (at most {queue}), and"),
    ];
    for row in rows {
        assert!(page.contains(&row), "docs/events.md does not say {row:?}");
    }
}
