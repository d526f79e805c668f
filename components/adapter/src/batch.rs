//! Collects the events of an instance for deliveries, one at a time. The component does what [`Step`] says: it waits and
//! reports that the time is over, or it delivers and reports the result. Nothing here knows the time or does I/O.
//!
//! Several tasks may call it, in any order. At most one of them delivers at a time, and while events wait, one of them waits
//! or delivers.

use portent_event::{DropReason, Event};

use crate::delivery::drop_report;
use crate::limits::{FLUSH_EVENTS, QUEUE_BYTES, QUEUE_EVENTS};

/// The events of an instance that have not left.
#[derive(Debug, Default)]
pub struct Batch {
    lines: Vec<u8>,
    events: u32,
    app: String,
    lost: Lost,
    state: State,
    waits: u64,
    deliveries: u64,
}

/// Events given up and not yet reported, by reason.
type Lost = Vec<(DropReason, u32)>;

#[derive(Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Idle,
    /// A task waits; only the wait with this number counts.
    Waiting(u64),
    Delivering,
}

/// What the task that asked has to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: another task takes care of the events, or there are none.
    Done,
    /// Wait for [`crate::limits::FLUSH_AFTER`], then call [`Batch::waited`] with the number of the wait.
    Wait(u64),
    /// Deliver this, then call [`Batch::delivered`].
    Deliver(Delivery),
    /// Print these lines: they report lost events, and no delivery follows that would carry them.
    Print(Vec<u8>),
}

/// Lines that go together.
#[derive(Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Number of the delivery, from 0.
    pub sequence: u64,
    /// Lines of events, and reports of events lost before.
    pub lines: Vec<u8>,
    events: u32,
    reported: Lost,
}

impl Batch {
    /// Takes the events of an answer in, or counts them as lost if there is no room.
    pub fn push(&mut self, events: &[Event<'_>]) -> Step {
        for event in events {
            self.push_event(event);
        }
        match self.state {
            _ if self.events == 0 => self.rest(),
            State::Idle if self.events < FLUSH_EVENTS => self.wait(),
            State::Idle | State::Waiting(_) if self.events >= FLUSH_EVENTS => self.deliver(),
            _ => Step::Done,
        }
    }

    /// The wait with this number is over.
    pub fn waited(&mut self, number: u64) -> Step {
        if self.state == State::Waiting(number) { self.deliver() } else { Step::Done }
    }

    /// The delivery has come to its end.
    pub fn delivered(&mut self, delivery: Delivery, result: Result<(), DropReason>) -> Step {
        if let Err(reason) = result {
            delivery.reported.into_iter().for_each(|(reason, count)| self.lose(reason, count));
            self.lose(reason, delivery.events);
        }
        self.state = State::Idle;
        match self.events {
            0 => self.rest(),
            FLUSH_EVENTS.. => self.deliver(),
            _ => self.wait(),
        }
    }

    fn push_event(&mut self, event: &Event<'_>) {
        if self.app.is_empty() {
            self.app.push_str(&event.app);
        }
        let start = self.lines.len();
        if self.events < QUEUE_EVENTS {
            event.encode(&mut self.lines);
        }
        if self.lines.len() > start && self.lines.len() <= QUEUE_BYTES {
            self.events += 1;
        } else {
            self.lines.truncate(start);
            self.lose(DropReason::Other, 1);
        }
    }

    fn lose(&mut self, reason: DropReason, count: u32) {
        match self.lost.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, lost)) => *lost = lost.saturating_add(count),
            None => self.lost.push((reason, count)),
        }
    }

    fn wait(&mut self) -> Step {
        self.waits += 1;
        self.state = State::Waiting(self.waits);
        Step::Wait(self.waits)
    }

    fn deliver(&mut self) -> Step {
        let sequence = self.deliveries;
        self.deliveries += 1;
        self.state = State::Delivering;
        let reported = std::mem::take(&mut self.lost);
        let mut lines = std::mem::take(&mut self.lines);
        lines.extend_from_slice(&self.reports(&reported));
        Step::Deliver(Delivery { sequence, lines, events: std::mem::take(&mut self.events), reported })
    }

    /// Reports lost events at once if no event waits, since no delivery follows that would carry the report.
    fn rest(&mut self) -> Step {
        if self.lost.is_empty() || self.state == State::Delivering {
            return Step::Done;
        }
        let lost = std::mem::take(&mut self.lost);
        Step::Print(self.reports(&lost))
    }

    fn reports(&self, lost: &Lost) -> Vec<u8> {
        lost.iter().flat_map(|(reason, count)| drop_report(&self.app, *count, *reason)).collect()
    }
}
