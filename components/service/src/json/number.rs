//! Numbers, by the grammar of RFC 8259, §6.

use super::error::JsonError;

/// Most bytes, without the sign, of a short decimal: 15 digits and a point, or 16 digits.
const EXACT_BYTES: usize = 16;

/// Powers of ten by which the digits of such a decimal are divided.
const POWERS: [f64; EXACT_BYTES] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The end of the number that begins at `start`.
pub(super) fn end(bytes: &[u8], start: usize) -> Result<usize, JsonError> {
    let first = start + usize::from(bytes.get(start) == Some(&b'-'));
    let mut at = some_digits(bytes, first)?;
    if bytes.get(first) == Some(&b'0') && at > first + 1 {
        return Err(JsonError { offset: first + 1, rule: "invalid number" });
    }
    if bytes.get(at) == Some(&b'.') {
        at = some_digits(bytes, at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        at = some_digits(bytes, at + usize::from(matches!(bytes.get(at), Some(b'+' | b'-'))))?;
    }
    Ok(at)
}

/// The f64 nearest to a number's text; infinite if it is out of the range of f64.
pub(super) fn value(text: &str) -> f64 {
    match decimal(text.as_bytes(), 0) {
        Some((value, end)) if end == text.len() => value,
        _ => text.parse().unwrap_or(f64::NAN),
    }
}

/// A short decimal without an exponent, and its end; `None` for any other text.
#[inline]
pub(super) fn decimal(bytes: &[u8], start: usize) -> Option<(f64, usize)> {
    // Most values are codes of one digit.
    if let Some([digit @ b'0'..=b'9', b',' | b'}']) = bytes.get(start..).and_then(<[u8]>::first_chunk) {
        return Some((f64::from(digit - b'0'), start + 1));
    }
    let is_negative = bytes.get(start) == Some(&b'-');
    let first = start + usize::from(is_negative);
    let (whole, point) = digits(bytes, first, 0);
    if point == first || (bytes.get(first) == Some(&b'0') && point > first + 1) {
        return None;
    }
    let (mut whole, mut end, mut places) = (whole, point, 0);
    if bytes.get(point) == Some(&b'.') {
        (whole, end) = digits(bytes, point + 1, whole);
        places = end - point - 1;
        if places == 0 {
            return None;
        }
    }
    let is_exact = end - first <= EXACT_BYTES && !matches!(bytes.get(end), Some(b'e' | b'E'));
    if is_exact { Some((quotient(is_negative, whole, places)?, end)) } else { None }
}

/// The number of `whole` and the digits from `at` on, and their end. With more digits than [`EXACT_BYTES`] the number has
/// no meaning.
fn digits(bytes: &[u8], mut at: usize, mut whole: u64) -> (u64, usize) {
    while let Some(digit) = bytes.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        whole = whole.wrapping_mul(10).wrapping_add(u64::from(digit));
        at += 1;
    }
    (whole, at)
}

/// The end of the digits from `at` on; there is at least one.
fn some_digits(bytes: &[u8], mut at: usize) -> Result<usize, JsonError> {
    let start = at;
    while let Some(b'0'..=b'9') = bytes.get(at) {
        at += 1;
    }
    if at > start { Ok(at) } else { Err(JsonError { offset: at, rule: "invalid number" }) }
}

/// A short decimal by its digits. A whole number below 10^15 and a power of ten up to 10^15 are f64 themselves, so their
/// quotient is rounded once. A whole number of 16 digits is rounded once too.
fn quotient(is_negative: bool, whole: u64, places: usize) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "rounded to the nearest, as a reader of the text would")]
    let (whole, power) = (whole.cast_signed() as f64, POWERS.get(places)?);
    let quotient = if places == 0 { whole } else { whole / power };
    Some(if is_negative { -quotient } else { quotient })
}
