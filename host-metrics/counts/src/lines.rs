//! Cutting a stream of bytes into lines.

use memchr::memchr;
use portent_event::{is_event_line, limits::ACCEPTED_LINE_BYTES};
use serde::{Deserialize, Serialize};

/// A line that a [`LineBuffer`] finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found<'a> {
    /// A whole line, without its newline.
    Whole(&'a [u8]),
    /// A line over the limit, which is ignored.
    TooLong {
        /// Whether it began as one of ours.
        ours: bool,
    },
}

/// Bytes of a line that has not ended yet, never more than the line limit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineBuffer {
    torn: Vec<u8>,
    skipping: bool,
}

impl LineBuffer {
    /// Takes the next bytes of the stream and hands over every line that ends in them.
    pub fn feed(&mut self, mut bytes: &[u8], mut each: impl FnMut(Found<'_>)) {
        while let Some(end) = memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(end);
            bytes = rest.get(1..).unwrap_or_default();
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            if self.torn.is_empty() {
                each(found(line));
            } else {
                self.torn.extend_from_slice(line);
                each(found(&self.torn));
                self.torn.clear();
            }
        }
        if self.skipping {
            return;
        }
        self.torn.extend_from_slice(bytes);
        if self.torn.len() > ACCEPTED_LINE_BYTES {
            each(found(&self.torn));
            self.skipping = true;
            // One long line must not hold its memory for as long as the file is followed.
            self.torn = Vec::new();
        }
    }

    /// Whether a line of ours has begun and not ended.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        is_event_line(&self.torn)
    }

    /// Whether no line has begun.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.torn.is_empty() && !self.skipping
    }

    /// Bytes that are held.
    #[cfg(any(test, fuzzing))]
    pub(crate) fn len(&self) -> usize {
        self.torn.len()
    }
}

fn found(line: &[u8]) -> Found<'_> {
    if line.len() > ACCEPTED_LINE_BYTES {
        Found::TooLong { ours: is_event_line(line) }
    } else {
        Found::Whole(line)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lines_of<'a>(buffer: &mut LineBuffer, chunks: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
        let mut lines = Vec::new();
        for chunk in chunks {
            buffer.feed(chunk, |found| {
                lines.push(match found {
                    Found::Whole(line) => String::from_utf8_lossy(line).into_owned(),
                    Found::TooLong { ours } => format!("too long {ours}"),
                });
            });
        }
        lines
    }

    #[test]
    fn a_torn_line_waits_for_its_end() {
        let mut buffer = LineBuffer::default();
        assert_eq!(lines_of(&mut buffer, [&b"one\n{\"portent\":"[..]].into_iter()), ["one"]);
        assert!(buffer.is_torn());
        assert_eq!(lines_of(&mut buffer, [&b"1}\n\nend\n"[..]].into_iter()), ["{\"portent\":1}", "", "end"]);
        assert!(!buffer.is_torn());
    }

    #[test]
    fn a_long_line_is_ignored_once_and_holds_no_memory() {
        let mut buffer = LineBuffer::default();
        let chunk = vec![b'x'; ACCEPTED_LINE_BYTES];
        assert_eq!(
            lines_of(&mut buffer, [&chunk[..], &chunk[..], &chunk[..]].into_iter()),
            ["too long false"]
        );
        assert_eq!(buffer.torn.capacity(), 0);
        assert_eq!(lines_of(&mut buffer, [&b"tail of it\nnext\n"[..]].into_iter()), ["next"]);
    }

    proptest! {
        /// However a stream is cut, its lines are the same.
        #[test]
        fn cuts_do_not_matter(text in "[ab\n]{0,200}", size in 1_usize..20) {
            let (whole, cut) = (&mut LineBuffer::default(), &mut LineBuffer::default());
            let expected = lines_of(whole, [text.as_bytes()].into_iter());
            prop_assert_eq!(lines_of(cut, text.as_bytes().chunks(size)), expected);
        }
    }
}
