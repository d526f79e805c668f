//! The protobuf format: one `io.prometheus.client.MetricFamily` for each family, behind its length.
//!
//! Field numbers are those of `io/prometheus/client/metrics.proto` in
//! <https://github.com/prometheus/client_model>. Histograms of durations carry their native buckets beside the
//! classic ones.

mod native;
mod wire;

use portent_counts::clock::SECOND;
use portent_counts::registry::Exemplar;

use crate::families::Kind;
use crate::sample::{Head, HistogramSample, Sample, Sink, Value};

const FAMILY_NAME: u32 = 1;
const FAMILY_HELP: u32 = 2;
const FAMILY_TYPE: u32 = 3;
const FAMILY_METRIC: u32 = 4;
const FAMILY_UNIT: u32 = 5;

const METRIC_LABEL: u32 = 1;
const METRIC_GAUGE: u32 = 2;
const METRIC_COUNTER: u32 = 3;
const METRIC_HISTOGRAM: u32 = 7;

const LABEL_NAME: u32 = 1;
const LABEL_VALUE: u32 = 2;

const GAUGE_VALUE: u32 = 1;

const COUNTER_VALUE: u32 = 1;
const COUNTER_EXEMPLAR: u32 = 2;
const COUNTER_CREATED: u32 = 3;

const HISTOGRAM_COUNT: u32 = 1;
const HISTOGRAM_SUM: u32 = 2;
const HISTOGRAM_BUCKET: u32 = 3;
const HISTOGRAM_CREATED: u32 = 15;

const BUCKET_COUNT: u32 = 1;
const BUCKET_BOUND: u32 = 2;
const BUCKET_EXEMPLAR: u32 = 3;

const EXEMPLAR_LABEL: u32 = 1;
const EXEMPLAR_VALUE: u32 = 2;
const EXEMPLAR_TIME: u32 = 3;

const TIME_SECONDS: u32 = 1;
const TIME_NANOS: u32 = 2;

/// A family being written. Without series it is not there.
#[derive(Debug)]
pub(super) struct Message<'a> {
    out: &'a mut Vec<u8>,
    head: &'a Head<'a>,
    /// Offset of the message.
    start: usize,
    series: u64,
}

impl<'a> Message<'a> {
    /// Begins a family.
    pub(super) fn new(out: &'a mut Vec<u8>, head: &'a Head<'a>) -> Self {
        let start = out.len();
        Self { out, head, start, series: 0 }
    }

    /// Ends the family; the number of its series, each bucket, sum and count of a histogram being one.
    pub(super) fn finish(self) -> u64 {
        if self.series > 0 {
            if !self.head.unit.is_empty() {
                wire::text(self.out, FAMILY_UNIT, self.head.unit);
            }
            wire::insert_length(self.out, self.start);
        }
        self.series
    }

    fn metric(&mut self, labels: &[&str], write: impl FnOnce(&mut Vec<u8>)) {
        if self.series == 0 {
            self.begin();
        }
        wire::message(self.out, FAMILY_METRIC, |out| {
            for (name, value) in self.head.labels.iter().zip(labels) {
                label(out, METRIC_LABEL, name, value);
            }
            write(out);
        });
    }

    fn begin(&mut self) {
        wire::text(self.out, FAMILY_NAME, self.head.name);
        wire::text(self.out, FAMILY_HELP, self.head.help);
        let kind = match self.head.kind {
            Kind::Counter => 0,
            Kind::Gauge | Kind::Info => 1,
            Kind::Histogram => 4,
        };
        wire::unsigned(self.out, FAMILY_TYPE, kind);
    }
}

impl Sink for Message<'_> {
    fn number(&mut self, labels: &[&str], sample: Sample) {
        let value = sample.value.to_f64();
        let is_counter = self.head.kind == Kind::Counter;
        self.metric(labels, |out| {
            if is_counter {
                wire::message(out, METRIC_COUNTER, |out| {
                    wire::double(out, COUNTER_VALUE, value);
                    sample.exemplar.iter().for_each(|found| exemplar(out, COUNTER_EXEMPLAR, found));
                    created(out, COUNTER_CREATED, sample.created);
                });
            } else {
                wire::message(out, METRIC_GAUGE, |out| wire::double(out, GAUGE_VALUE, value));
            }
        });
        self.series += 1;
    }

    fn histogram(&mut self, labels: &[&str], sample: HistogramSample<'_>) {
        self.metric(labels, |out| wire::message(out, METRIC_HISTOGRAM, |out| histogram(out, &sample)));
        self.series += sample.counts.len() as u64 + 2;
    }
}

fn histogram(out: &mut Vec<u8>, sample: &HistogramSample<'_>) {
    wire::unsigned(out, HISTOGRAM_COUNT, sample.count());
    wire::double(out, HISTOGRAM_SUM, Value::Nano(sample.sum_nano).to_f64());
    for (bucket, bound, count) in sample.cumulative() {
        wire::message(out, HISTOGRAM_BUCKET, |out| {
            wire::unsigned(out, BUCKET_COUNT, count);
            let bound = bound.map_or(f64::INFINITY, |(nano, _)| Value::Nano(nano.into()).to_f64());
            wire::double(out, BUCKET_BOUND, bound);
            sample.exemplar(bucket).iter().for_each(|found| exemplar(out, BUCKET_EXEMPLAR, found));
        });
    }
    if let Some(buckets) = &sample.native {
        native::write(out, buckets);
    }
    created(out, HISTOGRAM_CREATED, sample.created);
}

fn exemplar(out: &mut Vec<u8>, field: u32, exemplar: &Exemplar) {
    wire::message(out, field, |out| {
        label(out, EXEMPLAR_LABEL, "request_id", exemplar.request_id());
        wire::double(out, EXEMPLAR_VALUE, Value::Nano(exemplar.value_nano.into()).to_f64());
        timestamp(out, EXEMPLAR_TIME, exemplar.time);
    });
}

fn label(out: &mut Vec<u8>, field: u32, name: &str, value: &str) {
    wire::message(out, field, |out| {
        wire::text(out, LABEL_NAME, name);
        wire::text(out, LABEL_VALUE, value);
    });
}

/// Writes a start time, if it is known.
fn created(out: &mut Vec<u8>, field: u32, nanoseconds: u64) {
    if nanoseconds > 0 {
        timestamp(out, field, nanoseconds);
    }
}

/// Writes a `google.protobuf.Timestamp`.
fn timestamp(out: &mut Vec<u8>, field: u32, nanoseconds: u64) {
    wire::message(out, field, |out| {
        wire::unsigned(out, TIME_SECONDS, nanoseconds / SECOND);
        wire::unsigned(out, TIME_NANOS, nanoseconds % SECOND);
    });
}
