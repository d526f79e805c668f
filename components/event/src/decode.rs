//! Lines of JSON: what they hold, and why one is refused.

use crate::{DropReport, Event, canonical, json, limits};

/// Version of the line format; the value of the first key.
pub(crate) const VERSION: u8 = 1;

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
    /// Lines as [`Event::encode`] writes them are read several times faster than any other JSON.
    ///
    /// # Errors
    /// [`DecodeError`] names the first rule that the line breaks.
    pub fn decode(line: &'a [u8]) -> Result<Self, DecodeError> {
        if line.len() > limits::ACCEPTED_LINE_BYTES {
            return Err(DecodeError::TooLong);
        }
        let Some(event) = canonical::read(line) else { return json::read(line) };
        event.check()?;
        Ok(Self::Event(event))
    }
}
