//! Stratified folds, which smartcore does not have.

use crate::random::SplitMix64;

/// The fold of each row, such that folds hold equally many rows of each class, and equally many rows, to
/// within one. Rows are dealt out in an order drawn from `seed`.
pub(crate) fn stratified(positive: &[bool], folds: usize, seed: u64) -> Vec<usize> {
    let mut random = SplitMix64::new(seed);
    let mut fold_of = vec![0; positive.len()];
    let mut dealt = 0;
    for class in [false, true] {
        let mut rows: Vec<usize> = (0..positive.len()).filter(|row| positive[*row] == class).collect();
        random.shuffle(&mut rows);
        for row in rows {
            fold_of[row] = dealt % folds;
            dealt += 1;
        }
    }
    fold_of
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(counts: &[usize]) -> usize {
        counts.iter().max().unwrap() - counts.iter().min().unwrap()
    }

    /// For many sizes and seeds: every row in one fold, classes and sizes even to within one.
    #[test]
    fn folds_are_stratified() {
        for seed in 0..50_u64 {
            let rows = 20 + 13 * seed as usize;
            let positive: Vec<bool> = (0..rows).map(|row| row % (2 + seed as usize % 5) == 0).collect();
            let folds = stratified(&positive, 10, seed);
            let count = |keep: &dyn Fn(usize) -> bool| -> Vec<usize> {
                (0..10)
                    .map(|fold| (0..rows).filter(|row| folds[*row] == fold && keep(*row)).count())
                    .collect()
            };
            assert_eq!(count(&|_| true).iter().sum::<usize>(), rows);
            assert!(spread(&count(&|_| true)) <= 1);
            assert!(spread(&count(&|row| positive[row])) <= 1);
            assert!(spread(&count(&|row| !positive[row])) <= 1);
        }
    }

    #[test]
    fn folds_depend_on_the_seed_alone() {
        let positive: Vec<bool> = (0..100).map(|row| row % 3 == 0).collect();
        assert_eq!(stratified(&positive, 10, 7), stratified(&positive, 10, 7));
        assert_ne!(stratified(&positive, 10, 7), stratified(&positive, 10, 8));
    }
}
