//! The text formats: Prometheus text 0.0.4 and OpenMetrics 1.0. Their series are the same; they differ in the
//! heads of families, in exemplars, which only OpenMetrics has, and in the end.

use portent_counts::registry::Exemplar;

use crate::families::Kind;
use crate::sample::{Head, HistogramSample, Sample, Sink, Value};

/// The end of an exposition in OpenMetrics.
pub(super) const OPEN_METRICS_END: &[u8] = b"# EOF\n";

/// Bytes that are escaped in a quoted text.
const QUOTED: &[u8] = b"\\\n\"";

/// Bytes that are escaped in a text that ends with its line.
const UNQUOTED: &[u8] = b"\\\n";

/// A family being written, a line for each series. Its head precedes its first series; without series it has
/// none.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    out: &'a mut Vec<u8>,
    head: &'a Head<'a>,
    open_metrics: bool,
    series: u64,
    /// The labels of the series that is being written, without braces: a histogram repeats them.
    labels: Vec<u8>,
}

impl<'a> Lines<'a> {
    /// Begins a family.
    pub(super) fn new(out: &'a mut Vec<u8>, head: &'a Head<'a>, open_metrics: bool) -> Self {
        Self { out, head, open_metrics, series: 0, labels: Vec::new() }
    }

    /// Ends the family; the number of its series.
    pub(super) fn finish(self) -> u64 {
        self.series
    }

    fn begin(&mut self, labels: &[&str]) {
        if self.series == 0 {
            self.head();
        }
        self.labels.clear();
        for (name, value) in self.head.labels.iter().zip(labels) {
            if !self.labels.is_empty() {
                self.labels.push(b',');
            }
            append(&mut self.labels, &[name, "=\""]);
            escape(&mut self.labels, value, QUOTED);
            self.labels.push(b'"');
        }
    }

    fn head(&mut self) {
        let Head { help, unit, .. } = *self.head;
        let (name, escaped) = if self.open_metrics {
            (self.head.open_metrics_name, QUOTED)
        } else {
            // Text 0.0.4 leaves quotes in a HELP as they are.
            (self.head.name, UNQUOTED)
        };
        let kind = match self.head.kind {
            Kind::Counter => "counter",
            Kind::Info if self.open_metrics => "info",
            Kind::Gauge | Kind::Info => "gauge",
            Kind::Histogram => "histogram",
        };
        append(self.out, &["# HELP ", name, " "]);
        escape(self.out, help, escaped);
        append(self.out, &["\n# TYPE ", name, " ", kind, "\n"]);
        if self.open_metrics && !unit.is_empty() {
            append(self.out, &["# UNIT ", name, " ", unit, "\n"]);
        }
    }

    /// Writes a line with the labels of [`Self::begin`]; `le` is the bound of a bucket.
    fn line(&mut self, suffix: &str, le: Option<&str>, value: Value, exemplar: Option<&Exemplar>) {
        append(self.out, &[self.head.name, suffix]);
        if !self.labels.is_empty() || le.is_some() {
            self.out.push(b'{');
            self.out.extend_from_slice(&self.labels);
            if let Some(le) = le {
                let comma = if self.labels.is_empty() { "" } else { "," };
                append(self.out, &[comma, "le=\"", le, "\""]);
            }
            self.out.push(b'}');
        }
        self.out.push(b' ');
        number(self.out, value);
        if let Some(exemplar) = exemplar.filter(|_| self.open_metrics) {
            append(self.out, &[" # {request_id=\""]);
            escape(self.out, exemplar.request_id(), QUOTED);
            append(self.out, &["\"} "]);
            number(self.out, Value::Nano(exemplar.value_nano.into()));
            self.out.push(b' ');
            number(self.out, Value::Nano(exemplar.time.into()));
        }
        self.out.push(b'\n');
        self.series += 1;
    }
}

impl Sink for Lines<'_> {
    fn number(&mut self, labels: &[&str], sample: Sample) {
        self.begin(labels);
        self.line("", None, sample.value, sample.exemplar.as_ref());
    }

    fn histogram(&mut self, labels: &[&str], sample: HistogramSample<'_>) {
        self.begin(labels);
        for (bucket, bound, count) in sample.cumulative() {
            let le = bound.map_or("+Inf", |(_, text)| text);
            self.line("_bucket", Some(le), Value::Whole(count), sample.exemplar(bucket));
        }
        self.line("_sum", None, Value::Nano(sample.sum_nano), None);
        self.line("_count", None, Value::Whole(sample.count()), None);
    }
}

fn append(out: &mut Vec<u8>, parts: &[&str]) {
    parts.iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
}

/// Writes a number exactly and without trailing zeros.
fn number(out: &mut Vec<u8>, value: Value) {
    let mut digits = itoa::Buffer::new();
    let nano = match value {
        Value::Whole(count) => return append(out, &[digits.format(count)]),
        Value::Nano(nano) => nano,
    };
    // Nearly every sum fits 64 bits, of which a division is much quicker.
    let (whole, fraction) = match u64::try_from(nano) {
        Ok(nano) => (u128::from(nano / 1_000_000_000), nano % 1_000_000_000),
        Err(_) => (nano / 1_000_000_000, (nano % 1_000_000_000) as u64),
    };
    append(out, &[digits.format(whole)]);
    if fraction > 0 {
        // The 1 in front keeps the zeros behind the point.
        let digits = digits.format(fraction + 1_000_000_000).trim_end_matches('0');
        append(out, &[".", digits.strip_prefix('1').unwrap_or_default()]);
    }
}

fn escape(out: &mut Vec<u8>, value: &str, special: &[u8]) {
    if !value.bytes().any(|byte| special.contains(&byte)) {
        return append(out, &[value]);
    }
    // Only ASCII is escaped, so the bytes of any other character pass through together.
    for byte in value.bytes() {
        if special.contains(&byte) {
            out.push(b'\\');
        }
        out.push(if byte == b'\n' { b'n' } else { byte });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::{self, Family};
    use crate::tests::assert_has;

    fn written(family: &'static Family, open_metrics: bool, write: impl Fn(&mut Lines<'_>)) -> String {
        let (mut out, head) = (Vec::new(), Head::of_family(family));
        write(&mut Lines::new(&mut out, &head, open_metrics));
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn numbers_are_written_exactly() {
        let cases = [
            (Value::Nano(0), "0"),
            (Value::Nano(1), "0.000000001"),
            (Value::Nano(100_000_000), "0.1"),
            (Value::Nano(1_500_000_000), "1.5"),
            (Value::Nano(1_111_111_111), "1.111111111"),
            (Value::Nano(20_000_020_002), "20.000020002"),
            (Value::Nano(u128::from(u64::MAX) * 1_000_000_000 + 1), "18446744073709551615.000000001"),
            (Value::Whole(u64::MAX), "18446744073709551615"),
        ];
        for (value, text) in cases {
            let mut out = Vec::new();
            number(&mut out, value);
            assert_eq!(String::from_utf8(out).unwrap(), text);
        }
    }

    #[test]
    fn label_values_are_escaped() {
        let text = written(&families::BUILD_INFO, false, |lines| lines.number(&["a\\b\"é\nd"], Sample::INFO));
        assert!(text.ends_with("portent_build_info{version=\"a\\\\b\\\"é\\nd\"} 1\n"));
    }

    #[test]
    fn a_family_without_series_has_no_head() {
        assert_eq!(written(&families::BUILD_INFO, false, |_| ()), "");
    }

    /// Each format escapes the bytes that would end a help early.
    #[test]
    fn helps_are_escaped() {
        static ODD: Family =
            Family { name: "odd", kind: Kind::Gauge, unit: "", labels: &[], help: "a\\b\"c\nd" };
        let exposed = |open_metrics| written(&ODD, open_metrics, |lines| lines.number(&[], Sample::gauge(1)));
        assert!(exposed(false).starts_with("# HELP odd a\\\\b\"c\\nd\n# TYPE"));
        assert!(exposed(true).starts_with("# HELP odd a\\\\b\\\"c\\nd\n# TYPE"));
    }

    #[test]
    fn exemplars_are_for_openmetrics() {
        let exemplar = Exemplar::new("a\"b", 1_000_000_000, 1_700_000_000_123_000_000);
        let sample = Sample { exemplar: Some(exemplar), ..Sample::counter(2, 0) };
        let exposed = |open_metrics| {
            written(&families::API_ERRORS, open_metrics, |lines| lines.number(&["a", "b", "c"], sample))
        };
        let series = "api_errors_total{app=\"a\",error_type=\"b\",endpoint=\"c\"} 2";
        assert_has(&exposed(false), &[series]);
        assert_has(&exposed(true), &[&format!("{series} # {{request_id=\"a\\\"b\"}} 1 1700000000.123")]);
    }
}
