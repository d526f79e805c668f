//! Figures against those worked out by hand.

use super::*;

#[track_caller]
fn check(actual: f64, expected: f64) {
    assert!((actual - expected).abs() < 1e-12, "{actual}, expected {expected}");
}

/// Four rows, by hand.
#[test]
fn figures_of_four_rows() {
    let metrics = Metrics::of(&[false, false, true, true], &[0.1, 0.6, 0.35, 0.8], 0.5);
    check(metrics.auc, 0.75);
    check(metrics.accuracy, 0.5);
    check(metrics.sensitivity, 0.5);
    check(metrics.specificity, 0.5);
    check(metrics.brier, (0.01 + 0.36 + 0.4225 + 0.04) / 4.0);
    check(metrics.log_loss, -(0.9_f64.ln() + 0.4_f64.ln() + 0.35_f64.ln() + 0.8_f64.ln()) / 4.0);
    check(metrics.ece, (0.1 + 0.6 + 0.65 + 0.2) / 4.0);
}

/// Of the six pairs of a positive and a negative row, three are in order and two tied.
#[test]
fn ties_count_half_in_the_auc() {
    let metrics = Metrics::of(&[false, true, true, false, true], &[0.5, 0.5, 0.5, 0.2, 0.1], 0.5);
    check(metrics.auc, (2.0 + 0.5 * 2.0) / 6.0);
}

/// By hand: after 1, 3 and 5 rows 1, 2 and 3 positive ones are found; of two tied rows neither comes first.
#[test]
fn average_precision_of_five_rows() {
    let scores = [0.9, 0.8, 0.7, 0.6, 0.5];
    let positive = [true, false, true, false, true];
    check(average_precision(&positive, &scores), (1.0 + 2.0 / 3.0 + 3.0 / 5.0) / 3.0);
    check(average_precision(&[true, false, true], &[0.5, 0.5, 0.1]), (0.5 + 2.0 / 3.0) / 2.0);
    check(average_precision(&[true, true, false], &[0.5, 0.5, 0.5]), 2.0 / 3.0);
}

#[test]
fn a_score_at_the_threshold_is_positive() {
    let metrics = Metrics::of(&[true, false], &[0.5, 0.499], 0.5);
    check(metrics.accuracy, 1.0);
}

/// Two rows of one bin, scored 0.62 and 0.68, one of them positive: off by 0.15; two sure and right.
#[test]
fn calibration_error_is_weighted_by_rows() {
    let metrics = Metrics::of(&[true, false, true, false], &[0.62, 0.68, 1.0, 0.0], 0.5);
    check(metrics.ece, 0.15 * 2.0 / 4.0);
}

#[test]
fn a_sure_and_wrong_score_has_a_finite_log_loss() {
    let metrics = Metrics::of(&[true, false], &[0.0, 1.0], 0.5);
    check(metrics.log_loss, -1e-15_f64.ln());
    check(metrics.brier, 1.0);
}

#[test]
fn a_summary_has_mean_and_sample_deviation() {
    assert_eq!(Summary::of(&[1.0, 2.0, 3.0, 4.0]), Summary { mean: 2.5, sd: 1.290_994 });
    assert_eq!(Summary::of(&[0.25]), Summary { mean: 0.25, sd: 0.0 });
}
