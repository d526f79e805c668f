//! Every event is delivered once or reported lost once, whatever the traffic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::time::Duration;

use portent_adapter::batch::{Batch, Delivery, Step};
use portent_adapter::limits::{BUDGET, FLUSH_AFTER, FLUSH_EVENTS, QUEUE_BYTES, QUEUE_EVENTS};
use portent_event::{DropReason, DropReport, Durations, Event, Line, Method, Route};
use proptest::prelude::*;

fn event(id: u32) -> Event<'static> {
    Event {
        time: "2026-01-02T03:04:05Z".into(),
        app: "heart".into(),
        request_id: id.to_string().into(),
        method: Method::Post,
        route: Route::Predict,
        status: 200,
        error: None,
        durations: Durations { total: 42_000, ..Durations::default() },
        predictions: Vec::new(),
        truncated: false,
    }
}

/// Ids of the events, and the number of events reported as lost.
fn read(lines: &[u8]) -> (Vec<u32>, u32) {
    let (mut ids, mut lost) = (Vec::new(), 0);
    for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match Line::decode(line).expect("a line") {
            Line::Event(event) => ids.push(event.request_id.parse().unwrap()),
            Line::Dropped(DropReport { app, count, .. }) => {
                assert_eq!(app, "heart");
                lost += count;
            }
        }
    }
    (ids, lost)
}

fn delivery(step: Step) -> Delivery {
    match step {
        Step::Deliver(delivery) => delivery,
        other => panic!("no delivery: {other:?}"),
    }
}

#[test]
fn a_full_batch_leaves_at_once_and_one_that_is_not_full_waits() {
    let mut batch = Batch::default();
    assert_eq!(batch.push(&[event(0)]), Step::Wait(1));
    for id in 1..FLUSH_EVENTS - 1 {
        assert_eq!(batch.push(&[event(id)]), Step::Done);
    }
    let full = delivery(batch.push(&[event(FLUSH_EVENTS - 1)]));
    assert_eq!(read(&full.lines).0, (0..FLUSH_EVENTS).collect::<Vec<_>>());
    assert_eq!(batch.waited(1), Step::Done, "the wait has been overtaken");
    assert_eq!(batch.delivered(full, Ok(())), Step::Done);
    assert_eq!(batch.push(&[event(99)]), Step::Wait(2));
    let next = delivery(batch.waited(2));
    assert_eq!((next.sequence, read(&next.lines).0), (1, vec![99]));
}

#[test]
fn lost_events_are_reported_with_the_next_delivery_or_printed_where_there_is_none() {
    let mut batch = Batch::default();
    batch.push(&[event(0), event(1)]);
    let first = delivery(batch.waited(1));
    batch.push(&[event(2)]);
    assert_eq!(batch.delivered(first, Err(DropReason::Timeout)), Step::Wait(2));
    let second = delivery(batch.waited(2));
    assert_eq!(read(&second.lines), (vec![2], 2));
    let Step::Print(lines) = batch.delivered(second, Err(DropReason::Timeout)) else { panic!("a report") };
    let report = DropReport { app: "heart".into(), count: 3, reason: DropReason::Timeout };
    let mut expected = Vec::new();
    report.encode(&mut expected);
    assert_eq!(lines, expected, "one line of one reason");
    assert_eq!(batch.push(&[event(3)]), Step::Wait(3));
    assert_eq!(read(&delivery(batch.waited(3)).lines), (vec![3], 0), "a report leaves once");
}

#[test]
fn the_queue_is_bounded_and_what_finds_no_room_is_counted() {
    let mut batch = Batch::default();
    batch.push(&[event(0)]);
    let under_way = delivery(batch.waited(1));
    for id in 1..=QUEUE_EVENTS + 7 {
        assert_eq!(batch.push(&[event(id)]), Step::Done);
    }
    let next = delivery(batch.delivered(under_way, Ok(())));
    let (ids, lost) = read(&next.lines);
    assert_eq!((ids.len() as u32, lost), (QUEUE_EVENTS, 7));
    assert!(next.lines.len() <= QUEUE_BYTES + 1024, "its bytes too");
}

/// A component in virtual time, with what its tasks wait for.
#[derive(Default)]
struct Component {
    batch: Batch,
    now: Duration,
    waits: Vec<(Duration, u64)>,
    under_way: Option<(Duration, Delivery, Result<(), DropReason>)>,
    counted: Vec<u32>,
    given_up: u32,
    reported: u32,
    pushed: Vec<Duration>,
    sequences: BTreeSet<u64>,
}

impl Component {
    fn follow(&mut self, step: Step, latency: Duration, result: Result<(), DropReason>) {
        match step {
            Step::Done => {}
            Step::Print(lines) => self.reported += read(&lines).1,
            Step::Wait(number) => self.waits.push((self.now + FLUSH_AFTER, number)),
            Step::Deliver(delivery) => {
                assert!(self.under_way.is_none(), "one delivery at a time");
                assert!(self.sequences.insert(delivery.sequence), "a number for each");
                let (ids, lost) = read(&delivery.lines);
                assert!(!ids.is_empty(), "a delivery holds an event");
                for id in &ids {
                    let age = self.now - self.pushed[*id as usize];
                    assert!(age <= FLUSH_AFTER + BUDGET, "event {id} waited {age:?}");
                }
                match result {
                    Ok(()) => {
                        self.counted.extend(ids);
                        self.reported += lost;
                    }
                    Err(_) => self.given_up += ids.len() as u32,
                }
                self.under_way = Some((self.now + latency, delivery, result));
            }
        }
    }

    fn push(&mut self, count: u32, latency: Duration, result: Result<(), DropReason>) {
        let start = self.pushed.len() as u32;
        self.pushed.extend((0..count).map(|_| self.now));
        let events: Vec<_> = (start..start + count).map(event).collect();
        let step = self.batch.push(&events);
        self.follow(step, latency, result);
    }

    /// Lets time pass until then, or until no task has anything left to do.
    fn run(&mut self, until: Option<Duration>, latency: Duration, result: Result<(), DropReason>) {
        loop {
            self.waits.sort_unstable();
            let wait = self.waits.first().map(|(time, _)| *time);
            let end = self.under_way.as_ref().map(|(time, ..)| *time);
            let Some(next) = wait.into_iter().chain(end).min() else { break };
            if until.is_some_and(|until| next > until) {
                break;
            }
            self.now = next;
            let step = if end == Some(next) {
                let Some((_, delivery, result)) = self.under_way.take() else {
                    unreachable!("it has an end")
                };
                self.batch.delivered(delivery, result)
            } else {
                let (_, number) = self.waits.remove(0);
                self.batch.waited(number)
            };
            self.follow(step, latency, result);
        }
        self.now = until.unwrap_or(self.now);
    }
}

fn outcome() -> impl Strategy<Value = Result<(), DropReason>> {
    prop_oneof![3 => Just(Ok(())), 1 => Just(Err(DropReason::Timeout)), 1 => Just(Err(DropReason::Refused))]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn every_event_is_delivered_once_or_reported_lost_once(
        traffic in prop::collection::vec((0..200_u64, 1..600_u32, 0..500_u64, outcome()), 1..20)
    ) {
        let mut component = Component::default();
        for (pause, count, latency, result) in traffic {
            let latency = Duration::from_millis(latency);
            let until = component.now + Duration::from_millis(pause);
            component.run(Some(until), latency, result);
            component.push(count, latency, result);
        }
        component.run(None, Duration::from_millis(5), Ok(()));
        let distinct: BTreeSet<_> = component.counted.iter().collect();
        prop_assert_eq!(distinct.len(), component.counted.len(), "no event twice");
        prop_assert_eq!(component.counted.len() + component.reported as usize, component.pushed.len());
        prop_assert!(component.given_up <= component.reported, "and not a lost one less");
        prop_assert!(component.waits.is_empty() && component.under_way.is_none());
    }
}
