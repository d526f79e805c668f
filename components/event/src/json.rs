//! Lines in any form that JSON allows: keys in any order, blanks, escapes.

use std::borrow::Cow;

use serde::Deserialize;

use crate::decode::VERSION;
use crate::{
    DecodeError, DropReason, DropReport, Durations, ErrorType, Event, Line, Method, Predictions, Route,
    is_name,
};

/// Reads a line and checks every rule.
pub(crate) fn read(line: &[u8]) -> Result<Line<'_>, DecodeError> {
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
        None => {
            let event = wire.into_event()?;
            event.check()?;
            Ok(Line::Event(event))
        }
    }
}

/// Both records as they stand on the wire.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    portent: u8,
    #[serde(borrow, default)]
    time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    app: Cow<'a, str>,
    #[serde(borrow, default)]
    request_id: Option<Cow<'a, str>>,
    #[serde(default)]
    method: Option<Method>,
    #[serde(default)]
    route: Option<Route>,
    #[serde(default)]
    status: Option<u16>,
    #[serde(default)]
    error: Option<ErrorType>,
    #[serde(default)]
    ns: Option<Durations>,
    #[serde(borrow, default)]
    predictions: Vec<Predictions<'a>>,
    #[serde(default)]
    truncated: bool,
    #[serde(default)]
    dropped: Option<u32>,
    #[serde(default)]
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
