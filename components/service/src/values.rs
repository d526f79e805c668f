//! Texts of values to numbers, and the rules for a number of a feature.

use std::borrow::Cow;

use portent_model::{Feature, FeatureKind};

use crate::json::Reader;
use crate::limits;
use crate::violation::InputRule;

/// The texts that a protocol reads as a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coercion {
    /// As the services that this replaces did: also numbers in strings, `true` and `false`, and `63.0` for a whole
    /// number.
    Lax,
    /// Numbers only; a whole number has neither fraction nor exponent.
    Strict,
    /// Numbers only, and `63.0` for a whole number: lists and data frames have one type of numbers.
    Uniform,
    /// The text is not JSON but the number itself: a cell of CSV.
    Cell,
}

/// The rules for a finite value of a feature, read once for many rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    lower: f64,
    upper: f64,
    is_whole: bool,
}

impl Bounds {
    pub(crate) fn of(feature: &Feature<'_>) -> Self {
        let is_whole = feature.kind() != FeatureKind::Number;
        let limit = if is_whole { limits::WHOLE_NUMBER } else { f64::MAX };
        Self { lower: feature.lower().max(-limit), upper: feature.upper().min(limit), is_whole }
    }

    /// Whether a value keeps the rules; NaN does not. A category that does is a code of the model's own coding, or at
    /// least of no other.
    pub(crate) fn contain(self, value: f64) -> bool {
        self.lower <= value && value <= self.upper && (!self.is_whole || is_whole(value))
    }
}

/// Reads the text of a value (JSON that has been scanned) as a number for a feature. Bounds are not checked.
pub(crate) fn read(feature: &Feature<'_>, text: &str, coercion: Coercion) -> Result<f64, InputRule> {
    if feature.kind() == FeatureKind::Number {
        read_number(text, coercion)
    } else {
        read_integer(text, coercion)
    }
}

/// Checks a number that did not come as text: in a tensor or a list of one type.
pub(crate) fn check(feature: &Feature<'_>, number: f64) -> Result<f64, InputRule> {
    if number.is_infinite() {
        Err(InputRule::Finite)
    } else if feature.kind() != FeatureKind::Number && number.fract() != 0.0 {
        Err(InputRule::Fraction)
    } else if feature.kind() != FeatureKind::Number && number.abs() > limits::WHOLE_NUMBER {
        Err(InputRule::IntegerSize)
    } else {
        check_bounds(feature, number).map_or(Ok(number), Err)
    }
}

/// The bound that a number breaks; none if it is NaN.
pub(crate) fn check_bounds(feature: &Feature<'_>, number: f64) -> Option<InputRule> {
    if number < feature.lower() {
        Some(InputRule::AtLeast(feature.lower()))
    } else if number > feature.upper() {
        Some(InputRule::AtMost(feature.upper()))
    } else {
        None
    }
}

/// The text of a value as a string, if it is one.
pub(crate) fn string(text: &str) -> Option<Cow<'_, str>> {
    text.starts_with('"').then(|| Reader::new(text).string().ok()).flatten()
}

fn read_number(text: &str, coercion: Coercion) -> Result<f64, InputRule> {
    let number = match (text.as_bytes().first(), coercion) {
        (_, Coercion::Cell) => decimal(text.trim()).ok_or(InputRule::NumberText)?,
        (Some(b'-' | b'0'..=b'9'), _) => Reader::number_of(text),
        (Some(b'"'), Coercion::Lax) => {
            decimal(string(text).unwrap_or_default().trim()).ok_or(InputRule::NumberText)?
        }
        (Some(b't'), Coercion::Lax) => 1.0,
        (Some(b'f'), Coercion::Lax) => 0.0,
        _ => return Err(InputRule::Number),
    };
    if number.is_finite() { Ok(number) } else { Err(InputRule::Finite) }
}

fn read_integer(text: &str, coercion: Coercion) -> Result<f64, InputRule> {
    let is_text = coercion == Coercion::Cell || text.starts_with('"');
    let number = match read_number(text, coercion) {
        Err(InputRule::Number) => return Err(InputRule::Integer),
        Err(InputRule::NumberText) => return Err(InputRule::IntegerText),
        other => other?,
    };
    if number.fract() != 0.0 {
        Err(if is_text { InputRule::IntegerText } else { InputRule::Fraction })
    } else if number.abs() > limits::WHOLE_NUMBER {
        Err(InputRule::IntegerSize)
    } else if coercion == Coercion::Strict && text.contains(['.', 'e', 'E']) {
        Err(InputRule::Integer)
    } else {
        Ok(number)
    }
}

/// A number in a string: digits, sign, point and exponent only, so neither `nan` nor `inf`.
pub(crate) fn decimal(text: &str) -> Option<f64> {
    let plain = |byte: u8| byte.is_ascii_digit() || b"+-.eE".contains(&byte);
    text.bytes().all(plain).then(|| text.parse().ok()).flatten()
}

/// Whether a number has no fraction, for numbers that `i64` holds.
fn is_whole(value: f64) -> bool {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "compared with the number itself"
    )]
    let whole = value as i64 as f64;
    whole == value
}
