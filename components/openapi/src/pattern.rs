//! Regular expressions for numbers in texts, where a dialect reads such texts as numbers.

use std::fmt::Write as _;

/// Most digits of a number without a bound: every such number is exact in `f64`.
const DIGITS: u32 = 15;

/// Texts of whole numbers from `least` to `most`, either of which may be infinite.
pub(crate) fn whole(least: f64, most: f64) -> String {
    let magnitudes = signed(least.ceil(), most.floor(), magnitude);
    format!("^ *(?:{magnitudes})(?:\\.0*)? *$")
}

/// Texts of these whole numbers and no others.
pub(crate) fn one_of(codes: &[f64]) -> String {
    let codes: Vec<_> = codes.iter().map(f64::to_string).collect();
    format!("^ *[+]?0*(?:{})(?:\\.0*)? *$", codes.join("|"))
}

/// Texts of numbers from `least` to `most`, rounded inwards to whole numbers; either may be infinite.
pub(crate) fn real(least: f64, most: f64) -> String {
    let open = |bound: f64| if bound.abs() < 1e15 { bound } else { bound * f64::INFINITY };
    format!("^ *(?:{}) *$", signed(open(least.ceil()), open(most.floor()), real_magnitude))
}

/// The numbers below zero and those above it, each as a sign and a range of magnitudes.
fn signed(least: f64, most: f64, range: fn(f64, f64) -> String) -> String {
    let mut parts = Vec::new();
    if most >= 0.0 {
        parts.push(format!("[+]?0*(?:{})", range(least.max(0.0), most)));
    }
    if least < 0.0 {
        parts.push(format!("-0*(?:{})", range((-most).max(0.0), -least)));
    }
    parts.join("|")
}

fn real_magnitude(least: f64, most: f64) -> String {
    if most.is_infinite() {
        let whole = magnitude(least, most);
        return format!("(?:{whole})(?:\\.[0-9]{{0,{DIGITS}}})?");
    }
    let last = format!("{most}(?:\\.0*)?");
    if least >= most {
        return last;
    }
    format!("(?:{})(?:\\.[0-9]*)?|{last}", magnitude(least, most - 1.0))
}

/// Digits of the whole numbers from `least` to `most`, both at least zero, without leading zeros.
fn magnitude(least: f64, most: f64) -> String {
    if least == 0.0 && most.is_infinite() {
        return format!("[0-9]{{1,{DIGITS}}}");
    }
    let limit = 10_u64.pow(DIGITS) - 1;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "whole, positive and bounded"
    )]
    let bound = |value: f64| (value as u64).min(limit);
    let (mut low, high) = (bound(least), bound(most));
    let mut pattern = String::new();
    while low <= high {
        let (block, zeros) = greatest_block(low, high);
        let digit = low / block % 10;
        let last = (digit + (high - low + 1) / block - 1).min(9);
        if !pattern.is_empty() {
            pattern.push('|');
        }
        if low / block / 10 > 0 {
            let prefix = low / block / 10;
            // Writing to a text does not fail.
            write!(pattern, "{prefix}").ok();
        }
        let digits = if digit == last { digit.to_string() } else { format!("[{digit}-{last}]") };
        pattern.push_str(&digits);
        match zeros {
            0 => {}
            1 => pattern.push_str("[0-9]"),
            _ => pattern.push_str(&format!("[0-9]{{{zeros}}}")),
        }
        low += (last - digit + 1) * block;
    }
    pattern
}

/// The greatest power of ten that divides `low` and whose block of numbers ends before `high`, and its exponent.
fn greatest_block(low: u64, high: u64) -> (u64, u32) {
    let mut found = (1, 0);
    for zeros in 1..DIGITS {
        let block = 10_u64.pow(zeros);
        if block > low || !low.is_multiple_of(block) || low + block - 1 > high {
            break;
        }
        found = (block, zeros);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        let schema = serde_json::json!({ "type": "string", "pattern": pattern });
        jsonschema::is_valid(&schema, &text.into())
    }

    #[test]
    fn whole_numbers_match_exactly_within_their_range() {
        for (least, most) in [(0, 120), (1, 4), (3, 7), (0, 0), (95, 1234), (100, 100), (-40, 7), (-9, -3)] {
            let pattern = whole(f64::from(least), f64::from(most));
            for number in -1300..1300 {
                let text = number.to_string();
                assert_eq!(matches(&pattern, &text), (least..=most).contains(&number), "{text} {pattern}");
            }
        }
    }

    #[test]
    fn forms_of_a_number() {
        let pattern = whole(0.0, 120.0);
        for text in ["063", " 63 ", "63.0", "63.", "+63"] {
            assert!(matches(&pattern, text), "{text}");
        }
        for text in ["", "63.5", "6 3", "0x3f", "nan", "-1", "1e400", "121"] {
            assert!(!matches(&pattern, text), "{text}");
        }
        assert!(matches(&whole(0.0, f64::INFINITY), "999999999999999"));
        assert!(!matches(&whole(0.0, f64::INFINITY), "9999999999999999"));
    }

    #[test]
    fn real_numbers_keep_their_bounds() {
        let pattern = real(0.0, 100.0);
        for text in ["0", "99.99", "100", "100.00", "5."] {
            assert!(matches(&pattern, text), "{text}");
        }
        for text in ["100.01", "-0.1", "101", "", "."] {
            assert!(!matches(&pattern, text), "{text}");
        }
        assert!(matches(&real(f64::NEG_INFINITY, f64::INFINITY), "-2.5"));
        assert!(matches(&real(-40.5, 10.0), "-40"));
        assert!(!matches(&real(-40.5, 10.0), "-40.1"));
    }
}
