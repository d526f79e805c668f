//! Reads objects of short decimals in a known order quickly. Most clients send such rows.

use crate::limits;

use super::number;
use super::reader::Reader;

/// The texts around the values of an object: before the first, between each two and behind the last. All rows that one
/// program writes have the same.
pub(crate) type Gaps<'a> = Vec<Gap<'a>>;

/// A text that is compared with many others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gap<'a> {
    /// The first bytes, as one number, and the bits of it that count.
    start: u128,
    mask: u128,
    /// The others.
    rest: &'a [u8],
    pub(super) length: usize,
}

/// Bytes of [`Gap::start`].
pub(super) const START: usize = size_of::<u128>();

impl<'a> Reader<'a> {
    /// Passes over an object of exactly these fields, in this order, and adds their values to `out`, if each is a short
    /// decimal. It adds the texts around the values to `gaps`, if there is one. If the next value is anything else, it
    /// returns false, passes over nothing, and leaves `out` and `gaps` longer by values without a meaning.
    pub(crate) fn take_decimals(
        &mut self,
        names: &[&str],
        out: &mut Vec<f64>,
        gaps: Option<&mut Gaps<'a>>,
    ) -> bool {
        let before = self.at;
        let is_taken = self.depth < limits::DEPTH && self.decimals(names, out, gaps).is_some();
        if !is_taken {
            self.at = before;
        }
        is_taken
    }

    /// As [`Self::take_decimals`], of an object with exactly these texts around its values.
    pub(crate) fn take_decimals_between(&mut self, gaps: &[Gap<'_>], out: &mut Vec<f64>) -> bool {
        self.peek();
        let end = self.decimals_between(gaps, out);
        self.at = end.unwrap_or(self.at);
        end.is_some()
    }

    fn decimals(
        &mut self,
        names: &[&str],
        out: &mut Vec<f64>,
        mut gaps: Option<&mut Gaps<'a>>,
    ) -> Option<()> {
        self.peek();
        let (mut separator, mut gap) = (b'{', self.at);
        for name in names {
            self.take(separator)?;
            self.peek();
            if !self.take_name(name) {
                return None;
            }
            self.take(b':')?;
            self.peek();
            let (value, end) = number::decimal(self.text.as_bytes(), self.at)?;
            out.push(value);
            if let Some(gaps) = &mut gaps {
                gaps.push(Gap::new(self.since(gap).as_bytes()));
            }
            (self.at, gap, separator) = (end, end, b',');
        }
        // No names, no object.
        if separator == b'{' {
            return None;
        }
        self.take(b'}')?;
        if let Some(gaps) = gaps {
            gaps.push(Gap::new(self.since(gap).as_bytes()));
        }
        Some(())
    }

    fn decimals_between(&self, gaps: &[Gap<'_>], out: &mut Vec<f64>) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let (last, before) = gaps.split_last()?;
        let mut at = self.at;
        for gap in before {
            let (value, end) = number::decimal(bytes, gap.end(bytes, at)?)?;
            out.push(value);
            at = end;
        }
        last.end(bytes, at)
    }

    /// Passes over this byte, if it is the next one.
    fn take(&mut self, byte: u8) -> Option<()> {
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next.then_some(())
    }
}

impl<'a> Gap<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        let (start, rest) = text.split_at(text.len().min(START));
        let mut bytes = [0; START];
        bytes.iter_mut().zip(start).for_each(|(byte, of)| *byte = *of);
        let mask = if start.len() == START { u128::MAX } else { (1 << (8 * start.len())) - 1 };
        Self { start: u128::from_le_bytes(bytes), mask, rest, length: text.len() }
    }

    /// Its end, if it is at this place and enough bytes follow to compare it in one step.
    #[inline]
    pub(super) fn end(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let there = bytes.get(at..)?;
        let is_same = u128::from_le_bytes(*there.first_chunk()?) & self.mask == self.start
            && (self.rest.is_empty() || there.get(START..self.length) == Some(self.rest));
        is_same.then_some(at + self.length)
    }
}
