//! Events in the one form that [`Event::encode`] writes: fixed order of keys, no blanks, no escapes.
//!
//! A line of another form is not refused here: [`crate::decode`] then reads it as any JSON, which names errors.
//! So this reader only has to be right about the lines that it accepts.

use std::borrow::Cow;

use crate::counts::{ClassCounts, Pairs};
use crate::digest::Digest;
use crate::record::{Durations, Event, Predictions};
use crate::vocabulary::{ErrorType, Method, Route, is_name};

/// A line, and what is left to read of it.
///
/// Every method takes what it reads off the line, and returns `None` if something else comes next. All methods are
/// inlined, so that the rest of the line stays in registers.
struct Scanner<'a> {
    line: &'a str,
    rest: &'a [u8],
}

/// Reads an event, without checking its rules; `None` if the line has another form.
#[inline(always)]
pub(crate) fn read(line: &[u8]) -> Option<Event<'_>> {
    let line = std::str::from_utf8(line).ok()?;
    let mut scanner = Scanner { line, rest: line.as_bytes() };
    let event = scanner.event()?;
    scanner.rest.is_empty().then_some(event)
}

impl<'a> Scanner<'a> {
    #[inline(always)]
    fn event(&mut self) -> Option<Event<'a>> {
        let event = Event {
            time: self.text(b"{\"portent\":1,\"time\":")?.into(),
            // This rule comes before all others, which are checked later.
            app: self.text(b",\"app\":").filter(|app| is_name(app))?.into(),
            request_id: self.text(b",\"request_id\":")?.into(),
            method: Method::from_text(self.text(b",\"method\":")?)?,
            route: Route::from_text(self.text(b",\"route\":")?)?,
            status: self.number(b",\"status\":")?.try_into().ok()?,
            error: match self.skip(b",\"error\":") {
                true => Some(ErrorType::from_text(self.text(b"")?)?),
                false => None,
            },
            durations: self.durations()?,
            predictions: self.all_predictions()?,
            truncated: self.skip(b",\"truncated\":true"),
        };
        self.expect(b"}")?;
        Some(event)
    }

    #[inline(always)]
    fn durations(&mut self) -> Option<Durations> {
        let durations = Durations {
            total: self.number(b",\"ns\":{\"total\":")?,
            parse: self.optional_number(b",\"parse\":")?,
            validate: self.optional_number(b",\"validate\":")?,
            score: self.optional_number(b",\"score\":")?,
            encode: self.optional_number(b",\"encode\":")?,
        };
        self.expect(b"}")?;
        Some(durations)
    }

    #[inline(always)]
    fn all_predictions(&mut self) -> Option<Vec<Predictions<'a>>> {
        if !self.skip(b",\"predictions\":") {
            return Some(Vec::new());
        }
        let mut all = Vec::with_capacity(1);
        self.list(|scanner| scanner.predictions().map(|made| all.push(made)))?;
        Some(all)
    }

    #[inline(always)]
    fn predictions(&mut self) -> Option<Predictions<'a>> {
        let predictions = Predictions {
            model: self.digest()?,
            version: Cow::Borrowed(self.text(b",\"version\":")?),
            rows: self.count(b",\"rows\":")?,
            classes: self.classes()?,
            score_sum_nano: self.number(b",\"score_sum_nano\":")?,
            score_bins: self.optional_pairs(b",\"score_bins\":")?,
            bins: self.bins()?,
            missing: self.optional_pairs(b",\"missing\":")?,
            out_of_range: self.optional_pairs(b",\"out_of_range\":")?,
        };
        self.expect(b"}")?;
        Some(predictions)
    }

    #[inline(always)]
    fn classes(&mut self) -> Option<Vec<ClassCounts>> {
        self.expect(b",\"classes\":")?;
        let mut classes = Vec::with_capacity(2);
        self.list(|scanner| {
            // Filled in place: moving it right after it was written in pieces stalls the processor.
            classes.push(ClassCounts::default());
            scanner.class(classes.last_mut()?)
        })?;
        Some(classes)
    }

    #[inline(always)]
    fn class(&mut self, class: &mut ClassCounts) -> Option<()> {
        class.count = self.count(b"{\"count\":")?;
        if self.skip(b",\"confidence\":") {
            self.list(|scanner| scanner.count(b"").map(|count| class.confidence.push(count)))?;
        }
        class.confidence_sum_nano = self.optional_number(b",\"confidence_sum_nano\":")?.unwrap_or_default();
        self.expect(b"}")
    }

    #[inline(always)]
    fn bins(&mut self) -> Option<Vec<Pairs>> {
        if !self.skip(b",\"bins\":") {
            return Some(Vec::new());
        }
        // Most models have fewer features than this: one allocation is enough.
        let mut bins = Vec::with_capacity(16);
        self.list(|scanner| {
            bins.push(Pairs::default());
            scanner.pairs(bins.last_mut()?)
        })?;
        Some(bins)
    }

    #[inline(always)]
    fn optional_pairs<const N: usize>(&mut self, key: &[u8; N]) -> Option<Pairs> {
        let mut pairs = Pairs::default();
        if self.skip(key) {
            self.pairs(&mut pairs)?;
        }
        Some(pairs)
    }

    #[inline(always)]
    fn pairs(&mut self, pairs: &mut Pairs) -> Option<()> {
        self.list(|scanner| pairs.push(scanner.number(b"")?.try_into().ok()?, scanner.count(b",")?))
    }

    #[inline(always)]
    fn digest(&mut self) -> Option<Digest> {
        self.expect(b"{\"model\":\"")?;
        let digest = Digest::from_digits(self.chunk()?).ok()?;
        self.expect(b"\"")?;
        Some(digest)
    }

    /// Reads a list, item by item.
    #[inline(always)]
    fn list(&mut self, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.expect(b"[")?;
        if self.skip(b"]") {
            return Some(());
        }
        loop {
            item(self)?;
            if !self.skip(b",") {
                return self.expect(b"]");
            }
        }
    }

    /// Takes the next bytes, whatever they are.
    #[inline(always)]
    fn chunk<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (chunk, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(chunk)
    }

    /// Reads a key, and a text of ASCII without escapes.
    #[inline(always)]
    fn text<const N: usize>(&mut self, key: &[u8; N]) -> Option<&'a str> {
        self.expect(key)?;
        self.expect(b"\"")?;
        let start = self.line.len() - self.rest.len();
        let length = plain_length(self.rest)?;
        self.rest = self.rest.get(length..)?;
        self.expect(b"\"")?;
        self.line.get(start..start + length)
    }

    #[inline(always)]
    fn count<const N: usize>(&mut self, key: &[u8; N]) -> Option<u32> {
        self.number(key)?.try_into().ok()
    }

    #[inline(always)]
    fn optional_number<const N: usize>(&mut self, key: &[u8; N]) -> Option<Option<u64>> {
        if self.skip(key) { self.number(b"").map(Some) } else { Some(None) }
    }

    /// Reads a key, and an integer of up to 19 digits, all of which fit, without leading zeros.
    #[inline(always)]
    fn number<const N: usize>(&mut self, key: &[u8; N]) -> Option<u64> {
        self.expect(key)?;
        let first = self.digit()?;
        let mut number = first;
        let mut digits = 1;
        while let Some(digit) = self.digit() {
            if digits == 19 || first == 0 {
                return None;
            }
            number = number * 10 + digit;
            digits += 1;
        }
        Some(number)
    }

    #[inline(always)]
    fn digit(&mut self) -> Option<u64> {
        let (byte, rest) = self.rest.split_first()?;
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        self.rest = rest;
        Some(u64::from(digit))
    }

    #[inline(always)]
    fn expect<const N: usize>(&mut self, text: &[u8; N]) -> Option<()> {
        self.skip(text).then_some(())
    }

    /// Takes a text if it comes next. Returns whether it did.
    #[inline(always)]
    fn skip<const N: usize>(&mut self, text: &[u8; N]) -> bool {
        match self.rest.split_first_chunk() {
            Some((next, rest)) if next == text => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }
}

/// Number of bytes before the first that does not stand for itself in a text: a quotation mark, a backslash,
/// a control character or part of a longer character. `None` if there is no such byte.
#[inline(always)]
fn plain_length(bytes: &[u8]) -> Option<usize> {
    let (words, rest) = bytes.as_chunks();
    for (index, word) in words.iter().enumerate() {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return Some(index * 8 + special.trailing_zeros() as usize / 8);
        }
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | ..b' ' | 0x80..);
    rest.iter().position(is_special).map(|at| words.len() * 8 + at)
}

/// Marks the highest bit of the first special byte of a word, and possibly of later ones.
///
/// Subtracting a number from every byte sets the highest bit of a lesser one, and can only then borrow from the
/// next byte: <https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord>.
#[inline(always)]
fn special_bytes(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let less_than = |word: u64, byte: u64| word.wrapping_sub(EACH * byte) & !word;
    let quote = less_than(word ^ (EACH * u64::from(b'"')), 1);
    let backslash = less_than(word ^ (EACH * u64::from(b'\\')), 1);
    (less_than(word, 0x20) | quote | backslash | word) & (EACH * 0x80)
}
