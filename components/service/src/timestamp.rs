//! Times of readings.

/// Seconds since 1970 of a text: `YYYY-MM-DD hh:mm:ss`, with `T` or a space between, a fraction of a second and an
/// offset (`Z`, `+hh:mm`) if there are any; without an offset it is read as UTC. `None` if it is not that.
///
/// ISO 8601 as RFC 3339 profiles it, and as pandas writes it.
pub(crate) fn seconds(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let (day, clock) = (bytes.get(..10)?, bytes.get(11..19)?);
    let is_split = |bytes: &[u8], at: [usize; 2], by: u8| at.iter().all(|at| bytes.get(*at) == Some(&by));
    if !is_split(day, [4, 7], b'-')
        || !is_split(clock, [2, 5], b':')
        || !matches!(bytes.get(10), Some(b'T' | b't' | b' '))
    {
        return None;
    }
    let (year, month, date) = (digits(&day[..4])?, digits(&day[5..7])?, digits(&day[8..])?);
    let (hour, minute, second) = (digits(&clock[..2])?, digits(&clock[3..5])?, digits(&clock[6..])?);
    let valid = (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&date)
        && hour < 24
        && minute < 60
        && second <= 60;
    let (fraction, offset) = fraction(bytes.get(19..)?)?;
    let seconds = (days_since_1970(year, month, date) * 24 + hour) * 3600 + minute * 60 + second;
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

fn days_of(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar: `days_from_civil` of Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms", <https://howardhinnant.github.io/date_algorithms.html>.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}
