//! Strings, by the grammar of RFC 8259, §7.

use std::borrow::Cow;

use crate::limits;

use super::error::JsonError;

/// The position behind the closing quote of the string whose opening quote is at `start`.
pub(super) fn end(text: &str, start: usize) -> Result<usize, JsonError> {
    scan(text, start, |_| {})
}

/// Reads the string whose opening quote is at `start`; also returns its end.
pub(super) fn read(text: &str, start: usize) -> Result<(Cow<'_, str>, usize), JsonError> {
    let bytes = text.as_bytes();
    let plain =
        bytes.iter().skip(start + 1).take_while(|byte| !matches!(byte, b'"' | b'\\' | ..=0x1f)).count();
    let close = start + 1 + plain;
    if bytes.get(close) == Some(&b'"') && plain <= limits::STRING_BYTES {
        return Ok((Cow::Borrowed(text.get(start + 1..close).unwrap_or_default()), close + 1));
    }
    let mut string = String::new();
    let end = scan(text, start, |piece| match piece {
        Piece::Text(from, to) => string.push_str(text.get(from..to).unwrap_or_default()),
        Piece::Character(character) => string.push(character),
    })?;
    Ok((Cow::Owned(string), end))
}

/// A part of a string: a range of the text, or the character of an escape.
enum Piece {
    Text(usize, usize),
    Character(char),
}

fn scan(text: &str, start: usize, mut take: impl FnMut(Piece)) -> Result<usize, JsonError> {
    let bytes = text.as_bytes();
    let (mut at, mut from) = (start + 1, start + 1);
    loop {
        if at - start > limits::STRING_BYTES {
            return Err(JsonError { offset: start, rule: "string too long" });
        }
        match bytes.get(at) {
            Some(b'"') => {
                take(Piece::Text(from, at));
                return Ok(at + 1);
            }
            Some(b'\\') => {
                take(Piece::Text(from, at));
                let (character, end) = escape(bytes, at)?;
                take(Piece::Character(character));
                (at, from) = (end, end);
            }
            Some(..=0x1f) => return Err(JsonError { offset: at, rule: "control character in a string" }),
            Some(_) => at += 1,
            None => return Err(JsonError { offset: at, rule: "unexpected end" }),
        }
    }
}

/// The character of the escape whose backslash is at `at`, and the end of the escape.
fn escape(bytes: &[u8], at: usize) -> Result<(char, usize), JsonError> {
    let character = match bytes.get(at + 1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode_escape(bytes, at),
        _ => return Err(JsonError { offset: at, rule: "invalid escape" }),
    };
    Ok((character, at + 2))
}

/// `\uXXXX`, or two of them if they are a surrogate pair.
fn unicode_escape(bytes: &[u8], at: usize) -> Result<(char, usize), JsonError> {
    let invalid = |rule| JsonError { offset: at, rule };
    let unit = |at: usize| {
        let digits = bytes.get(at + 2..at + 6).filter(|_| bytes.get(at..at + 2) == Some(b"\\u"))?;
        digits.iter().try_fold(0_u32, |unit, byte| Some(unit << 4 | char::from(*byte).to_digit(16)?))
    };
    let first = unit(at).ok_or_else(|| invalid("invalid escape"))?;
    if let Some(character) = char::from_u32(first) {
        return Ok((character, at + 6));
    }
    let low = unit(at + 6).filter(|low| (0xdc00..=0xdfff).contains(low) && first < 0xdc00);
    let pair = low.and_then(|low| char::from_u32(0x10000 + ((first - 0xd800) << 10) + (low - 0xdc00)));
    pair.map(|character| (character, at + 12)).ok_or_else(|| invalid("lone surrogate"))
}
