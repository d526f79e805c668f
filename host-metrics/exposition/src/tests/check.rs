//! A checker of our own: no external one refuses duplicate series or, in text 0.0.4, buckets that fall.

use std::collections::{BTreeMap, BTreeSet};

use super::{Format, Snapshot, decode};
use crate::families::{self, Kind};

mod messages;

/// Exposes a snapshot in every format and checks each; the text.
#[track_caller]
pub(super) fn exposed(snapshot: &Snapshot) -> String {
    let expected = expected(snapshot);
    let text = snapshot.to_text();
    check(&text, Format::Text, &expected);
    let open_metrics = String::from_utf8(snapshot.expose(Format::OpenMetrics)).unwrap();
    check(&open_metrics, Format::OpenMetrics, &expected);
    messages::check(&decode::decode(&snapshot.expose(Format::Protobuf)), &text, &expected);
    text
}

/// What is expected of a family.
#[derive(Clone, Debug)]
struct Expected {
    name: String,
    kind: Kind,
    unit: String,
    help: String,
    labels: Vec<String>,
}

/// The families and aliases that an exposition may have, in order.
fn expected(snapshot: &Snapshot) -> Vec<Expected> {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    let mut expected: Vec<_> = families::ALL
        .iter()
        .map(|family| Expected {
            name: family.name.to_owned(),
            kind: family.kind,
            unit: family.unit.to_owned(),
            help: family.help.to_owned(),
            labels: texts(family.labels),
        })
        .collect();
    let mut aliases: Vec<_> = snapshot.config.aliases.clone();
    aliases.sort_by(|a, b| a.name.cmp(&b.name));
    for alias in aliases {
        let kind = if alias.kind == Kind::Info { Kind::Gauge } else { alias.kind };
        let family = Expected {
            name: alias.name,
            kind,
            unit: alias.unit.to_owned(),
            help: alias.help,
            labels: alias.label_names,
        };
        match expected.iter_mut().find(|other| other.name == family.name) {
            Some(replaced) => *replaced = family,
            None => expected.push(family),
        }
    }
    expected
}

/// Checks a whole exposition against the list of families; panics with the line at fault.
#[track_caller]
fn check(text: &str, format: Format, expected: &[Expected]) {
    let body = match format {
        Format::OpenMetrics => text.strip_suffix("# EOF\n").expect("the end"),
        Format::Text | Format::Protobuf => text,
    };
    assert!(body.is_empty() || body.ends_with('\n'), "the last line is whole");
    let mut checked = Checked::default();
    // Families in the order of the list, none twice: so the series of each stand together.
    let mut order: Vec<usize> = Vec::new();
    let mut lines = body.lines();
    while let Some(line) = lines.next() {
        if line.starts_with('#') {
            let index = expected.iter().position(|family| head(family, format)[0] == line).expect(line);
            assert!(order.last().is_none_or(|last| *last < index), "order: {line}");
            order.push(index);
            for expected in &head(&expected[index], format)[1..] {
                assert_eq!(lines.next(), Some(expected.as_str()));
            }
        } else {
            checked.add(&expected[*order.last().expect(line)], line, format);
        }
    }
    checked.finish();
}

/// The lines before a family's series.
fn head(family: &Expected, format: Format) -> Vec<String> {
    let (suffix, kind) = match (format, family.kind) {
        (Format::OpenMetrics, Kind::Counter) => ("_total", "counter"),
        (Format::OpenMetrics, Kind::Info) => ("_info", "info"),
        (_, Kind::Counter) => ("", "counter"),
        (_, Kind::Info | Kind::Gauge) => ("", "gauge"),
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
    families: BTreeMap<String, u64>,
}

impl Checked {
    fn add(&mut self, family: &Expected, line: &str, format: Format) {
        let (sample, exemplar) =
            line.split_once(" # ").map_or((line, None), |(sample, rest)| (sample, Some(rest)));
        let (series, value) = sample.rsplit_once(' ').expect(line);
        assert!(self.series.insert(series.to_owned()), "twice: {series}");
        *self.families.entry(family.name.clone()).or_default() += 1;
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let suffix = name.strip_prefix(&family.name).expect(line);
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
        if let Some(exemplar) = exemplar {
            assert!(format == Format::OpenMetrics && ["_bucket", ""].contains(&suffix), "{line}");
            assert!(suffix == "_bucket" || family.kind == Kind::Counter, "{line}");
            check_exemplar(exemplar, line);
        }
    }

    fn finish(self) {
        for (histogram, buckets) in self.buckets {
            assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{histogram}: buckets fall");
            let (name, labels) = histogram.split_once('{').unwrap();
            let number = |suffix: &str| {
                let braced = format!("{name}{suffix}{{{labels}");
                self.numbers.get(braced.trim_end_matches('{')).expect(&braced)
            };
            let (bound, last) = buckets.last().unwrap();
            assert_eq!(
                (*bound, &last.to_string()),
                (f64::INFINITY, number("_count")),
                "{histogram}: +Inf is not the count"
            );
            number("_sum");
        }
        for (family, number) in &self.families {
            let counted = &self.numbers[&format!("portent_series{{family=\"{family}\"")];
            assert_eq!(counted, &number.to_string(), "portent_series of {family}");
        }
        assert_eq!(self.families.get("portent_series"), Some(&(self.families.len() as u64)));
    }
}

fn check_labels(family: &Expected, labels: &str, suffix: &str, line: &str) {
    let suffixes: &[&str] = match family.kind {
        Kind::Histogram => &["_bucket", "_sum", "_count"],
        Kind::Counter | Kind::Gauge | Kind::Info => &[""],
    };
    assert!(suffixes.contains(&suffix), "{line}");
    // No label value of ours holds a comma.
    let names = labels.trim_end_matches('}').split(',').filter_map(|pair| Some(pair.split_once('=')?.0));
    let le = (suffix == "_bucket").then_some("le");
    assert!(names.eq(family.labels.iter().map(String::as_str).chain(le)), "{line}");
}

/// An exemplar: `{request_id="…"} value time`, of which the labels may have 128 characters.
fn check_exemplar(exemplar: &str, line: &str) {
    let (labels, numbers) = exemplar.rsplit_once("\"} ").expect(line);
    let request_id = labels.strip_prefix("{request_id=\"").expect(line);
    assert!(request_id.chars().count() + "request_id".len() <= 128, "{line}");
    let numbers: Vec<f64> = numbers.split(' ').map(|number| number.parse().expect(line)).collect();
    assert!(numbers.len() == 2 && numbers.iter().all(|number| *number >= 0.0), "{line}");
}

/// The checker refuses what it is there to refuse.
#[test]
fn faults_are_found() {
    let golden = include_str!("golden.openmetrics");
    let expected = expected(&Snapshot::default());
    check(golden, Format::OpenMetrics, &expected);
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
        ("portent_tail_files 1\n", "portent_tail_files 1 # {request_id=\"a\"} 1 1\n"),
        ("portent_series{family=\"model_info\"} 1\n", "portent_series{family=\"model_info\"} 2\n"),
        (" # {request_id=\"r-1\"} ", " # {trace=\"r-1\"} "),
        (" # {request_id=\"r-1\"} ", &format!(" # {{request_id=\"{}\"}} ", "r".repeat(119))),
        ("le=\"1.0\"", "le=\"1\""),
        ("le=\"0.001\"", "le=\"0.9\""),
        (count, &format!("{count}1")),
    ];
    for (part, fault) in faults {
        assert!(golden.contains(part), "{part}");
        let broken = golden.replacen(part, fault, 1);
        assert!(
            std::panic::catch_unwind(|| check(&broken, Format::OpenMetrics, &expected)).is_err(),
            "{part} → {fault}"
        );
    }
}
