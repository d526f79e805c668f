//! Pseudo-random numbers that are the same on every machine and in every release.

/// SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014.
#[derive(Clone, Debug)]
pub(crate) struct SplitMix64(u64);

/// Bits of each uniform number that a normal one is the sum of.
const NORMAL_BITS: u32 = 21;

impl SplitMix64 {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator for one of many parts of a run: the same for a seed and a number, unlike for any other.
    pub(crate) fn part(seed: u64, number: u64) -> Self {
        let mut numbers = Self(number);
        Self(seed ^ numbers.next())
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Shuffles in place (Fisher and Yates, Knuth's algorithm P).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// A number below `end`: the high half of a product, whose bias at these sizes is below 2⁻⁴⁰.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((u128::from(self.next()) * end as u128) >> 64) as usize
    }

    /// A number from 0 to 1, 1 excluded, in steps of 2⁻⁵³.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number from `low` to `high`, each as likely.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.uniform() < probability
    }

    /// A number of mean 0 and standard deviation 1: the sum of twelve uniform ones less 6, which is close to
    /// normal and never beyond ±6 (Knuth, *The Art of Computer Programming* 2, 3.4.1). Unlike methods that
    /// take a logarithm, its bits are the same on every machine.
    pub(crate) fn normal(&mut self) -> f64 {
        const MASK: u64 = (1 << NORMAL_BITS) - 1;
        let mut sum = 0;
        for _ in 0..4 {
            let bits = self.next();
            sum += (bits & MASK) + ((bits >> NORMAL_BITS) & MASK) + ((bits >> (2 * NORMAL_BITS)) & MASK);
        }
        // Each of the twelve is uniform on 0 to 2²¹ − 1, so that its mean is half a step short.
        (sum as f64 + 6.0) / (1_u64 << NORMAL_BITS) as f64 - 6.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published vector: the reference implementation seeded with 1234567.
    #[test]
    fn is_splitmix64() {
        let mut random = SplitMix64::new(1_234_567);
        assert_eq!(random.next(), 6_457_827_717_110_365_317);
        assert_eq!(random.next(), 3_203_168_211_198_807_973);
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<u32> = (0..100).collect();
        SplitMix64::new(1).shuffle(&mut items);
        assert!(!items.is_sorted());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }

    /// Moments of a million numbers, within five standard errors: those of a normal distribution, but for the
    /// kurtosis, which of a sum of twelve is 3 − 1.2 / 12.
    #[test]
    fn normal_numbers_have_their_moments() {
        let mut random = SplitMix64::new(5);
        let numbers: Vec<f64> = (0..1_000_000).map(|_| random.normal()).collect();
        let moment = |power: i32| numbers.iter().map(|number| number.powi(power)).sum::<f64>() / 1e6;
        assert!(moment(1).abs() < 0.005, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.007, "{}", moment(2));
        assert!(moment(3).abs() < 0.02, "{}", moment(3));
        assert!((moment(4) - 2.9).abs() < 0.05, "{}", moment(4));
    }

    #[test]
    fn parts_of_a_run_differ() {
        let first = |seed, number| SplitMix64::part(seed, number).next();
        assert_eq!(first(1, 2), first(1, 2));
        let mut seen: Vec<u64> = (0..10).flat_map(|seed| (0..10).map(move |n| first(seed, n))).collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 100);
    }
}
