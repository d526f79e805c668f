//! Reads a line in both ways and compares. Property tests and the fuzzer run this on damaged lines.

use crate::counts::Pairs;
use crate::decode::{DecodeError, Line, read_json};
use crate::record::Event;
use crate::{canonical, limits};

/// Whether a line has the form that [`Event::encode`] writes, so that the fast reader takes it.
pub fn is_canonical(line: &[u8]) -> bool {
    canonical::read(line).is_some()
}

/// Reads a line, and reads it again as any JSON: value or error must be the same.
///
/// # Errors
/// Those of [`Line::decode`].
pub fn read(line: &[u8]) -> Result<Line<'_>, DecodeError> {
    let read = Line::decode(line);
    if line.len() <= limits::ACCEPTED_LINE_BYTES {
        assert_eq!(read, read_json(line));
    }
    read
}

/// Reads a line and, if it is accepted, writes it and reads it again. Nothing may change, except that a long line
/// loses its bins. Returns whether it was accepted.
pub fn read_and_rewrite(line: &[u8]) -> bool {
    let Ok(first) = read(line) else { return false };
    let mut written = Vec::new();
    match &first {
        Line::Event(event) => event.encode(&mut written),
        Line::Dropped(report) => report.encode(&mut written),
    }
    let second = read(written.strip_suffix(b"\n").unwrap_or_default());
    if second.as_ref() != Ok(&first) {
        assert_eq!(second, Ok(without_bins(first)));
    }
    true
}

fn without_bins(line: Line<'_>) -> Line<'_> {
    let Line::Event(mut event) = line else { return line };
    for predictions in &mut event.predictions {
        predictions.bins.clear();
        for pairs in [&mut predictions.score_bins, &mut predictions.missing, &mut predictions.out_of_range] {
            *pairs = Pairs::default();
        }
    }
    Line::Event(Event { truncated: true, ..event })
}
