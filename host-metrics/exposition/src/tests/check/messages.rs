//! The same checker for the protobuf format, which has to say what the text says.

use std::collections::BTreeMap;

use super::super::decode::{Bucket, Exemplar, Histogram, Metric, MetricFamily, MetricType};
use super::Expected;
use crate::families::Kind;

/// Checks messages against the list of families and against the text of the same snapshot.
#[track_caller]
pub(super) fn check(families: &[MetricFamily], text: &str, expected: &[Expected]) {
    let mut rest = expected.iter();
    for family in families {
        // Families in the order of the list, none twice.
        let expected = rest
            .find(|expected| expected.name == family.name())
            .unwrap_or_else(|| panic!("{}", family.name()));
        assert_eq!((family.help(), family.unit()), (expected.help.as_str(), expected.unit.as_str()));
        assert!(family.unit() != "" || family.unit.is_none());
        let kind = match expected.kind {
            Kind::Counter => MetricType::Counter,
            Kind::Gauge | Kind::Info => MetricType::Gauge,
            Kind::Histogram => MetricType::Histogram,
        };
        assert!(family.kind() == kind && !family.metric.is_empty(), "{}", expected.name);
        family.metric.iter().for_each(|metric| check_metric(metric, kind, expected));
    }
    assert_eq!(series_of(families), series_in(text));
}

fn check_metric(metric: &Metric, kind: MetricType, expected: &Expected) {
    let name = &expected.name;
    assert!(metric.label.iter().map(|label| label.name()).eq(&expected.labels), "{name}");
    let has = (metric.counter.is_some(), metric.gauge.is_some(), metric.histogram.is_some());
    let one = (kind == MetricType::Counter, kind == MetricType::Gauge, kind == MetricType::Histogram);
    assert_eq!((has, metric.timestamp_ms), (one, None), "{name}");
    if let Some(counter) = &metric.counter {
        counter.exemplar.iter().for_each(check_exemplar);
        assert!(counter.created.is_none_or(|created| created.nanoseconds() > 0));
    }
    if let Some(histogram) = &metric.histogram {
        check_histogram(histogram, name);
    }
}

fn check_histogram(histogram: &Histogram, name: &str) {
    let key = |bucket: &Bucket| (bucket.upper_bound(), bucket.cumulative_count());
    let buckets: Vec<_> = histogram.bucket.iter().map(key).collect();
    assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name}: buckets fall");
    assert_eq!(buckets.last(), Some(&(f64::INFINITY, histogram.count())), "{name}");
    let mut lower = 0.0;
    for bucket in &histogram.bucket {
        if let Some(exemplar) = &bucket.exemplar {
            check_exemplar(exemplar);
            let is_first = lower == 0.0;
            assert!(
                exemplar.value() <= bucket.upper_bound() && (is_first || exemplar.value() > lower),
                "{name}"
            );
        }
        lower = bucket.upper_bound();
    }
    if let Some(schema) = histogram.schema {
        check_native(histogram, schema, name);
    } else {
        let none = histogram.zero_count.is_none() && histogram.positive_span.is_empty();
        assert!(none && histogram.zero_threshold.is_none(), "{name}");
    }
}

/// Native buckets count the same observations: as many, and where the classic ones say they are.
fn check_native(histogram: &Histogram, schema: i32, name: &str) {
    assert!((-4..=3).contains(&schema) && histogram.zero_threshold() > 0.0, "{name}");
    let buckets = histogram.native_buckets();
    assert!(buckets.len() <= 160 && buckets.iter().all(|(_, count)| *count > 0), "{name}");
    let upper = |index: i32| (f64::from(index) / f64::from(schema).exp2()).exp2();
    let counted = |is_below: &dyn Fn(i32) -> bool| {
        let below = buckets.iter().filter(|(index, _)| is_below(*index));
        histogram.zero_count() + below.map(|(_, count)| count.unsigned_abs()).sum::<u64>()
    };
    assert_eq!(counted(&|_| true), histogram.count(), "{name}");
    for bucket in &histogram.bucket {
        let (bound, count) = (bucket.upper_bound(), bucket.cumulative_count());
        assert!(counted(&|index| upper(index) <= bound) <= count, "{name}: up to {bound}");
        assert!(counted(&|index| upper(index - 1) < bound) >= count, "{name}: up to {bound}");
    }
}

fn check_exemplar(exemplar: &Exemplar) {
    let [label] = exemplar.label.as_slice() else { panic!("{exemplar:?}") };
    assert_eq!(label.name(), "request_id");
    assert!(label.value().chars().count() + label.name().len() <= 128);
    assert!(exemplar.timestamp.unwrap().nanoseconds() >= 0);
}

/// The values by series, as they would stand in the text; a duplicate fails.
fn series_of(families: &[MetricFamily]) -> BTreeMap<String, Approximate> {
    let mut series = BTreeMap::new();
    for family in families {
        let name = family.name();
        let mut add = |suffix: &str, labels: String, value: f64| {
            let duplicate = series.insert(format!("{name}{suffix}{labels}"), Approximate(value));
            assert_eq!(duplicate, None, "twice: {name}{suffix}{labels}");
        };
        for metric in &family.metric {
            metric.gauge.iter().for_each(|gauge| add("", metric.labels(None), gauge.value()));
            metric.counter.iter().for_each(|counter| add("", metric.labels(None), counter.value()));
            let Some(histogram) = &metric.histogram else { continue };
            for bucket in &histogram.bucket {
                add("_bucket", metric.labels(bucket.upper_bound), bucket.cumulative_count() as f64);
            }
            add("_sum", metric.labels(None), histogram.sum());
            add("_count", metric.labels(None), histogram.count() as f64);
        }
    }
    series
}

/// The values by series of text 0.0.4, with bounds written as Rust does.
fn series_in(text: &str) -> BTreeMap<String, Approximate> {
    let series = text.lines().filter(|line| !line.starts_with('#')).map(|line| {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let series = match series.rsplit_once("le=\"") {
            Some((labels, bound)) if bound != "+Inf\"}" => {
                let bound: f64 = bound.trim_end_matches("\"}").parse().unwrap();
                format!("{labels}le=\"{bound:?}\"}}")
            }
            _ => series.to_owned(),
        };
        (series, Approximate(value.parse().unwrap()))
    });
    series.collect()
}

/// A number, equal to those that differ by rounding.
#[derive(Debug)]
struct Approximate(f64);

impl PartialEq for Approximate {
    fn eq(&self, other: &Self) -> bool {
        (self.0 - other.0).abs() <= self.0.abs() * 1e-15
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::accept::Format;
    use crate::snapshot::Snapshot;
    use crate::tests::{check::expected, decode};
    use portent_counts::testing::{NOW, event, invalid_event, models};

    fn durations(families: &mut [MetricFamily]) -> &mut Histogram {
        families[1].metric[0].histogram.as_mut().unwrap()
    }

    /// The checker refuses what it is there to refuse.
    #[test]
    fn faults_are_found() {
        let mut snapshot = Snapshot { now: NOW, ..Snapshot::default() };
        snapshot.registry.apply(&event(), &models(), NOW);
        snapshot.registry.apply(&invalid_event(), &models(), NOW);
        let (expected, text) = (expected(&snapshot), snapshot.to_text());
        let families = decode::decode(&snapshot.expose(Format::Protobuf));
        check(&families, &text, &expected);
        let faults: [fn(&mut Vec<MetricFamily>); 10] = [
            |families| durations(families).count = Some(1),
            |families| durations(families).sum = Some(1.0),
            |families| durations(families).schema = Some(2),
            |families| durations(families).schema = None,
            |families| durations(families).zero_count = Some(1),
            |families| durations(families).bucket.swap(2, 3),
            |families| families.swap(1, 2),
            |families| families.truncate(5),
            |families| families[2].metric[0].label.swap(0, 1),
            |families| {
                let again = families[2].metric[0].clone();
                families[2].metric.push(again);
            },
        ];
        for (index, fault) in faults.iter().enumerate() {
            let mut broken = families.clone();
            fault(&mut broken);
            let checked = std::panic::catch_unwind(|| check(&broken, &text, &expected));
            assert!(checked.is_err(), "fault {index}");
        }
    }
}
