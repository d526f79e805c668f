//! The calendar: days, and times as events write them.
//!
//! Times are RFC 3339, such as `2026-01-31T12:00:00.25Z`: <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>.
//! Offsets may also be written as Java, `strftime` and PostgreSQL do: `+0100`, `+01`.

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds of a second.
pub const SECOND: u64 = 1_000_000_000;

const DAY_SECONDS: u64 = 86_400;

/// A day of the Gregorian calendar, from year 0 to 9999; the text is `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: i64,
    month: i64,
    day: i64,
}

/// A time as a text states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Whole seconds from the epoch, negative before it. The offset is taken into account.
    pub seconds: i64,
    /// Nanoseconds after that second.
    pub nanoseconds: u32,
    /// The text has an offset from UTC. Without one, the time is read as UTC.
    pub has_offset: bool,
}

/// A text is not a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date YYYY-MM-DD")]
pub struct InvalidDate;

/// Nanoseconds from the epoch to a time; 0 for earlier ones.
pub fn nanoseconds(time: SystemTime) -> u64 {
    let since_epoch = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX)
}

/// Writes nanoseconds since the epoch as RFC 3339 in UTC, with this many digits of a second (0 to 9), rounded down.
///
/// ```
/// use portent_event::time::format_rfc3339;
/// assert_eq!(format_rfc3339(951_868_799_250_999_999, 3), "2000-02-29T23:59:59.250Z");
/// assert_eq!(format_rfc3339(951_868_799_250_999_999, 0), "2000-02-29T23:59:59Z");
/// ```
pub fn format_rfc3339(nanoseconds: u64, digits: usize) -> String {
    let (seconds, mut fraction) = (nanoseconds / SECOND, nanoseconds % SECOND);
    let Date { year, month, day } = Date::from_days(seconds / DAY_SECONDS);
    let of_day = (seconds % DAY_SECONDS).cast_signed();
    let mut text = *b"0000-00-00T00:00:00.000000000Z";
    let clock = [of_day / 3600, of_day / 60 % 60, of_day % 60];
    for (at, number) in [0, 2, 5, 8, 11, 14, 17]
        .into_iter()
        .zip([year / 100, year % 100, month, day].into_iter().chain(clock))
    {
        text[at..at + 2].copy_from_slice(&[b'0' + (number / 10) as u8, b'0' + (number % 10) as u8]);
    }
    for digit in text[20..29].iter_mut().rev() {
        *digit = b'0' + (fraction % 10) as u8;
        fraction /= 10;
    }
    let end = if digits == 0 { 19 } else { 20 + digits.min(9) };
    text[end] = b'Z';
    String::from_utf8_lossy(&text[..=end]).into_owned()
}

/// Nanoseconds from the epoch to a time with an offset; 0 for earlier ones, `u64::MAX` for those too far away for it.
/// `None` if the text is not such a time.
///
/// ```
/// use portent_event::time::parse_rfc3339;
/// assert_eq!(parse_rfc3339("1970-01-01T01:00:00.5+01:00"), Some(500_000_000));
/// assert_eq!(parse_rfc3339("1970-01-01T00:00:00.5"), None);
/// ```
pub fn parse_rfc3339(text: &str) -> Option<u64> {
    let time = Timestamp::parse(text).filter(|time| time.has_offset)?;
    let Ok(seconds) = u64::try_from(time.seconds) else { return Some(0) };
    Some(seconds.saturating_mul(SECOND).saturating_add(time.nanoseconds.into()))
}

impl Timestamp {
    /// Reads `YYYY-MM-DDThh:mm:ss`, with a `t` or a space for the `T`, with up to nine digits of a second and an
    /// offset (`Z`, `+hh:mm`, `+hhmm` or `+hh`) if there are any. `None` if the text is something else, or if the
    /// calendar has no such day. A leap second is the second after it.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.as_bytes().split_first_chunk()?;
        let ([b'T' | b't' | b' ', clock @ ..], rest) = rest.split_first_chunk::<9>()? else { return None };
        let (hour, minute, second) = (number(&clock[..2])?, number(&clock[3..5])?, number(&clock[6..])?);
        let days = Date::read(date)?.days();
        if hour > 23 || minute > 59 || second > 60 || (clock[2], clock[5]) != (b':', b':') {
            return None;
        }
        let (nanoseconds, offset) = nanoseconds_and_rest(rest)?;
        let local = ((days * 24 + hour) * 60 + minute) * 60 + second;
        let seconds = local - offset_seconds(offset)?;
        Some(Self { seconds, nanoseconds, has_offset: !offset.is_empty() })
    }
}

impl Date {
    /// The day that comes this many days after 1970-01-01: `civil_from_days` of Hinnant,
    /// <https://howardhinnant.github.io/date_algorithms.html>.
    pub fn from_days(days: u64) -> Self {
        let days = days.min(u32::MAX.into()).cast_signed() + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        Self { year: year_of_era + era * 400 + i64::from(month <= 2), month, day }
    }

    /// Days from 1970-01-01 to this day, negative before it. Years are counted from March, so that leap days come
    /// last.
    pub fn days(self) -> i64 {
        let Self { year, month, day } = self;
        let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
        let leap_days = year / 4 - year / 100 + year / 400;
        year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
    }

    /// Reads `YYYY-MM-DD`; `None` if the calendar has no such day.
    fn read(text: &[u8; 10]) -> Option<Self> {
        let (year, month, day) = (number(&text[..4])?, number(&text[5..7])?, number(&text[8..])?);
        let last = match month {
            2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let exists = (1..=12).contains(&month) && (1..=last).contains(&day);
        (exists && (text[4], text[7]) == (b'-', b'-')).then_some(Self { year, month, day })
    }
}

impl FromStr for Date {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        text.as_bytes().try_into().ok().and_then(Self::read).ok_or(InvalidDate)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The fraction of a second that a text may begin with, and the rest of it.
fn nanoseconds_and_rest(text: &[u8]) -> Option<(u32, &[u8])> {
    let [b'.', text @ ..] = text else { return Some((0, text)) };
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = text.split_at(length);
    if !(1..=9).contains(&length) {
        return None;
    }
    let fraction = number(digits)?;
    let nanoseconds = (length..9).fold(fraction, |fraction, _| fraction * 10);
    Some((u32::try_from(nanoseconds).ok()?, rest))
}

/// Seconds by which local time is ahead of UTC.
fn offset_seconds(offset: &[u8]) -> Option<i64> {
    let (sign, hours, minutes) = match offset {
        [] | [b'Z' | b'z'] => return Some(0),
        [sign, h1, h2] => (sign, [*h1, *h2], *b"00"),
        [sign, h1, h2, m1, m2] | [sign, h1, h2, b':', m1, m2] => (sign, [*h1, *h2], [*m1, *m2]),
        _ => return None,
    };
    let (hours, minutes) = (number(&hours)?, number(&minutes)?);
    let seconds = (hours * 60 + minutes) * 60;
    match sign {
        b'+' if hours < 24 && minutes < 60 => Some(seconds),
        b'-' if hours < 24 && minutes < 60 => Some(-seconds),
        _ => None,
    }
}

/// The number that these digits write.
fn number(digits: &[u8]) -> Option<i64> {
    digits
        .iter()
        .try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0')))
}
