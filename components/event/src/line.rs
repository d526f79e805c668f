//! Lines of JSON: writing and reading them.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{DropReason, DropReport, Durations, ErrorType, Event, Method, Predictions, Route, limits};

/// Version of the line format; the value of the first key.
const VERSION: u8 = 1;

/// How every line of ours begins; what begins otherwise is somebody else's output.
const PREFIX: &[u8] = b"{\"portent\":";

/// A decoded line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line<'a> {
    /// An answered request.
    Event(Event<'a>),
    /// Events given up by a sender.
    Dropped(DropReport<'a>),
}

/// Why a line that claims to be ours cannot be counted. Carries no content of the line.
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
    /// Well-formed, but contradicting itself or a limit.
    #[error("{0}")]
    Rule(&'static str),
}

impl<'a> Line<'a> {
    /// Whether a line claims to be one of ours; the rest of a log is passed over.
    #[must_use]
    pub fn is_ours(line: &[u8]) -> bool {
        line.starts_with(PREFIX)
    }

    /// Reads one line, without its newline, and checks every rule.
    ///
    /// # Errors
    /// [`DecodeError`] names the first rule that the line breaks.
    pub fn decode(line: &'a [u8]) -> Result<Self, DecodeError> {
        if line.len() > limits::ACCEPTED_LINE_BYTES {
            return Err(DecodeError::TooLong);
        }
        let wire: Wire<'a> = serde_json::from_slice(line).map_err(|error| malformed(&error))?;
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
            Some(count) => Ok(Self::Dropped(DropReport {
                app: wire.app,
                count,
                reason: wire.reason.unwrap_or(DropReason::Other),
            })),
            None => wire.into_event().map(Self::Event),
        }
    }
}

impl Event<'_> {
    /// Appends the line and its newline to `out`, never more than [`limits::EMITTED_LINE_BYTES`].
    ///
    /// Counts per bin are left out, and the line says so, where they would break that bound.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let start = out.len();
        append(out, &self.wire(Cow::Borrowed(&self.predictions), self.truncated));
        if out.len() - start > limits::EMITTED_LINE_BYTES {
            out.truncate(start);
            append(out, &self.wire(self.predictions.iter().map(without_bins).collect(), true));
        }
    }

    fn wire<'b>(&'b self, predictions: Cow<'b, [Predictions<'b>]>, truncated: bool) -> Wire<'b> {
        Wire {
            portent: VERSION,
            time: Some(Cow::Borrowed(&self.time)),
            app: Cow::Borrowed(&self.app),
            request_id: Some(Cow::Borrowed(&self.request_id)),
            method: Some(self.method),
            route: Some(self.route),
            status: Some(self.status),
            error: self.error,
            ns: Some(self.durations),
            predictions,
            truncated,
            dropped: None,
            reason: None,
        }
    }
}

impl DropReport<'_> {
    /// Appends the line and its newline to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let line = Wire {
            portent: VERSION,
            app: Cow::Borrowed(&self.app),
            dropped: Some(self.count),
            reason: Some(self.reason),
            ..Wire::default()
        };
        append(out, &line);
    }
}

/// Both records as they stand on the wire.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'a> {
    portent: u8,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    time: Option<Cow<'a, str>>,
    #[serde(borrow)]
    app: Cow<'a, str>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    request_id: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method: Option<Method>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    route: Option<Route>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<ErrorType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ns: Option<Durations>,
    #[serde(borrow, default, skip_serializing_if = "<[_]>::is_empty")]
    predictions: Cow<'a, [Predictions<'a>]>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    truncated: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    dropped: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<DropReason>,
}

impl<'a> Wire<'a> {
    /// Whether it has a field that only events have.
    fn is_event(&self) -> bool {
        self.status.is_some() || self.ns.is_some() || self.route.is_some() || !self.predictions.is_empty()
    }

    fn into_event(self) -> Result<Event<'a>, DecodeError> {
        let required = DecodeError::Rule;
        let event = Event {
            time: self.time.ok_or(required("time is missing"))?,
            app: self.app,
            request_id: self.request_id.ok_or(required("request_id is missing"))?,
            method: self.method.ok_or(required("method is missing"))?,
            route: self.route.ok_or(required("route is missing"))?,
            status: self.status.ok_or(required("status is missing"))?,
            error: self.error,
            durations: self.ns.ok_or(required("ns is missing"))?,
            predictions: self.predictions.into_owned(),
            truncated: self.truncated,
        };
        let rules = [
            (is_utc_time(&event.time), "time is not RFC 3339 in UTC"),
            (event.durations.longest() <= limits::DURATION_NANOS, "ns above 24 hours"),
            (is_name(&event.request_id), "request_id is not a name of 1 to 64 characters"),
            ((100..=599).contains(&event.status), "status is not 100 to 599"),
            (event.durations.longest() <= event.durations.total, "a stage is longer than the whole"),
            (event.predictions.len() <= 4, "more than 4 models in one event"),
            (event.predictions.is_empty() || event.status < 300, "predictions in a failed request"),
        ];
        let broken = rules.iter().find(|(holds, _)| !holds).map(|(_, rule)| *rule);
        match broken.or_else(|| event.predictions.iter().find_map(Predictions::broken_rule)) {
            Some(rule) => Err(DecodeError::Rule(rule)),
            None => Ok(event),
        }
    }
}

fn append(out: &mut Vec<u8>, wire: &Wire<'_>) {
    // Writing to a Vec cannot fail, and every type here serialises.
    if serde_json::to_writer(&mut *out, wire).is_ok() {
        out.push(b'\n');
    }
}

fn without_bins<'b>(predictions: &'b Predictions<'_>) -> Predictions<'b> {
    Predictions {
        model: predictions.model,
        version: Cow::Borrowed(&predictions.version),
        rows: predictions.rows,
        classes: predictions.classes.clone(),
        score_sum_nano: predictions.score_sum_nano,
        score_bins: crate::Pairs::default(),
        bins: Vec::new(),
        missing: crate::Pairs::default(),
        out_of_range: crate::Pairs::default(),
    }
}

/// Whether a text is 1 to 64 characters of `a-z A-Z 0-9 . _ -`.
///
/// Names go into labels and logs: short, and of characters that need no escaping anywhere.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=limits::NAME_BYTES).contains(&text.len()) && text.bytes().all(allowed)
}

/// Whether a text has the shape `2026-01-02T03:04:05.678901Z`, the fraction of any length or absent.
/// <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>, without its offsets.
fn is_utc_time(text: &str) -> bool {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00";
    let fits = |(byte, shape): (u8, &u8)| if *shape == b'0' { byte.is_ascii_digit() } else { byte == *shape };
    let Some((seconds, rest)) = text.as_bytes().split_at_checked(SHAPE.len()) else { return false };
    let fraction = match rest {
        [b'Z'] => return seconds.iter().copied().zip(SHAPE).all(fits),
        [b'.', fraction @ .., b'Z'] => fraction,
        _ => return false,
    };
    (1..=9).contains(&fraction.len())
        && fraction.iter().all(u8::is_ascii_digit)
        && seconds.iter().copied().zip(SHAPE).all(fits)
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
