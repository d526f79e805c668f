//! The SHA-256 digest that names a model.

use std::fmt;

/// SHA-256 of a model artefact; lower-case hexadecimal in text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

/// A text is not 64 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is 64 hexadecimal digits")]
pub struct InvalidDigest;

impl Digest {
    /// Reads 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`InvalidDigest`] for any other text.
    pub fn from_hex(text: &str) -> Result<Self, InvalidDigest> {
        text.as_bytes().try_into().map_err(|_| InvalidDigest).and_then(Self::from_digits)
    }

    /// Reads the digits as text bytes.
    pub(crate) fn from_digits(digits: &[u8; 64]) -> Result<Self, InvalidDigest> {
        // Without a branch per digit, these loops compile to vector instructions.
        let values = digits.map(nibble);
        let valid = values.iter().fold(true, |valid, value| valid & (*value < 16));
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(values.chunks_exact(2)) {
            *byte = pair[0] << 4 | (pair[1] & 15);
        }
        if valid { Ok(Self(bytes)) } else { Err(InvalidDigest) }
    }

    /// The digits as text bytes, without allocation.
    pub fn hex(&self) -> [u8; 64] {
        let mut text = [0; 64];
        for (pair, byte) in text.chunks_exact_mut(2).zip(self.0) {
            pair[0] = byte >> 4;
            pair[1] = byte & 15;
        }
        // Without a branch per digit, this compiles to vector instructions.
        text.map(|nibble| nibble + b'0' + u8::from(nibble > 9) * (b'a' - b'0' - 10))
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.hex()).unwrap_or_default())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl serde::Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // The journal of the aggregator holds one per record and model.
        if !serializer.is_human_readable() {
            return self.0.serialize(serializer);
        }
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return serde::Deserialize::deserialize(deserializer).map(Self);
        }
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::from_hex(&text).map_err(serde::de::Error::custom)
    }
}

/// The value of a digit, or 16 and more for anything else.
fn nibble(digit: u8) -> u8 {
    let (decimal, letter) = (digit.wrapping_sub(b'0'), digit.wrapping_sub(b'a'));
    let value = if letter < 6 { letter + 10 } else { 16 };
    if decimal < 10 { decimal } else { value }
}
