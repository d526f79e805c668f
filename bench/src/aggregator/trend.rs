//! Memory and disk over time, and whether they grow.

use serde_json::json;

use super::filled::mebibytes;
use crate::report::Table;

/// One look at the process and its disk, in bytes.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) seconds: f64,
    pub(super) resident: u64,
    pub(super) disk: u64,
}

/// A row for each. The slope is the straight line nearest to the second half of the samples, when
/// everything that is filled once is full.
pub(super) fn table(samples: &[Sample]) -> Table {
    let mut table =
        Table::new("soak", &["of", "MiB first", "MiB last", "MiB most", "MiB an hour, second half"]);
    let resident = samples.iter().map(|sample| (sample.seconds, sample.resident)).collect::<Vec<_>>();
    let disk = samples.iter().map(|sample| (sample.seconds, sample.disk)).collect::<Vec<_>>();
    for (name, samples) in [("resident memory", resident), ("state directory", disk)] {
        let points: Vec<_> =
            samples.iter().map(|(seconds, bytes)| (seconds / 3600.0, mebibytes(*bytes))).collect();
        let most = points.iter().map(|point| point.1).fold(0.0, f64::max);
        let [first, last] = [points.first(), points.last()].map(|point| point.map(|point| point.1));
        let slope = slope(&points[points.len() / 2..]);
        table.row(&[json!(name), json!(first), json!(last), json!(most), json!(slope)]);
    }
    table
}

/// Slope by least squares; none of fewer than two points.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let number = points.len() as f64;
    let mean = |pick: fn(&(f64, f64)) -> f64| points.iter().map(pick).sum::<f64>() / number;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let above: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
    let below: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    (below > 0.0).then_some(above / below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_is_that_of_a_line() {
        let slope_of = |points: &[(f64, f64)]| slope(points).map(|slope| slope.round());
        assert_eq!(slope_of(&[(1.0, 5.0), (2.0, 8.0), (4.0, 14.0)]), Some(3.0));
        assert_eq!(slope_of(&[(1.0, 5.0)]), None);
        assert_eq!(slope_of(&[]), None);
    }
}
