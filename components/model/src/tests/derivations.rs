//! Gaps filled, changes and rolling statistics.

use proptest::prelude::*;

use crate::samples;
use crate::{Derivation, DerivationKind, InvalidSpec, MAX_WINDOW, Model, ModelSpec, NoValue, derive};

const KINDS: [DerivationKind; 3] =
    [DerivationKind::Delta, DerivationKind::RollingMean, DerivationKind::RollingStd];

/// What pandas says: `diff().fillna(0)`, `rolling(2, min_periods=1).mean()`, and `.std().fillna(0)`.
#[test]
fn by_hand() {
    let derivation = |feature, kind, window| Derivation { feature, kind, source: 0, window };
    let derivations = [
        derivation(1, DerivationKind::Delta, 1),
        derivation(2, DerivationKind::RollingMean, 2),
        derivation(3, DerivationKind::RollingStd, 3),
    ];
    let mut rows: Vec<f64> =
        [1.0, 4.0, f64::NAN, 7.0].iter().flat_map(|x| [*x, f64::NAN, 9.0, 9.0]).collect();
    assert_eq!(derive(4, &derivations, &mut rows), Ok(()));
    let expected = [
        [1.0, 0.0, 1.0, 0.0],
        [4.0, 3.0, 2.5, 4.5_f64.sqrt()],
        [4.0, 0.0, 4.0, 3.0_f64.sqrt()],
        [7.0, 3.0, 5.5, 3.0_f64.sqrt()],
    ];
    rows.chunks(4).zip(expected).for_each(|(row, expected)| assert_eq!(row, expected));
}

#[test]
fn gaps_are_filled_forward_then_backward() {
    let nan = f64::NAN;
    let mut rows = [nan, 1.0, nan, nan, 5.0, nan, nan, 3.0];
    assert_eq!(derive(2, &[], &mut rows), Ok(()));
    assert_eq!(rows, [5.0, 1.0, 5.0, 1.0, 5.0, 1.0, 5.0, 3.0]);
    let mut rows = [1.0, nan, 2.0, nan];
    assert_eq!(derive(2, &[], &mut rows), Err(NoValue { feature: 1 }));
    assert_eq!(derive(2, &[], &mut []), Ok(()));
    assert_eq!(derive(0, &[], &mut []), Ok(()));
}

/// A constant has no deviation, whatever its digits.
#[test]
fn equal_values_do_not_deviate() {
    let derivation = Derivation { feature: 1, kind: DerivationKind::RollingStd, source: 0, window: 6 };
    let mut rows = [0.1, 9.0].repeat(50);
    assert_eq!(derive(2, &[derivation], &mut rows), Ok(()));
    assert!(rows.chunks(2).all(|row| row[1] == 0.0));
}

#[test]
fn contradicting_derivations_are_not_written() {
    let base = Derivation { feature: 0, kind: DerivationKind::Delta, source: 2, window: 1 };
    let cases = [
        vec![Derivation { feature: 3, ..base }],
        vec![Derivation { source: 3, ..base }],
        vec![Derivation { source: 0, ..base }],
        vec![Derivation { window: 0, ..base }],
        vec![Derivation { window: MAX_WINDOW + 1, ..base }],
        vec![base, base],
        vec![base, Derivation { feature: 1, source: 0, ..base }],
    ];
    for (case, derivations) in cases.into_iter().enumerate() {
        let spec = ModelSpec { derivations, ..samples::trees() };
        assert!(matches!(spec.to_bytes(), Err(InvalidSpec::Artefact(_))), "case {case}");
    }
    let derivations = vec![Derivation { window: MAX_WINDOW, ..base }];
    let file = ModelSpec { derivations: derivations.clone(), ..samples::trees() }.to_bytes().unwrap();
    assert_eq!(Model::open(&file).unwrap().derivations().collect::<Vec<_>>(), derivations);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    /// Against the definitions, without an offset.
    #[test]
    fn statistics_are_those_of_the_window(
        values in proptest::collection::vec(-100.0..100.0, 1..150),
        offset in prop::sample::select(vec![0.0, 1e6]),
        window in 1_usize..70,
    ) {
        let derivations = [1, 2, 3].map(|feature| Derivation { feature, kind: KINDS[feature - 1], source: 0, window });
        let mut rows: Vec<f64> = values.iter().flat_map(|value| [value + offset, 0.0, 0.0, 0.0]).collect();
        prop_assert_eq!(derive(4, &derivations, &mut rows), Ok(()));
        for (index, row) in rows.chunks(4).enumerate() {
            let before = if index >= window { rows[4 * (index - window)] } else { row[0] };
            let last: Vec<f64> =
                rows.chunks(4).take(index + 1).rev().take(window).map(|row| row[0] - offset).collect();
            let count = last.len() as f64;
            let mean = last.iter().sum::<f64>() / count;
            let squares: f64 = last.iter().map(|value| (value - mean) * (value - mean)).sum();
            let deviation = (squares / (count - 1.0).max(1.0)).sqrt();
            prop_assert_eq!(row[1], row[0] - before);
            prop_assert!((row[2] - offset - mean).abs() < 1e-9, "mean {}", row[2]);
            prop_assert!((row[3] - deviation).abs() < 1e-9, "deviation {} {}", row[3], deviation);
        }
    }
}
