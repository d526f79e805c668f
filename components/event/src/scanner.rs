//! Pieces of canonical JSON: keys that are expected, texts and numbers behind them.
//!
//! Every method takes what it reads off the line, and answers `None` where something else stands there.

/// A line, and what is left to read of it.
pub(crate) struct Scanner<'a> {
    line: &'a str,
    rest: &'a [u8],
}

impl<'a> Scanner<'a> {
    #[inline(always)]
    pub(crate) fn new(line: &'a [u8]) -> Option<Self> {
        let line = std::str::from_utf8(line).ok()?;
        Some(Self { line, rest: line.as_bytes() })
    }

    #[inline(always)]
    pub(crate) fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// Takes the `[` of a list, and its `]` if nothing lies between: whether an item follows.
    #[inline(always)]
    pub(crate) fn has_first(&mut self) -> Option<bool> {
        self.expect(b"[")?;
        Some(!self.skip(b"]"))
    }

    /// Takes what stands behind an item, a comma or the `]` of the list: whether another item follows.
    #[inline(always)]
    pub(crate) fn has_next(&mut self) -> Option<bool> {
        if self.skip(b",") {
            return Some(true);
        }
        self.expect(b"]")?;
        Some(false)
    }

    /// Takes the next bytes, whatever they are.
    #[inline(always)]
    pub(crate) fn chunk<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        let (chunk, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(chunk)
    }

    /// Reads a key, and a text of ASCII without escapes.
    #[inline(always)]
    pub(crate) fn text<const N: usize>(&mut self, key: &[u8; N]) -> Option<&'a str> {
        self.expect(key)?;
        self.expect(b"\"")?;
        let start = self.line.len() - self.rest.len();
        let length = plain_length(self.rest)?;
        self.rest = self.rest.get(length..)?;
        self.expect(b"\"")?;
        self.line.get(start..start + length)
    }

    #[inline(always)]
    pub(crate) fn count<const N: usize>(&mut self, key: &[u8; N]) -> Option<u32> {
        self.number(key)?.try_into().ok()
    }

    #[inline(always)]
    pub(crate) fn optional_number<const N: usize>(&mut self, key: &[u8; N]) -> Option<Option<u64>> {
        if self.skip(key) { self.number(b"").map(Some) } else { Some(None) }
    }

    /// Reads a key, and an integer of up to 19 digits, all of which fit, without leading zeros.
    #[inline(always)]
    pub(crate) fn number<const N: usize>(&mut self, key: &[u8; N]) -> Option<u64> {
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
    pub(crate) fn expect<const N: usize>(&mut self, text: &[u8; N]) -> Option<()> {
        self.skip(text).then_some(())
    }

    /// Passes over a text if it comes next.
    #[inline(always)]
    pub(crate) fn skip<const N: usize>(&mut self, text: &[u8; N]) -> bool {
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
/// a control character or part of a longer character. `None` where there is no such byte.
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
/// Subtracting a number from every byte borrows from the highest bit of a lesser one, and only from there on
/// can it reach a neighbour: <https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord>.
#[inline(always)]
fn special_bytes(word: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    let less_than = |word: u64, byte: u64| word.wrapping_sub(EACH * byte) & !word;
    let quote = less_than(word ^ (EACH * u64::from(b'"')), 1);
    let backslash = less_than(word ^ (EACH * u64::from(b'\\')), 1);
    (less_than(word, 0x20) | quote | backslash | word) & (EACH * 0x80)
}
