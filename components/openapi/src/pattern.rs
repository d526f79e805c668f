//! Regular expressions for numbers in texts, for protocols that read such texts as numbers.

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

/// These words, in letters of any case.
pub(crate) fn any_case(words: &[&str]) -> String {
    let any_case = |letter: char| match letter {
        'a'..='z' => format!("[{}{letter}]", letter.to_ascii_uppercase()),
        _ => letter.to_string(),
    };
    let words: Vec<String> = words.iter().map(|word| word.chars().map(any_case).collect()).collect();
    format!("^(?:{})$", words.join("|"))
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
    let mut blocks = Vec::new();
    while low <= high {
        let (block, zeros) = greatest_block(low, high);
        let digit = low / block % 10;
        let last = (digit + (high - low + 1) / block - 1).min(9);
        let prefix = Some(low / block / 10).filter(|prefix| *prefix > 0);
        let prefix = prefix.map(|prefix| prefix.to_string()).unwrap_or_default();
        let digits = if digit == last { digit.to_string() } else { format!("[{digit}-{last}]") };
        let rest = match zeros {
            0 => String::new(),
            1 => "[0-9]".to_owned(),
            _ => format!("[0-9]{{{zeros}}}"),
        };
        blocks.push(format!("{prefix}{digits}{rest}"));
        low += (last - digit + 1) * block;
    }
    blocks.join("|")
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
