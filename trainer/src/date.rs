//! Calendar dates, year-month-day.

use std::fmt;
use std::str::FromStr;
use std::time::{SystemTime, UNIX_EPOCH};

/// A day of the Gregorian calendar; the text is `YYYY-MM-DD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    year: u64,
    month: u64,
    day: u64,
}

/// A text is not a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date YYYY-MM-DD")]
pub struct InvalidDate;

impl Date {
    /// The day that it is now, in UTC.
    #[must_use]
    pub fn today() -> Self {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
        Self::from_days(seconds / 86_400)
    }

    /// The day this many days after 1970-01-01: Hinnant, "chrono-compatible low-level date algorithms",
    /// `civil_from_days`, for days from 1970 on.
    pub(crate) fn from_days(days: u64) -> Self {
        let days = days + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
        Self { year: year_of_era + era * 400 + u64::from(month <= 2), month, day }
    }

    /// Days from 1970-01-01 to this day (Hinnant's `days_from_civil`); `None` for a day before.
    pub(crate) fn days(self) -> Option<u64> {
        let year = self.year.checked_sub(u64::from(self.month <= 2))?;
        let shifted_month = (self.month + 9) % 12;
        let (era, year_of_era) = (year / 400, year % 400);
        let day_of_year = (153 * shifted_month + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        (era * 146_097 + day_of_era).checked_sub(719_468)
    }
}

impl FromStr for Date {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        let digits = |part: &str, count: usize| {
            let valid = part.len() == count && part.bytes().all(|byte| byte.is_ascii_digit());
            if valid { part.parse::<u64>().map_err(|_| InvalidDate) } else { Err(InvalidDate) }
        };
        let [year, month, day] = text.split('-').collect::<Vec<_>>()[..] else {
            return Err(InvalidDate);
        };
        let (year, month, day) = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
        if (1..=days_in_month(year, month)).contains(&day) {
            Ok(Self { year, month, day })
        } else {
            Err(InvalidDate)
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn days_in_month(year: u64, month: u64) -> u64 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 => 28 + u64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted_from_1970() {
        let dates =
            [(0, "1970-01-01"), (11_016, "2000-02-29"), (11_017, "2000-03-01"), (20_780, "2026-11-23")];
        for (days, text) in dates {
            assert_eq!(Date::from_days(days).to_string(), text);
            assert_eq!(text.parse(), Ok(Date::from_days(days)));
        }
        assert!((0..100_000).all(|days| Date::from_days(days).days() == Some(days)));
        assert_eq!("1969-12-31".parse::<Date>().unwrap().days(), None);
        assert_eq!("0000-01-01".parse::<Date>().unwrap().days(), None);
    }

    #[test]
    fn what_is_no_date_is_refused() {
        let texts =
            ["", "2026", "2026-13-01", "2026-02-29", "2026-1-1", "2026-01-00", "2026-04-31", "2026-01-01-1"];
        for text in texts {
            assert_eq!(text.parse::<Date>(), Err(InvalidDate), "{text}");
        }
        assert!("2024-02-29".parse::<Date>().is_ok());
    }
}
