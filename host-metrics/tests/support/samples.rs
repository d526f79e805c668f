//! The samples of a scrape, as exact numbers.

#![allow(dead_code, reason = "each test that includes this file uses a part of it")]

use std::collections::BTreeMap;

/// Values in billionths by series, as the series stands in the text.
pub(crate) type Samples = BTreeMap<String, u128>;

/// What only grows, over restarts too: counters and the parts of histograms, but nothing of the process.
pub(crate) fn counters(exposition: &str) -> Samples {
    let is_counter = |series: &str| {
        let name = series.split('{').next().unwrap_or_default();
        let suffixes = ["_total", "_bucket", "_sum", "_count"];
        let of_process = ["process_", "portent_state_", "portent_requests_refused_"];
        suffixes.iter().any(|suffix| name.ends_with(suffix))
            && !of_process.iter().any(|prefix| name.starts_with(prefix))
    };
    let samples = exposition.lines().filter(|line| !line.starts_with('#'));
    let samples = samples.map(|line| line.rsplit_once(' ').unwrap());
    let counters = samples.filter(|(series, _)| is_counter(series));
    counters.map(|(series, value)| (series.to_owned(), nano(value))).collect()
}

/// The first counter that is lower than before, or not there any more.
pub(crate) fn fallen(before: &Samples, after: &Samples) -> Option<String> {
    let fallen = before.iter().find(|(series, value)| after.get(*series).is_none_or(|now| now < *value));
    fallen.map(|(series, value)| format!("{series} was {value}, is {:?}", after.get(series)))
}

/// Adds one set of samples to another.
pub(crate) fn add(sum: &mut Samples, more: &Samples) {
    more.iter().for_each(|(series, value)| *sum.entry(series.clone()).or_default() += value);
}

/// A decimal number in billionths, exactly.
fn nano(text: &str) -> u128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    assert!(fraction.len() <= 9, "{text}");
    format!("{whole}{fraction:0<9}").parse().unwrap()
}
