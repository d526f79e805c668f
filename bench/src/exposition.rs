//! Reads from a scrape what the benchmark needs.

use anyhow::{Context as _, Result};

/// An exposition in text format 0.0.4.
#[derive(Debug)]
pub(crate) struct Exposition(String);

impl Exposition {
    pub(crate) fn new(body: Vec<u8>) -> Result<Self> {
        Ok(Self(String::from_utf8(body).context("the exposition is not UTF-8")?))
    }

    /// Lines that are samples. A histogram counts with each of its buckets, its sum and its count.
    pub(crate) fn series(&self) -> u64 {
        self.samples().count() as u64
    }

    /// Sum of the samples whose name and labels begin so. Counters here are whole numbers.
    pub(crate) fn sum(&self, beginning: &str) -> f64 {
        let samples = self.samples().filter(|line| line.starts_with(beginning));
        samples.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
    }

    /// Events counted, whatever the application and the route.
    pub(crate) fn events(&self) -> f64 {
        self.sum("api_requests_total{")
    }

    fn samples(&self) -> impl Iterator<Item = &str> {
        self.0.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_counted_and_summed() {
        let text = "# HELP a b\na{x=\"1\"} 3\na{x=\"2\"} 4.5\n\nab 7\napi_requests_total{a=\"b c\"} 2\n";
        let exposition = Exposition::new(text.as_bytes().to_vec()).unwrap();
        assert_eq!(exposition.series(), 4);
        assert!((exposition.sum("a{") - 7.5).abs() < 1e-9);
        assert!((exposition.events() - 2.0).abs() < 1e-9);
    }
}
