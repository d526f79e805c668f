//! Reads the protobuf format with a decoder that knows nothing of ours, and writes it as text.

use std::fmt::Write as _;

use prost::Message;

/// `io.prometheus.client.MetricFamily`
#[derive(Clone, PartialEq, Message)]
pub(super) struct MetricFamily {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(super) help: Option<String>,
    #[prost(enumeration = "MetricType", optional, tag = "3")]
    pub(super) kind: Option<i32>,
    #[prost(message, repeated, tag = "4")]
    pub(super) metric: Vec<Metric>,
    #[prost(string, optional, tag = "5")]
    pub(super) unit: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub(super) enum MetricType {
    Counter = 0,
    Gauge = 1,
    Summary = 2,
    Untyped = 3,
    Histogram = 4,
    GaugeHistogram = 5,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Metric {
    #[prost(message, repeated, tag = "1")]
    pub(super) label: Vec<LabelPair>,
    #[prost(message, optional, tag = "2")]
    pub(super) gauge: Option<Gauge>,
    #[prost(message, optional, tag = "3")]
    pub(super) counter: Option<Counter>,
    #[prost(int64, optional, tag = "6")]
    pub(super) timestamp_ms: Option<i64>,
    #[prost(message, optional, tag = "7")]
    pub(super) histogram: Option<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct LabelPair {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(super) value: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Gauge {
    #[prost(double, optional, tag = "1")]
    pub(super) value: Option<f64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Counter {
    #[prost(double, optional, tag = "1")]
    pub(super) value: Option<f64>,
    #[prost(message, optional, tag = "2")]
    pub(super) exemplar: Option<Exemplar>,
    #[prost(message, optional, tag = "3")]
    pub(super) created: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Histogram {
    #[prost(uint64, optional, tag = "1")]
    pub(super) count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    pub(super) sum: Option<f64>,
    #[prost(message, repeated, tag = "3")]
    pub(super) bucket: Vec<Bucket>,
    #[prost(sint32, optional, tag = "5")]
    pub(super) schema: Option<i32>,
    #[prost(double, optional, tag = "6")]
    pub(super) zero_threshold: Option<f64>,
    #[prost(uint64, optional, tag = "7")]
    pub(super) zero_count: Option<u64>,
    #[prost(message, repeated, tag = "12")]
    pub(super) positive_span: Vec<BucketSpan>,
    #[prost(sint64, repeated, packed = "false", tag = "13")]
    pub(super) positive_delta: Vec<i64>,
    #[prost(message, optional, tag = "15")]
    pub(super) created: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Bucket {
    #[prost(uint64, optional, tag = "1")]
    pub(super) cumulative_count: Option<u64>,
    #[prost(double, optional, tag = "2")]
    pub(super) upper_bound: Option<f64>,
    #[prost(message, optional, tag = "3")]
    pub(super) exemplar: Option<Exemplar>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct BucketSpan {
    #[prost(sint32, optional, tag = "1")]
    pub(super) offset: Option<i32>,
    #[prost(uint32, optional, tag = "2")]
    pub(super) length: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct Exemplar {
    #[prost(message, repeated, tag = "1")]
    pub(super) label: Vec<LabelPair>,
    #[prost(double, optional, tag = "2")]
    pub(super) value: Option<f64>,
    #[prost(message, optional, tag = "3")]
    pub(super) timestamp: Option<Timestamp>,
}

/// `google.protobuf.Timestamp`
#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct Timestamp {
    #[prost(int64, optional, tag = "1")]
    pub(super) seconds: Option<i64>,
    #[prost(int32, optional, tag = "2")]
    pub(super) nanos: Option<i32>,
}

/// The families of an exposition. A field that the structs above do not have would be lost on the way back.
#[track_caller]
pub(super) fn decode(mut bytes: &[u8]) -> Vec<MetricFamily> {
    let (whole, mut families) = (bytes, Vec::new());
    while !bytes.is_empty() {
        families.push(MetricFamily::decode_length_delimited(&mut bytes).unwrap());
    }
    let again: Vec<u8> = families.iter().flat_map(Message::encode_length_delimited_to_vec).collect();
    assert_eq!(again.len(), whole.len());
    families
}

/// The messages in OpenMetrics, with the heads of text 0.0.4: what both have is written as there, and what
/// only protobuf has stands on lines of its own.
pub(super) fn render(families: &[MetricFamily]) -> String {
    let mut out = String::new();
    for family in families {
        let name = family.name.as_deref().unwrap();
        let kind = format!("{:?}", family.kind()).to_lowercase();
        writeln!(out, "# HELP {name} {}\n# TYPE {name} {kind}", family.help.as_deref().unwrap()).unwrap();
        family.unit.iter().for_each(|unit| writeln!(out, "# UNIT {name} {unit}").unwrap());
        family.metric.iter().for_each(|metric| metric.render(name, &mut out));
    }
    out
}

impl Metric {
    /// The labels, with one more if there is a bound.
    pub(super) fn labels(&self, le: Option<f64>) -> String {
        let le = le.map(|le| if le.is_infinite() { "+Inf".to_owned() } else { format!("{le:?}") });
        let pair = |name: &str, value: &str| format!("{name}={value:?}");
        let pairs = self.label.iter().map(|label| pair(label.name(), label.value()));
        let pairs: Vec<_> = pairs.chain(le.map(|le| pair("le", &le))).collect();
        if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) }
    }

    fn render(&self, name: &str, out: &mut String) {
        let labels = self.labels(None);
        let start = |created: &Option<Timestamp>| {
            created.map_or(String::new(), |created| format!("# start {}\n", created.render()))
        };
        if let Some(gauge) = &self.gauge {
            writeln!(out, "{name}{labels} {}", gauge.value()).unwrap();
        }
        if let Some(counter) = &self.counter {
            writeln!(out, "{name}{labels} {}{}", counter.value(), exemplar(&counter.exemplar)).unwrap();
            out.push_str(&start(&counter.created));
        }
        if let Some(histogram) = &self.histogram {
            for bucket in &histogram.bucket {
                let labels = self.labels(bucket.upper_bound);
                let count = bucket.cumulative_count();
                writeln!(out, "{name}_bucket{labels} {count}{}", exemplar(&bucket.exemplar)).unwrap();
            }
            writeln!(out, "{name}_sum{labels} {}", histogram.sum()).unwrap();
            writeln!(out, "{name}_count{labels} {}", histogram.count()).unwrap();
            if let Some(schema) = histogram.schema {
                let (threshold, zero) = (histogram.zero_threshold(), histogram.zero_count());
                let buckets = histogram.native_buckets();
                writeln!(out, "# native schema {schema} zero {threshold:e} {zero} buckets {buckets:?}")
                    .unwrap();
            }
            out.push_str(&start(&histogram.created));
        }
    }
}

impl Histogram {
    /// The native buckets by index, empty ones too if they are there.
    pub(super) fn native_buckets(&self) -> Vec<(i32, i64)> {
        let mut next = 0;
        let indexes = self.positive_span.iter().flat_map(|span| {
            let start = next + span.offset();
            next = start + i32::try_from(span.length()).unwrap();
            start..next
        });
        let indexes: Vec<_> = indexes.collect();
        assert_eq!(indexes.len(), self.positive_delta.len());
        let counts = self.positive_delta.iter().scan(0, |count, delta| {
            *count += delta;
            Some(*count)
        });
        indexes.into_iter().zip(counts).collect()
    }
}

impl Timestamp {
    pub(super) fn nanoseconds(&self) -> i64 {
        self.seconds() * 1_000_000_000 + i64::from(self.nanos())
    }

    fn render(&self) -> String {
        format!("{}.{:09}", self.seconds(), self.nanos())
    }
}

fn exemplar(exemplar: &Option<Exemplar>) -> String {
    exemplar.as_ref().map_or(String::new(), |exemplar| {
        let label = &exemplar.label[0];
        let time = exemplar.timestamp.unwrap().render();
        format!(" # {{{}={:?}}} {} {time}", label.name(), label.value(), exemplar.value())
    })
}
