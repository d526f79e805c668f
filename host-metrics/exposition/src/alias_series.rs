//! The series of an alias: those of its families under other labels. Series with equal labels are added up.

use std::collections::BTreeMap;

use crate::alias::{Alias, AliasFamily};
use crate::collect;
use crate::families::Kind;
use crate::sample::{HistogramSample, Sample, Sink};
use crate::snapshot::Snapshot;

/// Gives the series of an alias to a sink, in the order of their label values.
pub(super) fn write(snapshot: &Snapshot, family: &AliasFamily, sink: &mut dyn Sink) {
    let mut series = Series::default();
    for alias in &family.members {
        collect::source(alias.family)(snapshot, &mut Collector { alias, series: &mut series });
    }
    series.numbers.into_iter().for_each(|(labels, sum)| sink.number(&texts(&labels), sum));
    series.histograms.into_iter().for_each(|(labels, sum)| sink.histogram(&texts(&labels), sum));
}

/// Series by their label values.
#[derive(Debug, Default)]
struct Series {
    numbers: BTreeMap<Vec<String>, Sample>,
    histograms: BTreeMap<Vec<String>, HistogramSample<'static>>,
}

/// Takes the series of one family for one of its aliases.
#[derive(Debug)]
struct Collector<'a> {
    alias: &'a Alias,
    series: &'a mut Series,
}

impl Collector<'_> {
    fn labels(&self, source_values: &[&str]) -> Option<Vec<String>> {
        Some(self.alias.map(source_values)?.into_iter().map(str::to_owned).collect())
    }
}

impl Sink for Collector<'_> {
    fn number(&mut self, labels: &[&str], sample: Sample) {
        let Some(labels) = self.labels(labels) else { return };
        // An info is 1, however many say the same.
        let is_info = self.alias.family.kind == Kind::Info;
        let sum = self.series.numbers.entry(labels);
        sum.and_modify(|sum| _ = (!is_info).then(|| sum.merge(sample))).or_insert(sample);
    }

    fn histogram(&mut self, labels: &[&str], sample: HistogramSample<'_>) {
        let Some(labels) = self.labels(labels) else { return };
        let sum = self.series.histograms.entry(labels);
        sum.and_modify(|sum| sum.merge(&sample)).or_insert_with(|| sample.into_owned());
    }
}

fn texts(labels: &[String]) -> Vec<&str> {
    labels.iter().map(String::as_str).collect()
}
