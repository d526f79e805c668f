//! The calendar, held against humantime's.

use std::time::{Duration, UNIX_EPOCH};

use proptest::prelude::*;

use crate::time::{Date, InvalidDate, SECOND, format_rfc3339, parse_rfc3339};

#[test]
fn reads_times_across_leap_years() {
    assert_eq!(parse_rfc3339("1970-01-01T00:00:00Z"), Some(0));
    assert_eq!(parse_rfc3339("2000-02-29T23:59:59Z"), Some(951_868_799 * SECOND));
    assert_eq!(parse_rfc3339("2000-03-01T00:00:00Z"), Some(951_868_800 * SECOND));
    assert_eq!(parse_rfc3339("2016-12-31T23:59:60Z"), Some(1_483_228_800 * SECOND));
    assert_eq!(parse_rfc3339("2026-01-31T12:00:00.25Z"), Some(1_769_860_800 * SECOND + 250_000_000));
    assert_eq!(parse_rfc3339("2100-03-01T00:00:00.000000001Z"), Some(4_107_542_400 * SECOND + 1));
    assert_eq!(parse_rfc3339("2500-12-31T23:59:59.999999999Z"), Some(16_756_761_600 * SECOND - 1));
}

#[test]
fn offsets_are_taken_into_account() {
    let noon = 1_769_860_800 * SECOND;
    for text in [
        "2026-01-31T13:00:00+01:00",
        "2026-01-31T13:00:00+0100",
        "2026-01-31t13:00:00+01",
        "2026-01-31 06:30:00-05:30",
        "2026-02-01T00:00:00+12:00",
        "2026-01-31T12:00:00-00:00",
        "2026-01-31T12:00:00z",
    ] {
        assert_eq!(parse_rfc3339(text), Some(noon), "{text}");
    }
}

#[test]
fn saturates_outside_what_a_number_holds() {
    assert_eq!(parse_rfc3339("0000-01-01T00:00:00Z"), Some(0));
    assert_eq!(parse_rfc3339("1969-12-31T23:59:59.9Z"), Some(0));
    assert_eq!(parse_rfc3339("9999-12-31T23:59:60.999999999Z"), Some(u64::MAX));
}

#[test]
fn refuses_what_is_not_a_time_with_an_offset() {
    let cases = [
        "",
        "Z",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-01-31T12:00:00+1",
        "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00-00:60",
        "2026-01-31T12:00:00 01:00",
        "2026-01-31T12:00:00+01:00Z",
        "2026-01-31T12:00:00.99999999999999999999999Z",
        "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00.1234567890Z",
        "2026-01-31T12:00:00.1e3Z",
        "2026-01-31T1a:00:00Z",
        "\u{e9}026-01-31T12:00:00Z",
    ];
    for text in cases {
        assert_eq!(parse_rfc3339(text), None, "{text}");
    }
}

#[test]
fn refuses_days_and_hours_that_do_not_exist() {
    let days =
        ["2026-00-10", "2026-13-10", "2026-01-00", "2026-01-32", "2026-04-31", "2026-02-29", "2100-02-29"];
    for day in days {
        assert_eq!(parse_rfc3339(&format!("{day}T00:00:00Z")), None, "{day}");
    }
    for time in ["24:00:00", "23:60:00", "23:59:61"] {
        assert_eq!(parse_rfc3339(&format!("2026-01-31T{time}Z")), None, "{time}");
    }
}

#[test]
fn days_are_counted_from_1970() {
    let dates = [(0, "1970-01-01"), (11_016, "2000-02-29"), (11_017, "2000-03-01"), (20_780, "2026-11-23")];
    for (days, text) in dates {
        assert_eq!(Date::from_days(days).to_string(), text);
        assert_eq!(text.parse(), Ok(Date::from_days(days)));
    }
    assert!((0..100_000_u64).all(|days| Date::from_days(days).days() == days.cast_signed()));
    assert_eq!("1969-12-31".parse::<Date>().unwrap().days(), -1);
    assert!("0000-01-01".parse::<Date>().unwrap().days() < 0);
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

proptest! {
    #[test]
    fn agrees_with_humantime_on_what_exists(
        year in 1970_u16..2501, month in 0_u8..15, day in 0_u8..34, hour in 0_u8..26, minute in 0_u8..62,
        second in 0_u8..60, fraction in "(\\.[0-9]{1,9})?",
    ) {
        let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z");
        let expected = humantime::parse_rfc3339(&text).ok();
        let time = parse_rfc3339(&text).map(|time| UNIX_EPOCH + Duration::from_nanos(time));
        prop_assert_eq!(time, expected, "{}", text);
    }

    #[test]
    fn reads_and_writes_what_humantime_writes(time in 0..=u64::MAX) {
        let at = UNIX_EPOCH + Duration::from_nanos(time);
        let text = humantime::format_rfc3339_nanos(at).to_string();
        prop_assert_eq!(parse_rfc3339(&text), Some(time));
        prop_assert_eq!(format_rfc3339(time, 9), text);
        prop_assert_eq!(format_rfc3339(time, 6), humantime::format_rfc3339_micros(at).to_string());
        prop_assert_eq!(format_rfc3339(time, 3), humantime::format_rfc3339_millis(at).to_string());
        prop_assert_eq!(format_rfc3339(time, 0), humantime::format_rfc3339_seconds(at).to_string());
    }
}
