//! Numbers of a scrape.

use std::ops::AddAssign;

/// A number that was added up exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A count.
    Whole(u64),
    /// Billionths of the unit.
    Nano(u128),
}

impl From<u64> for Value {
    fn from(count: u64) -> Self {
        Self::Whole(count)
    }
}

impl From<bool> for Value {
    fn from(is_so: bool) -> Self {
        Self::Whole(u64::from(is_so))
    }
}

impl AddAssign for Value {
    fn add_assign(&mut self, other: Self) {
        *self = match (*self, other) {
            (Self::Whole(value), Self::Whole(more)) => Self::Whole(value + more),
            (value, more) => Self::Nano(value.nano() + more.nano()),
        };
    }
}

impl Value {
    /// The number in billionths.
    #[must_use]
    pub fn nano(self) -> u128 {
        match self {
            Self::Whole(count) => u128::from(count) * 1_000_000_000,
            Self::Nano(nano) => nano,
        }
    }

    /// The nearest number of double precision: what a reader makes of the decimal digits.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        match self {
            Self::Whole(count) => count as f64,
            // Of numbers that are exact themselves, the quotient is the nearest.
            Self::Nano(nano) if nano < 1 << f64::MANTISSA_DIGITS => nano as f64 / 1e9,
            Self::Nano(nano) => {
                let (whole, fraction) = (nano / 1_000_000_000, nano % 1_000_000_000);
                format!("{whole}.{fraction:09}").parse().unwrap_or(f64::NAN)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_exact_and_whole_where_they_can_be() {
        let sum = |values: &[Value]| {
            let mut sum = Value::Whole(1);
            values.iter().for_each(|value| sum += *value);
            sum
        };
        assert_eq!(sum(&[Value::Whole(2), true.into()]), Value::Whole(4));
        assert_eq!(sum(&[Value::Nano(1), Value::Whole(1)]), Value::Nano(2_000_000_001));
    }

    #[test]
    fn rounding_begins_where_double_precision_ends() {
        assert_eq!(Value::Whole((1 << 53) - 1).to_f64(), 9_007_199_254_740_991.0);
        assert_eq!(Value::Nano(1_100_000_000).to_f64(), 1.1);
        assert_eq!(Value::Nano(10_000).to_f64(), 1e-5);
        assert_eq!(Ok(Value::Nano(1_795_447_395_998_030_123).to_f64()), "1795447395.998030123".parse());
        assert_eq!(Ok(Value::Nano((1 << 53) + 1).to_f64()), "9007199.254740993".parse());
    }
}
