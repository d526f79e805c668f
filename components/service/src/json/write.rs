//! Writing answers.

/// Appends a string as JSON.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &str) {
    let is_plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if !text.bytes().all(is_plain) {
        return push(out, text);
    }
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Appends a whole number.
pub(crate) fn push_integer(out: &mut Vec<u8>, number: usize) {
    push(out, &number);
}

/// Appends a finite number as JSON, whole ones without a fraction.
pub(crate) fn push_number(out: &mut Vec<u8>, number: f64) {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        #[expect(clippy::cast_possible_truncation, reason = "whole and within i64, just checked")]
        push(out, &(number as i64));
    } else {
        push(out, &number);
    }
}

/// Appends a finite number as JSON, as the shortest text that reads back the same.
pub(crate) fn push_float(out: &mut Vec<u8>, number: f64) {
    push(out, &number);
}

fn push<T: serde::Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    // Writing these types to a Vec cannot fail.
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.extend_from_slice(b"null");
    }
}
