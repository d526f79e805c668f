//! Times of readings.

use portent_event::time::Date;

/// Seconds since 1970 of a text: `YYYY-MM-DD hh:mm:ss`, with `T` or a space between, a fraction of a second and an
/// offset (`Z`, `+hh:mm`) if there are any; without an offset it is read as UTC. `None` if it is not that.
///
/// ISO 8601 as RFC 3339 profiles it, and as pandas writes it.
pub(crate) fn seconds(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let (day, clock) = (text.get(..10)?.parse::<Date>().ok()?, bytes.get(11..19)?);
    if clock[2] != b':' || clock[5] != b':' || !matches!(bytes.get(10), Some(b'T' | b't' | b' ')) {
        return None;
    }
    let (hour, minute, second) = (digits(&clock[..2])?, digits(&clock[3..5])?, digits(&clock[6..])?);
    let valid = hour < 24 && minute < 60 && second <= 60;
    let (fraction, offset) = fraction(bytes.get(19..)?)?;
    let seconds = (day.days() * 24 + hour) * 3600 + minute * 60 + second;
    #[expect(clippy::cast_precision_loss, reason = "seconds of years 0 to 9999 are far below 2^52")]
    valid.then_some((seconds - offset_seconds(offset)?) as f64 + fraction)
}

fn digits(bytes: &[u8]) -> Option<i64> {
    bytes.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| 10 * sum + i64::from(byte - b'0')))
}

/// A fraction of a second, if the rest begins with one, and the text behind it.
fn fraction(rest: &[u8]) -> Option<(f64, &[u8])> {
    let Some((b'.', rest)) = rest.split_first() else { return Some((0.0, rest)) };
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (places, rest) = rest.split_at(length);
    let text = std::str::from_utf8(places).ok().filter(|places| (1..=9).contains(&places.len()))?;
    Some((format!("0.{text}").parse().ok()?, rest))
}

fn offset_seconds(text: &[u8]) -> Option<i64> {
    match text {
        [] | [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), hours @ .., b':', m1, m2] if hours.len() == 2 => {
            let (hours, minutes) = (digits(hours)?, digits(&[*m1, *m2])?);
            let offset = hours * 3600 + minutes * 60;
            (hours < 24 && minutes < 60).then_some(if *sign == b'-' { -offset } else { offset })
        }
        _ => None,
    }
}
