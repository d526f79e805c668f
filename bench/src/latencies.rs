//! Times of many requests, and their quantiles.

/// Times of a run, sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Latencies {
    sorted_nanos: Vec<u64>,
}

impl Latencies {
    /// Of times in any order.
    pub(crate) fn new(mut nanos: Vec<u64>) -> Self {
        nanos.sort_unstable();
        Self { sorted_nanos: nanos }
    }

    pub(crate) fn count(&self) -> usize {
        self.sorted_nanos.len()
    }

    /// All of these together.
    pub(crate) fn merge(&mut self, other: Self) {
        self.sorted_nanos.extend(other.sorted_nanos);
        self.sorted_nanos.sort_unstable();
    }

    /// A quantile by nearest rank, in microseconds.
    pub(crate) fn quantile_micros(&self, quantile: f64) -> u64 {
        let rank = (quantile * self.sorted_nanos.len() as f64).ceil() as usize;
        self.sorted_nanos.get(rank.saturating_sub(1)).copied().unwrap_or_default() / 1_000
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_by_nearest_rank() {
        let hundred = Latencies::new((1..=100).rev().map(|micros| micros * 1_000).collect());
        let quantiles = [0.0, 0.5, 0.9, 0.99, 0.999, 1.0].map(|quantile| hundred.quantile_micros(quantile));
        assert_eq!(quantiles, [1, 50, 90, 99, 100, 100]);
        assert_eq!(Latencies::default().quantile_micros(0.5), 0);
    }

    #[test]
    fn merged_times_are_sorted_again() {
        let mut all = Latencies::new(vec![9_000, 1_000]);
        all.merge(Latencies::new(vec![5_000]));
        assert_eq!((all.count(), all.quantile_micros(0.5)), (3, 5));
    }
}
