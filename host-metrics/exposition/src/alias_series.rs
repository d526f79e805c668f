//! The series of an alias: those of its families under other labels, equal ones added up.

use std::collections::BTreeMap;

use crate::alias::{Alias, AliasFamily};
use crate::collect;
use crate::families::Kind;
use crate::sample::{HistogramSample, Sample, Sink};
use crate::snapshot::Snapshot;
use portent_counts::registry::{Exemplar, NativeHistogram};

/// Gives the series of an alias to a sink, in the order of their label values.
pub(super) fn write(snapshot: &Snapshot, family: &AliasFamily, sink: &mut dyn Sink) {
    let mut series = Series::default();
    for alias in &family.members {
        collect::source(alias.family)(snapshot, &mut Collector { alias, series: &mut series });
    }
    for (labels, sum) in &series.numbers {
        sink.number(&texts(labels), *sum);
    }
    for (labels, sum) in &series.histograms {
        sink.histogram(&texts(labels), sum.sample());
    }
}

/// Series by their label values.
#[derive(Debug, Default)]
struct Series {
    numbers: BTreeMap<Vec<String>, Sample>,
    histograms: BTreeMap<Vec<String>, HistogramSum>,
}

/// Takes the series of one family for one of its aliases.
#[derive(Debug)]
struct Collector<'a> {
    alias: &'a Alias,
    series: &'a mut Series,
}

/// Histograms over the same bounds, added up.
#[derive(Debug)]
struct HistogramSum {
    bounds: &'static [(u64, &'static str)],
    counts: Vec<u64>,
    sum_nano: u128,
    created: u64,
    native: Option<NativeHistogram>,
    exemplars: Vec<(u8, Exemplar)>,
}

impl Sink for Collector<'_> {
    fn number(&mut self, labels: &[&str], sample: Sample) {
        let Some(labels) = self.alias.map(labels) else { return };
        let sum = self.series.numbers.entry(owned(&labels));
        // An info is 1, however many say the same.
        let is_info = self.alias.family.kind == Kind::Info;
        sum.and_modify(|sum| _ = (!is_info).then(|| sum.merge(sample))).or_insert(sample);
    }

    fn histogram(&mut self, labels: &[&str], sample: HistogramSample<'_>) {
        let Some(labels) = self.alias.map(labels) else { return };
        let sum = self.series.histograms.entry(owned(&labels));
        sum.and_modify(|sum| sum.merge(sample)).or_insert_with(|| HistogramSum::from(sample));
    }
}

impl From<HistogramSample<'_>> for HistogramSum {
    fn from(sample: HistogramSample<'_>) -> Self {
        Self {
            bounds: sample.bounds,
            counts: sample.counts.to_vec(),
            sum_nano: sample.sum_nano,
            created: sample.created,
            native: sample.native.cloned(),
            exemplars: sample.exemplars.to_vec(),
        }
    }
}

impl HistogramSum {
    fn sample(&self) -> HistogramSample<'_> {
        HistogramSample {
            bounds: self.bounds,
            counts: &self.counts,
            sum_nano: self.sum_nano,
            created: self.created,
            native: self.native.as_ref(),
            exemplars: &self.exemplars,
        }
    }

    fn merge(&mut self, more: HistogramSample<'_>) {
        self.counts.iter_mut().zip(more.counts).for_each(|(count, more)| *count += more);
        self.sum_nano += more.sum_nano;
        self.created = self.created.min(more.created);
        if let Some((native, more)) = self.native.as_mut().zip(more.native) {
            native.merge(more);
        }
        for (bucket, exemplar) in more.exemplars {
            match self.exemplars.iter_mut().find(|(other, _)| other == bucket) {
                Some((_, known)) => *known = *exemplar.max(known),
                None => self.exemplars.push((*bucket, *exemplar)),
            }
        }
    }
}

fn owned(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}

fn texts(labels: &[String]) -> Vec<&str> {
    labels.iter().map(String::as_str).collect()
}
