//! Reading lines: the canonical form first, then any other form of JSON.

use std::borrow::Cow;

use serde::Deserialize;

use crate::record::{DropReport, Durations, Event, Predictions, VERSION};
use crate::vocabulary::{DropReason, ErrorType, Method, Route, is_name};
use crate::{canonical, limits};

/// Every event line begins like this.
const PREFIX: &[u8] = b"{\"portent\":";

/// A decoded line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// A request that was answered.
    Event(Event<'a>),
    /// Events given up by a sender.
    Dropped(DropReport<'a>),
}

/// Why an event line cannot be counted. Carries no content of the line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Longer than [`limits::ACCEPTED_LINE_BYTES`].
    #[error("line longer than {} bytes", limits::ACCEPTED_LINE_BYTES)]
    TooLong,
    /// Not JSON of the expected shape.
    #[error("not an event at column {column}: {rule}")]
    Malformed {
        /// Byte column, from 1.
        column: usize,
        /// What was expected there.
        rule: String,
    },
    /// A format version that this program does not read.
    #[error("event format version {0} is not supported")]
    Version(u8),
    /// Well-formed, but it contradicts itself or a limit.
    #[error("{0}")]
    Rule(&'static str),
}

/// Whether a line claims to be an event line. Readers of logs ignore all other lines.
pub fn is_event_line(line: &[u8]) -> bool {
    line.starts_with(PREFIX)
}

impl<'a> Line<'a> {
    /// Reads one line, without its newline, and checks every rule.
    ///
    /// Lines as [`Event::encode`] writes them are read several times faster than any other JSON.
    ///
    /// # Errors
    /// [`DecodeError`] names the first rule that the line breaks.
    pub fn decode(line: &'a [u8]) -> Result<Self, DecodeError> {
        if line.len() > limits::ACCEPTED_LINE_BYTES {
            return Err(DecodeError::TooLong);
        }
        canonical::read(line).map_or_else(|| read_json(line), checked)
    }
}

/// Reads a line in any form that JSON allows: keys in any order, blanks, escapes. Checks every rule.
pub(crate) fn read_json(line: &[u8]) -> Result<Line<'_>, DecodeError> {
    let wire: Wire<'_> = serde_json::from_slice(line).map_err(|error| malformed(&error))?;
    if wire.portent != VERSION {
        return Err(DecodeError::Version(wire.portent));
    }
    if !is_name(&wire.app) {
        return Err(DecodeError::Rule(
            "app is not a name of 1 to 64 characters a-z, A-Z, 0-9, '.', '_', '-'",
        ));
    }
    match wire.dropped {
        Some(_) if wire.is_event() => Err(DecodeError::Rule("an event and a drop report in one line")),
        Some(count) => Ok(Line::Dropped(DropReport {
            app: wire.app,
            count,
            reason: wire.reason.unwrap_or(DropReason::Other),
        })),
        None => checked(wire.into_event()?),
    }
}

fn checked(event: Event<'_>) -> Result<Line<'_>, DecodeError> {
    event.broken_rule().map_or(Ok(Line::Event(event)), |rule| Err(DecodeError::Rule(rule)))
}

/// The keys of both records.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    portent: u8,
    #[serde(borrow)]
    time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    app: Cow<'a, str>,
    #[serde(borrow)]
    request_id: Option<Cow<'a, str>>,
    method: Option<Method>,
    route: Option<Route>,
    status: Option<u16>,
    error: Option<ErrorType>,
    ns: Option<Durations>,
    #[serde(borrow, default)]
    predictions: Vec<Predictions<'a>>,
    #[serde(default)]
    truncated: bool,
    dropped: Option<u32>,
    reason: Option<DropReason>,
}

impl<'a> Wire<'a> {
    /// Whether it has a field that only events have.
    fn is_event(&self) -> bool {
        self.status.is_some() || self.ns.is_some() || self.route.is_some() || !self.predictions.is_empty()
    }

    fn into_event(self) -> Result<Event<'a>, DecodeError> {
        let required = DecodeError::Rule;
        Ok(Event {
            time: self.time.ok_or(required("time is missing"))?,
            app: self.app,
            request_id: self.request_id.ok_or(required("request_id is missing"))?,
            method: self.method.ok_or(required("method is missing"))?,
            route: self.route.ok_or(required("route is missing"))?,
            status: self.status.ok_or(required("status is missing"))?,
            error: self.error,
            durations: self.ns.ok_or(required("ns is missing"))?,
            predictions: self.predictions,
            truncated: self.truncated,
        })
    }
}

/// serde_json's message without the offending text, which could hold what must not be logged.
fn malformed(error: &serde_json::Error) -> DecodeError {
    let rule = match error.classify() {
        serde_json::error::Category::Eof => "the line ends too early",
        serde_json::error::Category::Data => "a field is missing, unknown or of the wrong type",
        serde_json::error::Category::Syntax | serde_json::error::Category::Io => "not valid JSON",
    };
    DecodeError::Malformed { column: error.column(), rule: rule.to_owned() }
}
