//! Numbers, by the grammar of RFC 8259, §6.

use super::JsonError;

/// Digits of a whole number that f64 holds exactly without a look.
const EXACT_DIGITS: usize = 15;

/// Where the number that begins at `start` ends.
pub(super) fn end(bytes: &[u8], start: usize) -> Result<usize, JsonError> {
    let digits =
        |from: usize| from + bytes.iter().skip(from).take_while(|byte| byte.is_ascii_digit()).count();
    let some_digits = |from: usize| match digits(from) {
        end if end > from => Ok(end),
        end => Err(JsonError { offset: end, rule: "invalid number" }),
    };
    let first = start + usize::from(bytes.get(start) == Some(&b'-'));
    let mut at = some_digits(first)?;
    if bytes.get(first) == Some(&b'0') && at > first + 1 {
        return Err(JsonError { offset: first + 1, rule: "invalid number" });
    }
    if bytes.get(at) == Some(&b'.') {
        at = some_digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        at += 1;
        at = some_digits(at + usize::from(matches!(bytes.get(at), Some(b'+' | b'-'))))?;
    }
    Ok(at)
}

/// The f64 nearest to a number's text; infinite where it is beyond.
pub(super) fn value(text: &str) -> f64 {
    let bytes = text.as_bytes();
    if bytes.len() <= EXACT_DIGITS && bytes.iter().all(u8::is_ascii_digit) {
        let whole = bytes.iter().fold(0_i64, |sum, digit| 10 * sum + i64::from(digit - b'0'));
        #[expect(clippy::cast_precision_loss, reason = "below 10^15 every whole number is an f64")]
        return whole as f64;
    }
    text.parse().unwrap_or(f64::NAN)
}
