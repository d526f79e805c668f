//! Many rows count as each of them alone.

use portent_event::{Pairs, Predictions};
use proptest::prelude::*;

use super::heart;
use crate::observe::observe;
use crate::rows::Rows;
use crate::scoring::Scored;

fn observed(values: Vec<f64>, scores: &[f64]) -> Predictions<'static> {
    let scored = Scored { scores: scores.to_vec(), classes: vec![], explanations: None };
    observe(&heart(), &Rows { values, ..Rows::default() }, &scored)
}

fn add(sum: &mut Pairs, pairs: &Pairs) {
    pairs.iter().for_each(|(index, count)| sum.add(index, count));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn many_rows_count_as_each_alone(
        rows in prop::collection::vec(
            (prop::collection::vec(prop_oneof![-5.0..300.0, (0..8).prop_map(f64::from), Just(f64::NAN)], 13), 0.0..1.0),
            1..40,
        ),
    ) {
        let (values, scores): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
        let together = observed(values.concat(), &scores);
        let mut sum = observed(vec![], &[]);
        for (row, score) in values.into_iter().zip(scores) {
            let alone = observed(row, &[score]);
            for (sum, alone) in sum.bins.iter_mut().zip(&alone.bins) {
                add(sum, alone);
            }
            add(&mut sum.missing, &alone.missing);
            add(&mut sum.out_of_range, &alone.out_of_range);
        }
        prop_assert_eq!(together.bins, sum.bins);
        prop_assert_eq!(together.missing, sum.missing);
        prop_assert_eq!(together.out_of_range, sum.out_of_range);
    }
}
