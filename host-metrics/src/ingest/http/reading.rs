//! The lines of a delivery, from the pieces of its body.

use hyper::StatusCode;
use memchr::memchr_iter;
use portent_event::{Event, Line, limits::ACCEPTED_LINE_BYTES};

use super::Refusal;
use crate::aggregator::Delta;
use crate::clock::SECOND;
use crate::registry::Rejection;

/// Most applications of a delivery: each takes some kilobytes while the delivery is being read.
const APPS: usize = 64;

/// How far a sender's clock may be ahead. The window of repeats counts on event times, so a source with such
/// a clock, once forgotten, puts what others may send off for as long.
const CLOCK_TOLERANCE: u64 = 10 * SECOND;

/// The lines of a delivery, counted as they arrive.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    delta: Delta<'a>,
    /// The beginning of a line whose end has not arrived.
    torn: Vec<u8>,
    lines: usize,
    oldest: Option<u64>,
}

/// All lines of a delivery.
pub(super) struct Read<'a> {
    pub(super) delta: Delta<'a>,
    /// As the sender states it, so that a repeat has the same.
    pub(super) oldest_event: u64,
    pub(super) lines: usize,
}

impl<'a> Reading<'a> {
    pub(super) fn new(delta: Delta<'a>) -> Self {
        Self { delta, torn: Vec::new(), lines: 0, oldest: None }
    }

    /// Counts the lines that end in a piece of the body, or names the first that is not right and the rule it
    /// breaks.
    pub(super) fn take(&mut self, piece: &[u8]) -> Result<(), Refusal> {
        let mut start = 0;
        for end in memchr_iter(b'\n', piece) {
            let line = piece.get(start..end).unwrap_or_default();
            start = end + 1;
            if self.torn.is_empty() {
                self.count(line)?;
            } else {
                let mut torn = std::mem::take(&mut self.torn);
                torn.extend_from_slice(line);
                self.count(&torn)?;
            }
        }
        self.torn.extend_from_slice(piece.get(start..).unwrap_or_default());
        if self.torn.len() > ACCEPTED_LINE_BYTES {
            // It is refused for its length, whatever may follow.
            let torn = std::mem::take(&mut self.torn);
            return self.count(&torn);
        }
        Ok(())
    }

    fn count(&mut self, line: &[u8]) -> Result<(), Refusal> {
        self.lines += 1;
        let number = self.lines;
        let line = Line::decode(line).map_err(|error| bad_line(number, Rejection::from(&error), &error))?;
        match &line {
            Line::Event(event) => {
                let time = event_time(event, self.delta.now());
                let time = time.map_err(|rule| bad_line(number, Rejection::Rule, &rule))?;
                self.oldest = Some(self.oldest.map_or(time, |oldest| oldest.min(time)));
                self.delta.apply_event_of(event, time);
            }
            Line::Dropped(report) => self.delta.apply_drops(report),
        }
        match self.delta.apps() > APPS {
            true => Err(bad_line(number, Rejection::Rule, &"more than 64 applications in one delivery")),
            false => Ok(()),
        }
    }

    /// Counts a last line without its newline.
    pub(super) fn finish(mut self) -> Result<Read<'a>, Refusal> {
        let torn = std::mem::take(&mut self.torn);
        if !torn.is_empty() || self.lines == 0 {
            self.count(&torn)?;
        }
        // Without an event, nothing tells a late repeat from news.
        let none = || bad_line(1, Rejection::Rule, &"a delivery holds at least one event");
        Ok(Read { oldest_event: self.oldest.ok_or_else(none)?, lines: self.lines, delta: self.delta })
    }
}

fn event_time(event: &Event<'_>, now: u64) -> Result<u64, &'static str> {
    let time = event.nanoseconds();
    match time <= now.saturating_add(CLOCK_TOLERANCE) {
        true => Ok(time),
        false => Err("time is more than 10 seconds ahead of the aggregator's clock"),
    }
}

fn bad_line(number: usize, reason: Rejection, rule: &dyn std::fmt::Display) -> Refusal {
    Refusal { status: StatusCode::BAD_REQUEST, reason, message: format!("line {number}: {rule}") }
}
