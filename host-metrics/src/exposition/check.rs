//! A judge of our own: no outside one refuses duplicate series or buckets that fall.

use std::collections::{BTreeMap, BTreeSet};

use crate::families::{self, Family, Kind};

/// Checks a whole exposition against the list of families; panics with the line at fault.
#[track_caller]
pub(crate) fn check(text: &str) {
    let mut seen = BTreeSet::new();
    let mut order = Vec::new();
    let mut buckets: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut numbers = BTreeMap::new();
    let mut family: Option<&Family> = None;
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("# HELP ") {
            let (name, help) = head.split_once(' ').unwrap();
            let index = families::ALL.iter().position(|family| family.name == name).expect(line);
            family = Some(families::ALL[index]);
            assert_eq!(help, families::ALL[index].help);
            order.push(index);
            continue;
        }
        if line.starts_with("# TYPE ") {
            continue;
        }
        let family = family.expect(line);
        let (series, value) = line.rsplit_once(' ').expect(line);
        assert!(seen.insert(series.to_owned()), "twice: {series}");
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let suffix = name.strip_prefix(family.name).expect(line);
        check_labels(family, labels, suffix, line);
        if family.kind == Kind::Histogram && suffix == "_bucket" {
            let key = series
                .rsplit_once("le=")
                .unwrap()
                .0
                .replace("_bucket{", "{")
                .trim_end_matches(',')
                .to_owned();
            buckets.entry(key).or_default().push(value.parse().expect(line));
        } else {
            assert!(value.parse::<f64>().expect(line) >= 0.0, "{line}");
            numbers.insert(series.trim_end_matches('}').to_owned(), value.to_owned());
        }
    }
    assert!(order.is_sorted() && order.windows(2).all(|pair| pair[0] != pair[1]), "order of the families");
    for (series, counts) in buckets {
        assert!(counts.is_sorted(), "{series}: buckets fall");
        let (name, labels) = series.split_once('{').unwrap();
        let count = &numbers[&format!("{name}_count{{{labels}")];
        assert_eq!(counts.last().unwrap().to_string(), *count, "{series}: +Inf is not the count");
        assert!(numbers.contains_key(&format!("{name}_sum{{{labels}")), "{series}: no sum");
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
