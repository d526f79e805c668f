//! The protocol's datatypes, and their elements as double precision.

use crate::limits::WHOLE_NUMBER;

/// Datatype of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Datatype {
    Bool,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Int8,
    Int16,
    Int32,
    Int64,
    Fp16,
    Bf16,
    Fp32,
    Fp64,
    Bytes,
}

/// Every datatype with its name and the bytes of an element; 0 if these vary.
const DATATYPES: [(Datatype, &str, usize); 14] = [
    (Datatype::Bool, "BOOL", 1),
    (Datatype::Uint8, "UINT8", 1),
    (Datatype::Uint16, "UINT16", 2),
    (Datatype::Uint32, "UINT32", 4),
    (Datatype::Uint64, "UINT64", 8),
    (Datatype::Int8, "INT8", 1),
    (Datatype::Int16, "INT16", 2),
    (Datatype::Int32, "INT32", 4),
    (Datatype::Int64, "INT64", 8),
    (Datatype::Fp16, "FP16", 2),
    (Datatype::Bf16, "BF16", 2),
    (Datatype::Fp32, "FP32", 4),
    (Datatype::Fp64, "FP64", 8),
    (Datatype::Bytes, "BYTES", 0),
];

impl Datatype {
    /// The datatype of this name.
    pub(super) fn from_name(name: &str) -> Option<Self> {
        DATATYPES.iter().find(|(_, known, _)| *known == name).map(|(datatype, ..)| *datatype)
    }

    pub(super) fn name(self) -> &'static str {
        self.entry().1
    }

    /// Bytes of an element; `None` if these vary.
    pub(super) fn size(self) -> Option<usize> {
        Some(self.entry().2).filter(|size| *size > 0)
    }

    /// Reads elements in the protocol's binary form: little-endian, without padding.
    ///
    /// The error is the index of an element that is not a value of the datatype, or not one that double
    /// precision holds. BYTES have no numbers here.
    pub(super) fn read_binary<'v>(
        self,
        bytes: &[u8],
        targets: impl Iterator<Item = &'v mut f64>,
    ) -> Result<(), usize> {
        match self {
            Self::Bool => copy(bytes, targets, |[byte]: [u8; 1]| (byte < 2).then_some(f64::from(byte))),
            Self::Uint8 => copy(bytes, targets, |[byte]: [u8; 1]| Some(f64::from(byte))),
            Self::Uint16 => copy(bytes, targets, |element| Some(f64::from(u16::from_le_bytes(element)))),
            Self::Uint32 => copy(bytes, targets, |element| Some(f64::from(u32::from_le_bytes(element)))),
            Self::Uint64 => copy(bytes, targets, |element| exact(false, u64::from_le_bytes(element))),
            Self::Int8 => copy(bytes, targets, |element| Some(f64::from(i8::from_le_bytes(element)))),
            Self::Int16 => copy(bytes, targets, |element| Some(f64::from(i16::from_le_bytes(element)))),
            Self::Int32 => copy(bytes, targets, |element| Some(f64::from(i32::from_le_bytes(element)))),
            Self::Int64 => copy(bytes, targets, |element| {
                let number = i64::from_le_bytes(element);
                exact(number < 0, number.unsigned_abs())
            }),
            Self::Fp16 => copy(bytes, targets, |element| Some(half(u16::from_le_bytes(element)))),
            Self::Bf16 => copy(bytes, targets, |element| {
                let bits = u32::from(u16::from_le_bytes(element)) << 16;
                Some(f64::from(f32::from_bits(bits)))
            }),
            Self::Fp32 => copy(bytes, targets, |element| Some(f64::from(f32::from_le_bytes(element)))),
            Self::Fp64 => copy(bytes, targets, |element| Some(f64::from_le_bytes(element))),
            Self::Bytes => Err(0),
        }
    }

    /// A number of a JSON text as a value of this datatype, or `None` if it is not one.
    ///
    /// FP32 is rounded to single precision, so that a tensor has the same values in JSON and in binary form.
    pub(super) fn accept(self, number: f64) -> Option<f64> {
        let (least, most) = match self {
            Self::Fp64 => return Some(number),
            #[expect(clippy::cast_possible_truncation, reason = "rounded to single precision on purpose")]
            Self::Fp32 => return Some(f64::from(number as f32)),
            Self::Uint8 => (0.0, f64::from(u8::MAX)),
            Self::Uint16 => (0.0, f64::from(u16::MAX)),
            Self::Uint32 => (0.0, f64::from(u32::MAX)),
            Self::Uint64 => (0.0, WHOLE_NUMBER),
            Self::Int8 => (f64::from(i8::MIN), f64::from(i8::MAX)),
            Self::Int16 => (f64::from(i16::MIN), f64::from(i16::MAX)),
            Self::Int32 => (f64::from(i32::MIN), f64::from(i32::MAX)),
            Self::Int64 => (-WHOLE_NUMBER, WHOLE_NUMBER),
            Self::Bool | Self::Fp16 | Self::Bf16 | Self::Bytes => return None,
        };
        ((least..=most).contains(&number) && number.fract() == 0.0).then_some(number)
    }

    fn entry(self) -> (Self, &'static str, usize) {
        DATATYPES.iter().copied().find(|(datatype, ..)| *datatype == self).unwrap_or((self, "", 0))
    }
}

/// Elements of `N` bytes to numbers, until one has none.
#[inline]
fn copy<'v, const N: usize>(
    bytes: &[u8],
    targets: impl Iterator<Item = &'v mut f64>,
    number: impl Fn([u8; N]) -> Option<f64>,
) -> Result<(), usize> {
    for (index, (element, target)) in bytes.as_chunks::<N>().0.iter().zip(targets).enumerate() {
        *target = number(*element).ok_or(index)?;
    }
    Ok(())
}

/// A whole number by sign and magnitude, if double precision distinguishes it from its neighbours.
#[inline]
fn exact(is_negative: bool, magnitude: u64) -> Option<f64> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a number that is rounded is above the limit, rounded or not"
    )]
    let number = magnitude as f64;
    (number <= WHOLE_NUMBER).then_some(if is_negative { -number } else { number })
}

/// IEEE 754 half precision: sign, 5 bits of exponent with bias 15, 10 bits of fraction.
fn half(bits: u16) -> f64 {
    let (exponent, fraction) = (bits >> 10 & 0x1f, f64::from(bits & 0x3ff));
    let magnitude = match exponent {
        0 => fraction * 2_f64.powi(-24),
        0x1f if fraction == 0.0 => f64::INFINITY,
        0x1f => f64::NAN,
        _ => (1.0 + fraction / 1024.0) * 2_f64.powi(i32::from(exponent) - 15),
    };
    if bits & 0x8000 == 0 { magnitude } else { -magnitude }
}
