//! Bytes of what is kept on disk: numbers as LEB128, texts and lists behind their length.
//!
//! Reading checks everything, since a file may hold anything: no length makes it reserve more memory than
//! there are bytes.

/// Why bytes are not what they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{rule} at byte {at}")]
pub struct DecodeError {
    /// Place within the bytes.
    pub at: usize,
    /// What is wrong there.
    pub rule: &'static str,
}

/// Writes to the end of a buffer.
#[derive(Debug, Default)]
pub struct Encoder {
    bytes: Vec<u8>,
}

/// Reads from the beginning of a buffer.
#[derive(Debug)]
pub struct Decoder<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Encoder {
    /// What was written.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// A whole number.
    pub fn number(&mut self, value: impl Into<u128>) {
        let mut rest: u128 = value.into();
        while rest > 0x7f {
            self.bytes.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        self.bytes.push(rest as u8);
    }

    /// A length or an index.
    pub fn size(&mut self, value: usize) {
        self.number(value as u64);
    }

    /// A number that may be absent.
    pub fn option(&mut self, value: Option<u64>) {
        // No time is the greatest number, so one more is never too much.
        self.number(value.map_or(0, |value| u128::from(value) + 1));
    }

    /// A yes or no.
    pub fn bool(&mut self, value: bool) {
        self.bytes.push(u8::from(value));
    }

    /// Bytes behind their number.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.size(bytes.len());
        self.fixed(bytes);
    }

    /// Bytes whose number the reader knows.
    pub fn fixed(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// A text behind its length.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// A list behind its length.
    pub fn list<T>(&mut self, items: impl ExactSizeIterator<Item = T>, mut each: impl FnMut(&mut Self, T)) {
        self.size(items.len());
        items.for_each(|item| each(self, item));
    }

    /// Counts of which most are zero.
    pub fn counts(&mut self, counts: &[u64]) {
        self.size(counts.iter().filter(|count| **count > 0).count());
        let mut next = 0;
        for (index, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            self.size(index - next);
            self.number(*count);
            next = index + 1;
        }
    }
}

impl<'a> Decoder<'a> {
    /// Reads these bytes.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// If something is.
    pub fn finish(self) -> Result<(), DecodeError> {
        if self.at == self.bytes.len() { Ok(()) } else { Err(self.error("more bytes than expected")) }
    }

    /// An error at this place.
    #[must_use]
    pub fn error(&self, rule: &'static str) -> DecodeError {
        DecodeError { at: self.at, rule }
    }

    /// A whole number that fits its type.
    ///
    /// # Errors
    /// If it does not, or if the bytes end.
    pub fn number<N: TryFrom<u128>>(&mut self) -> Result<N, DecodeError> {
        let (start, mut value) = (self.at, 0_u128);
        for shift in (0..126).step_by(7) {
            let [byte] = self.array()?;
            value |= u128::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let number = N::try_from(value);
                return number.map_err(|_| DecodeError { at: start, rule: "a number out of range" });
            }
        }
        Err(DecodeError { at: start, rule: "a number out of range" })
    }

    /// A number that may be absent.
    ///
    /// # Errors
    /// As [`Self::number`].
    pub fn option(&mut self) -> Result<Option<u64>, DecodeError> {
        let number: u128 = self.number()?;
        let value = number.checked_sub(1).map(u64::try_from).transpose();
        value.map_err(|_| self.error("a number out of range"))
    }

    /// A yes or no.
    ///
    /// # Errors
    /// If it is neither, or if the bytes end.
    pub fn bool(&mut self) -> Result<bool, DecodeError> {
        match self.array()? {
            [0] => Ok(false),
            [1] => Ok(true),
            [_] => Err(self.error("neither yes nor no")),
        }
    }

    /// Bytes behind their number.
    ///
    /// # Errors
    /// If there are fewer.
    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.number()?;
        self.take(length)
    }

    /// A fixed number of bytes.
    ///
    /// # Errors
    /// If there are fewer.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let bytes = self.take(N)?;
        bytes.try_into().map_err(|_| self.error("the bytes end too early"))
    }

    /// A text behind its length.
    ///
    /// # Errors
    /// If there are fewer bytes, or if they are not UTF-8.
    pub fn text(&mut self) -> Result<&'a str, DecodeError> {
        let bytes = self.bytes()?;
        str::from_utf8(bytes).map_err(|_| self.error("a text that is not UTF-8"))
    }

    /// A list behind its length.
    ///
    /// # Errors
    /// The first of an item, or if there are fewer bytes than items.
    pub fn list<T>(
        &mut self,
        mut each: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let length: usize = self.number()?;
        // Every item takes a byte at least, so no length can reserve more memory than the bytes took.
        if length > self.bytes.len() - self.at {
            return Err(self.error("a list longer than the bytes"));
        }
        (0..length).map(|_| each(self)).collect()
    }

    /// Counts of which most are zero, into a list of the right length.
    ///
    /// # Errors
    /// If an index is beyond the list.
    pub fn counts(&mut self, counts: &mut [u64]) -> Result<(), DecodeError> {
        let (entries, mut next) = (self.number::<usize>()?, 0_usize);
        for _ in 0..entries {
            let gap: usize = self.number()?;
            let count = self.number()?;
            let slot = next.checked_add(gap).and_then(|index| Some((index, counts.get_mut(index)?)));
            let Some((index, slot)) = slot else { return Err(self.error("an index out of range")) };
            *slot = count;
            next = index + 1;
        }
        Ok(())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], DecodeError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let Some(taken) = rest.get(..length) else { return Err(self.error("the bytes end too early")) };
        self.at += length;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests;
