//! Samples on their way from the counts to a format.

use std::borrow::Cow;
use std::ops::AddAssign;

use portent_counts::registry::{
    BucketBounds, DURATION, DurationSeries, Exemplar, Histogram, NativeHistogram, remember,
};

use crate::alias::AliasFamily;
use crate::families::{Family, Kind};

/// Takes the series of one family, each of them once, with label values in the order of the label names.
pub trait Sink {
    /// Takes a series that is one number.
    fn number(&mut self, labels: &[&str], sample: Sample);

    /// Takes a histogram.
    fn histogram(&mut self, labels: &[&str], sample: HistogramSample<'_>);
}

/// Name and meaning of a family, whether it is one of [`crate::families`] or an alias.
#[derive(Debug)]
pub struct Head<'a> {
    /// Full name as in text format 0.0.4.
    pub name: &'a str,
    /// Name in OpenMetrics. `_total` and `_info` belong to the samples alone there.
    pub open_metrics_name: &'a str,
    /// Type.
    pub kind: Kind,
    /// Unit, which is also part of the name; empty if there is none.
    pub unit: &'a str,
    /// The meaning of a sample, in one line.
    pub help: &'a str,
    /// Label names.
    pub labels: Vec<&'a str>,
}

/// A counter, a gauge or an info.
#[derive(Clone, Copy, Debug)]
pub struct Sample {
    /// The number.
    pub value: Value,
    /// Since when a counter is counted, in nanoseconds since the epoch; 0 if that is not known.
    pub created: u64,
    /// The newest request that a counter counts.
    pub exemplar: Option<Exemplar>,
}

/// A number that was added up exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A count.
    Whole(u64),
    /// Billionths of the unit.
    Nano(u128),
}

/// A histogram with fixed bounds, and the native one beside it if there is one.
#[derive(Clone, Debug)]
pub struct HistogramSample<'a> {
    /// Upper bounds without `+Inf`.
    pub bounds: &'static [(u64, &'static str)],
    /// Observations per bucket, not cumulative, `+Inf` last.
    pub counts: Cow<'a, [u64]>,
    /// Sum of the observations, in billionths of the unit.
    pub sum_nano: u128,
    /// Since when it is counted, in nanoseconds since the epoch; 0 if that is not known.
    pub created: u64,
    /// The same observations in exponential buckets.
    pub native: Option<Cow<'a, NativeHistogram>>,
    /// The newest requests, each with the index of its bucket.
    pub exemplars: Cow<'a, [(u8, Exemplar)]>,
}

impl<'a> Head<'a> {
    /// The head of a family.
    #[must_use]
    pub fn of_family(family: &'static Family) -> Self {
        Self {
            name: family.name,
            open_metrics_name: family.open_metrics_name(),
            kind: family.kind,
            unit: family.unit,
            help: family.help,
            labels: family.labels.to_vec(),
        }
    }

    /// The head of an alias.
    #[must_use]
    pub fn of_alias(alias: &'a AliasFamily) -> Self {
        Self {
            name: &alias.name,
            open_metrics_name: alias.open_metrics_name(),
            kind: alias.exposed_kind(),
            unit: alias.unit,
            help: &alias.help,
            labels: alias.label_names.iter().map(String::as_str).collect(),
        }
    }
}

impl Sample {
    /// An info.
    pub const INFO: Self = Self { value: Value::Whole(1), created: 0, exemplar: None };

    /// A counter, counted since a time in nanoseconds; 0 if that is not known.
    #[must_use]
    pub fn counter(value: impl Into<Value>, created: u64) -> Self {
        Self { value: value.into(), created, exemplar: None }
    }

    /// A gauge.
    #[must_use]
    pub fn gauge(value: impl Into<Value>) -> Self {
        Self::counter(value, 0)
    }

    /// Adds a number of the same kind.
    pub fn merge(&mut self, other: Self) {
        self.value += other.value;
        self.created = self.created.min(other.created);
        self.exemplar = self.exemplar.max(other.exemplar);
    }
}

impl<'a> HistogramSample<'a> {
    /// A histogram of which only the counts over these bounds are known.
    #[must_use]
    pub fn classic<const BOUNDS: usize, const BUCKETS: usize>(
        bounds: &'static BucketBounds<BOUNDS>,
        histogram: &'a Histogram<BUCKETS>,
        created: u64,
    ) -> Self {
        let Histogram { buckets, sum_nano } = histogram;
        let (counts, exemplars) = (Cow::Borrowed(&buckets[..]), Cow::default());
        Self { bounds, counts, sum_nano: *sum_nano, created, native: None, exemplars }
    }

    /// Adds a histogram over the same bounds.
    pub fn merge(&mut self, more: &HistogramSample<'_>) {
        self.counts.to_mut().iter_mut().zip(&*more.counts).for_each(|(count, more)| *count += more);
        self.sum_nano += more.sum_nano;
        self.created = self.created.min(more.created);
        if let Some((native, more)) = self.native.as_mut().zip(more.native.as_ref()) {
            native.to_mut().merge(more);
        }
        more.exemplars.iter().for_each(|more| remember(self.exemplars.to_mut(), *more));
    }

    /// The same, independent of the counts it was made of.
    #[must_use]
    pub fn into_owned(self) -> HistogramSample<'static> {
        HistogramSample {
            counts: self.counts.into_owned().into(),
            native: self.native.map(|native| Cow::Owned(native.into_owned())),
            exemplars: self.exemplars.into_owned().into(),
            ..self
        }
    }

    /// The buckets from the lowest: index, bound (`None` is infinity), and observations up to the bound.
    pub fn cumulative(&self) -> impl Iterator<Item = (usize, Option<(u64, &'static str)>, u64)> {
        let bounds = self.bounds.iter().copied().map(Some).chain([None]);
        let mut count = 0;
        self.counts.iter().zip(bounds).enumerate().map(move |(index, (more, bound))| {
            count += more;
            (index, bound, count)
        })
    }

    /// Number of observations.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The newest request known to be in a bucket.
    #[must_use]
    pub fn exemplar(&self, bucket: usize) -> Option<&Exemplar> {
        let found = self.exemplars.iter().find(|(other, _)| usize::from(*other) == bucket);
        found.map(|(_, exemplar)| exemplar)
    }
}

impl<'a> From<&'a DurationSeries> for HistogramSample<'a> {
    fn from(series: &'a DurationSeries) -> Self {
        let classic = HistogramSample::classic(&DURATION, &series.classic, series.created);
        let native = Some(Cow::Borrowed(&series.native));
        Self { native, exemplars: series.exemplars().into(), ..classic }
    }
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

    /// The nearest number of double precision, as a reader of the decimal digits gets it.
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
