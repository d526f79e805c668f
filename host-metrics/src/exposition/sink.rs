//! Samples on their way from the counts to a format.

use super::value::Value;
use crate::config::AliasFamily;
use crate::families::{Family, Kind};
use crate::registry::{BucketBounds, DURATION, DurationSeries, Exemplar, Histogram, NativeHistogram};

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
    /// Name in OpenMetrics, where `_total` and `_info` belong to the samples alone.
    pub open_metrics_name: &'a str,
    /// Type.
    pub kind: Kind,
    /// Unit, which is also part of the name; empty if there is none.
    pub unit: &'a str,
    /// What a sample means, in one line.
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

/// A histogram with fixed bounds, and the native one beside it where there is one.
#[derive(Clone, Copy, Debug)]
pub struct HistogramSample<'a> {
    /// Upper bounds without `+Inf`.
    pub bounds: &'static [(u64, &'static str)],
    /// Observations per bucket, not cumulative, `+Inf` last.
    pub counts: &'a [u64],
    /// Sum of the observations, in billionths of the unit.
    pub sum_nano: u128,
    /// Since when it is counted, in nanoseconds since the epoch; 0 if that is not known.
    pub created: u64,
    /// The same observations in exponential buckets.
    pub native: Option<&'a NativeHistogram>,
    /// The newest requests, each with the index of its bucket.
    pub exemplars: &'a [(u8, Exemplar)],
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
        Self { bounds, counts: buckets, sum_nano: *sum_nano, created, native: None, exemplars: &[] }
    }

    /// The buckets from the lowest: index, bound (`None` is infinity), and observations up to the bound.
    pub fn cumulative(self) -> impl Iterator<Item = (usize, Option<(u64, &'static str)>, u64)> {
        let bounds = self.bounds.iter().copied().map(Some).chain([None]);
        let mut count = 0;
        self.counts.iter().zip(bounds).enumerate().map(move |(index, (more, bound))| {
            count += more;
            (index, bound, count)
        })
    }

    /// Number of observations.
    #[must_use]
    pub fn count(self) -> u64 {
        self.counts.iter().sum()
    }

    /// The newest request known to be in a bucket.
    #[must_use]
    pub fn exemplar(self, bucket: usize) -> Option<&'a Exemplar> {
        let found = self.exemplars.iter().find(|(other, _)| usize::from(*other) == bucket);
        found.map(|(_, exemplar)| exemplar)
    }
}

impl<'a> From<&'a DurationSeries> for HistogramSample<'a> {
    fn from(series: &'a DurationSeries) -> Self {
        let classic = HistogramSample::classic(&DURATION, &series.classic, series.created);
        Self { native: Some(&series.native), exemplars: series.exemplars(), ..classic }
    }
}
