//! Times as events write them: RFC 3339 in UTC, such as `2026-01-31T12:00:00.25Z`.
//! <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>, without its offsets.

/// Nanoseconds of a second.
const SECOND: u64 = 1_000_000_000;

/// Nanoseconds from the epoch to a time; 0 for earlier ones, `u64::MAX` for those too far away for it.
///
/// `None` where the text is not a time in UTC with no or up to nine digits of a second, or where the
/// calendar has no such day. A leap second is the second after it.
pub(crate) fn nanoseconds(text: &str) -> Option<u64> {
    let (date_time, fraction) = text.as_bytes().split_first_chunk()?;
    let seconds = seconds(date_time)?;
    let fraction = match fraction {
        [b'Z'] => 0,
        [b'.', digits @ .., b'Z'] => fraction_nanoseconds(digits)?,
        _ => return None,
    };
    let Ok(seconds) = u64::try_from(seconds) else { return Some(0) };
    Some(seconds.saturating_mul(SECOND).saturating_add(fraction))
}

/// Seconds from the epoch to a time; negative before it.
fn seconds(text: &[u8; 19]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', i1, i2, b':', s1, s2] = *text else {
        return None;
    };
    let year = two_digits(y1, y2)? * 100 + two_digits(y3, y4)?;
    let (month, day) = (two_digits(m1, m2)?, two_digits(d1, d2)?);
    let (hour, minute, second) = (two_digits(h1, h2)?, two_digits(i1, i2)?, two_digits(s1, s2)?);
    let exists = (1..=12).contains(&month) && (1..=days_of_month(year, month)).contains(&day);
    let in_day = hour < 24 && minute < 60 && second <= 60;
    (exists && in_day).then(|| ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second)
}

fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 in the Gregorian calendar, counting years from March so that leap days come last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

/// Nanoseconds from the one to nine digits behind the point.
fn fraction_nanoseconds(digits: &[u8]) -> Option<u64> {
    if !(1..=9).contains(&digits.len()) {
        return None;
    }
    let value =
        digits.iter().try_fold(0, |value, digit| Some(value * 10 + u64::from(self::digit(*digit)?)))?;
    Some((digits.len()..9).fold(value, |value, _| value * 10))
}

fn two_digits(tens: u8, ones: u8) -> Option<i64> {
    Some(i64::from(digit(tens)? * 10 + digit(ones)?))
}

fn digit(byte: u8) -> Option<u8> {
    let digit = byte.wrapping_sub(b'0');
    (digit < 10).then_some(digit)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn reads_times_across_leap_years() {
        assert_eq!(nanoseconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(nanoseconds("2000-02-29T23:59:59Z"), Some(951_868_799 * SECOND));
        assert_eq!(nanoseconds("2000-03-01T00:00:00Z"), Some(951_868_800 * SECOND));
        assert_eq!(nanoseconds("2016-12-31T23:59:60Z"), Some(1_483_228_800 * SECOND));
        assert_eq!(nanoseconds("2026-01-31T12:00:00.25Z"), Some(1_769_860_800 * SECOND + 250_000_000));
        assert_eq!(nanoseconds("2100-03-01T00:00:00.000000001Z"), Some(4_107_542_400 * SECOND + 1));
        assert_eq!(nanoseconds("2500-12-31T23:59:59.999999999Z"), Some(16_756_761_600 * SECOND - 1));
    }

    #[test]
    fn saturates_outside_what_a_number_holds() {
        assert_eq!(nanoseconds("0000-01-01T00:00:00Z"), Some(0));
        assert_eq!(nanoseconds("1969-12-31T23:59:59.9Z"), Some(0));
        assert_eq!(nanoseconds("9999-12-31T23:59:60.999999999Z"), Some(u64::MAX));
    }

    #[test]
    fn refuses_what_is_not_a_time_in_utc() {
        let cases = [
            "",
            "Z",
            "2026-01-31",
            "2026-01-31T12:00:00",
            "2026-01-31T12:00:00+01:00",
            "2026-01-31T12:00:00.Z",
            "2026-01-31T12:00:00.1234567890Z",
            "2026-01-31T12:00:00.1e3Z",
            "2026-01-31T1a:00:00Z",
            "2026-01-31 12:00:00Z",
            "\u{e9}026-01-31T12:00:00Z",
        ];
        for text in cases {
            assert_eq!(nanoseconds(text), None, "{text}");
        }
    }

    #[test]
    fn refuses_days_and_hours_that_do_not_exist() {
        let days = [
            "2026-00-10",
            "2026-13-10",
            "2026-01-00",
            "2026-01-32",
            "2026-04-31",
            "2026-02-29",
            "2100-02-29",
        ];
        for day in days {
            assert_eq!(nanoseconds(&format!("{day}T00:00:00Z")), None, "{day}");
        }
        for time in ["24:00:00", "23:60:00", "23:59:61"] {
            assert_eq!(nanoseconds(&format!("2026-01-31T{time}Z")), None, "{time}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_humantime_on_what_exists(
            year in 1970_u16..2501, month in 0_u8..15, day in 0_u8..34, hour in 0_u8..26, minute in 0_u8..62,
            second in 0_u8..60, fraction in "(\\.[0-9]{1,9})?",
        ) {
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z");
            let expected = humantime::parse_rfc3339(&text).ok();
            let time = nanoseconds(&text).map(|time| UNIX_EPOCH + Duration::from_nanos(time));
            prop_assert_eq!(time, expected, "{}", text);
        }

        #[test]
        fn reads_what_humantime_writes(time in 0..16_756_761_600 * SECOND) {
            let text = humantime::format_rfc3339_nanos(UNIX_EPOCH + Duration::from_nanos(time)).to_string();
            prop_assert_eq!(nanoseconds(&text), Some(time));
        }
    }
}
