//! A judge of our own: no outside one refuses duplicate series or, in text 0.0.4, buckets that fall.

use std::collections::{BTreeMap, BTreeSet};

use super::Format;
use crate::families::{self, Family, Kind};

/// Checks a whole exposition against the list of families; panics with the line at fault.
#[track_caller]
pub(crate) fn check(text: &str, format: Format) {
    let body = match format {
        Format::Text => text,
        Format::OpenMetrics => text.strip_suffix("# EOF\n").expect("the end"),
    };
    assert!(body.is_empty() || body.ends_with('\n'), "the last line is whole");
    let mut checked = Checked::default();
    // Families in the order of the list, none twice: so the series of each stand together.
    let mut order: Vec<usize> = Vec::new();
    let mut lines = body.lines();
    while let Some(line) = lines.next() {
        if line.starts_with('#') {
            let index = families::ALL.iter().position(|family| head(family, format)[0] == line).expect(line);
            assert!(order.last().is_none_or(|last| *last < index), "order: {line}");
            order.push(index);
            for expected in &head(families::ALL[index], format)[1..] {
                assert_eq!(lines.next(), Some(expected.as_str()));
            }
        } else {
            checked.add(families::ALL[*order.last().expect(line)], line);
        }
    }
    checked.finish();
}

/// The lines before a family's series.
fn head(family: &Family, format: Format) -> Vec<String> {
    let (suffix, kind) = match (format, family.kind) {
        (Format::Text, Kind::Counter) => ("", "counter"),
        (Format::Text, Kind::Info) => ("", "gauge"),
        (Format::OpenMetrics, Kind::Counter) => ("_total", "counter"),
        (Format::OpenMetrics, Kind::Info) => ("_info", "info"),
        (_, Kind::Gauge) => ("", "gauge"),
        (_, Kind::Histogram) => ("", "histogram"),
    };
    let name = family.name.strip_suffix(suffix).unwrap();
    let mut lines = vec![format!("# HELP {name} {}", family.help), format!("# TYPE {name} {kind}")];
    if format == Format::OpenMetrics && !family.unit.is_empty() {
        assert!(name.ends_with(&format!("_{}", family.unit)), "{name} lacks its unit");
        lines.push(format!("# UNIT {name} {}", family.unit));
    }
    lines
}

/// The series of an exposition, as far as it is read.
#[derive(Default)]
struct Checked {
    series: BTreeSet<String>,
    /// Bounds and counts by histogram.
    buckets: BTreeMap<String, Vec<(f64, u64)>>,
    numbers: BTreeMap<String, String>,
}

impl Checked {
    fn add(&mut self, family: &Family, line: &str) {
        let (series, value) = line.rsplit_once(' ').expect(line);
        assert!(self.series.insert(series.to_owned()), "twice: {series}");
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let suffix = name.strip_prefix(family.name).expect(line);
        check_labels(family, labels, suffix, line);
        if suffix == "_bucket" {
            let (labels, bound) = labels.rsplit_once("le=\"").expect(line);
            let bound = bound.strip_suffix("\"}").expect(line);
            assert!(bound == "+Inf" || bound.contains(['.', 'e']), "not canonical: {line}");
            let histogram = format!("{}{{{}", family.name, labels.trim_end_matches(','));
            let bucket = (bound.parse().expect(line), value.parse().expect(line));
            self.buckets.entry(histogram).or_default().push(bucket);
        } else {
            assert!(value.parse::<f64>().expect(line) >= 0.0, "{line}");
            assert!(family.kind != Kind::Info || value == "1", "{line}");
            self.numbers.insert(series.trim_end_matches('}').to_owned(), value.to_owned());
        }
    }

    fn finish(self) {
        for (histogram, buckets) in self.buckets {
            assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{histogram}: buckets fall");
            let (name, labels) = histogram.split_once('{').unwrap();
            let count = &self.numbers[&format!("{name}_count{{{labels}")];
            let (bound, last) = buckets.last().unwrap();
            assert_eq!(
                (*bound, last.to_string()),
                (f64::INFINITY, count.clone()),
                "{histogram}: +Inf is not the count"
            );
            assert!(self.numbers.contains_key(&format!("{name}_sum{{{labels}")), "{histogram}: no sum");
        }
    }
}

fn check_labels(family: &Family, labels: &str, suffix: &str, line: &str) {
    let suffixes: &[&str] = match family.kind {
        Kind::Histogram => &["_bucket", "_sum", "_count"],
        Kind::Counter | Kind::Gauge | Kind::Info => &[""],
    };
    assert!(suffixes.contains(&suffix), "{line}");
    // No label value of ours holds a comma.
    let names = labels.trim_end_matches('}').split(',').filter_map(|pair| Some(pair.split_once('=')?.0));
    let le = (suffix == "_bucket").then_some("le");
    assert!(names.eq(family.labels.iter().copied().chain(le)), "{line}");
}

/// The checker refuses what it is there to refuse.
#[test]
fn faults_are_found() {
    let golden = include_str!("golden.openmetrics");
    check(golden, Format::OpenMetrics);
    let count = "api_request_duration_seconds_count{app=\"demo\",method=\"POST\",endpoint=\"/predict\"} ";
    let faults = [
        ("# EOF\n", ""),
        ("# EOF\n", "# EOF\n# EOF\n"),
        ("# TYPE api_requests counter\n", "# TYPE api_requests_total counter\n"),
        ("# TYPE model info\n", "# TYPE model gauge\n"),
        ("# UNIT process_cpu_seconds seconds\n", ""),
        ("portent_tail_files 1\n", "portent_tail_files 1\nportent_tail_files 1\n"),
        ("portent_tail_files 1\n", "portent_tail_files 1\nportent_lines_ignored_total 0\n"),
        ("portent_tail_files 1\n", "portent_tail_files -1\n"),
        ("le=\"1.0\"", "le=\"1\""),
        ("le=\"0.001\"", "le=\"0.9\""),
        (count, &format!("{count}1")),
    ];
    for (part, fault) in faults {
        assert!(golden.contains(part), "{part}");
        let broken = golden.replacen(part, fault, 1);
        assert!(
            std::panic::catch_unwind(|| check(&broken, Format::OpenMetrics)).is_err(),
            "{part} → {fault}"
        );
    }
}
