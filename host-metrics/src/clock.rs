//! Time as nanoseconds since the epoch, and as events write it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds of a second.
pub const SECOND: u64 = 1_000_000_000;

/// The wall clock; 0 before 1970.
#[must_use]
pub fn now() -> u64 {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX)
}

/// Reads an RFC 3339 time in UTC (`2026-01-31T12:00:00Z`, with up to nine digits of a second).
///
/// `None` for anything else, and for years outside 1970 to 2500.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let bytes = text.strip_suffix('Z')?.as_bytes();
    let (date_time, fraction) = bytes.split_at_checked(19)?;
    let shape = date_time.iter().zip(b"dddd-dd-ddTdd:dd:dd");
    let well_formed = shape.into_iter().all(|(byte, expected)| match expected {
        b'd' => byte.is_ascii_digit(),
        _ => byte == expected,
    });
    let at = |start: usize, end: usize| date_time.get(start..end).map_or(0, number);
    let (year, month, day) = (at(0, 4), at(5, 7), at(8, 10));
    let (hour, minute, second) = (at(11, 13), at(14, 16), at(17, 19));
    let in_range = (1970..=2500).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !well_formed || !in_range {
        return None;
    }
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(seconds * SECOND + nanoseconds(fraction)?)
}

/// Writes a time as RFC 3339 in UTC, with milliseconds.
#[must_use]
pub fn format(time: u64) -> String {
    let seconds = time / SECOND;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let milliseconds = time % SECOND / 1_000_000;
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z")
}

/// The date that many days after 1970-01-01.
fn date(since_epoch: u64) -> (u64, u64, u64) {
    // Years are longer than 365 days on average, so the estimate can only be too high.
    let guess = 1970 + since_epoch / 365;
    let year = (1970..=guess).rev().find(|year| days(*year, 1, 1) <= since_epoch).unwrap_or(1970);
    let month = (1..=12).rev().find(|month| days(year, *month, 1) <= since_epoch).unwrap_or(1);
    (year, month, since_epoch - days(year, month, 1) + 1)
}

/// Days from 1970-01-01 in the Gregorian calendar, counting years from March so that leap days come last.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

fn nanoseconds(fraction: &[u8]) -> Option<u64> {
    match fraction {
        [] => Some(0),
        [b'.', digits @ ..] if (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) => {
            Some((digits.len()..9).fold(number(digits), |value, _| value * 10))
        }
        _ => None,
    }
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |value, digit| value * 10 + u64::from(digit.wrapping_sub(b'0') & 15))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_times_across_leap_years() {
        assert_eq!(parse("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(parse("2000-02-29T23:59:59Z"), Some(951_868_799 * SECOND));
        assert_eq!(parse("2000-03-01T00:00:00Z"), Some(951_868_800 * SECOND));
        assert_eq!(parse("2026-01-31T12:00:00.25Z"), Some(1_769_860_800 * SECOND + 250_000_000));
        assert_eq!(parse("2100-03-01T00:00:00.000000001Z"), Some(4_107_542_400 * SECOND + 1));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(milliseconds in 0_u64..16_000_000_000_000) {
            let time = milliseconds * 1_000_000;
            prop_assert_eq!(parse(&format(time)), Some(time));
        }
    }

    #[test]
    fn refuses_what_is_not_a_time_in_utc() {
        let cases = [
            "",
            "Z",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-01-31T12:00:00+01:00",
            "2026-13-01T00:00:00Z",
        ];
        for text in cases.into_iter().chain([
            "2026-01-31T12:00:00.Z",
            "2026-01-31T1a:00:00Z",
            "9999-01-31T12:00:00Z",
            "é026-01-31T12:00:00Z",
        ]) {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
