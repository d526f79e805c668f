//! The reference profile: how the training data are distributed, in bins.

use portent_model::{FeatureKind, FeatureSpec, ProfileSpec};

use crate::metrics::round;

/// Most bins of a feature that is not categorical, and bins of the score.
const BINS: usize = 10;

/// Profile of a feature: its codes, or the deciles of its values.
pub(crate) fn of_feature(feature: &FeatureSpec, values: &[f64]) -> ProfileSpec {
    let edges = match feature.kind {
        FeatureKind::Category => {
            feature.categories.windows(2).map(|codes| f64::midpoint(codes[0].value, codes[1].value)).collect()
        }
        FeatureKind::Number | FeatureKind::Integer => decile_edges(values),
    };
    with_shares(edges, values)
}

/// Profile of the score. Its bins are equally wide, not deciles: two models of the same classes can then be
/// compared bin by bin, and a chart of them reads without a legend.
pub(crate) fn of_score(scores: &[f64]) -> ProfileSpec {
    with_shares((1..BINS).map(|edge| edge as f64 / BINS as f64).collect(), scores)
}

/// Median, as `decile_edges` would give it.
pub(crate) fn median(values: &[f64]) -> f64 {
    quantile(&sorted(values), 0.5)
}

/// The distinct deciles below the greatest value, to 6 decimals: no bin is empty, and the last one ends open.
fn decile_edges(values: &[f64]) -> Vec<f64> {
    let sorted = sorted(values);
    let decile = |edge: usize| round(quantile(&sorted, edge as f64 / BINS as f64), 6);
    let mut edges: Vec<f64> = (1..BINS).map(decile).collect();
    edges.dedup();
    edges.retain(|edge| sorted.last().is_some_and(|greatest| edge < greatest));
    edges
}

/// Quantile by linear interpolation: definition 7 of Hyndman and Fan, *The American Statistician* 50 (1996).
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let position = share * (sorted.len().saturating_sub(1)) as f64;
    let at = |index: usize| sorted.get(index).or(sorted.last()).copied().unwrap_or_default();
    let (low, high) = (at(position as usize), at(position as usize + 1));
    low + (high - low) * position.fract()
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// A value falls into the first bin whose edge is not below it, into the last one if there is none.
fn with_shares(edges: Vec<f64>, values: &[f64]) -> ProfileSpec {
    let mut counts = vec![0.0; edges.len() + 1];
    for value in values {
        counts[edges.partition_point(|edge| edge < value)] += 1.0;
    }
    let shares = counts.iter().map(|count| count / values.len() as f64).collect();
    ProfileSpec { edges, shares }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::heart;

    #[test]
    fn deciles_of_1_to_11_are_its_inner_values() {
        let values: Vec<f64> = (1..=11).map(f64::from).collect();
        assert_eq!(decile_edges(&values), (2..=10).map(f64::from).collect::<Vec<_>>());
        assert_eq!(median(&values), 6.0);
        assert_eq!(median(&[1.0, 2.0, 4.0, 9.0]), 3.0);
    }

    #[test]
    fn repeated_deciles_are_one_edge_and_no_bin_is_empty() {
        let values = [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 2.0, 2.0, 2.0, 2.0];
        let edges = decile_edges(&values);
        assert_eq!(edges, [0.0, 1.0]);
        let profile = with_shares(edges, &values);
        assert_eq!(profile.shares, [6.0 / 11.0, 1.0 / 11.0, 4.0 / 11.0]);
    }

    #[test]
    fn a_constant_column_is_one_bin() {
        assert_eq!(with_shares(decile_edges(&[5.0; 20]), &[5.0; 20]).shares, [1.0]);
    }

    #[test]
    fn codes_have_a_bin_each() {
        let thal = heart::task().task.features.pop().unwrap();
        let profile = of_feature(&thal, &[3.0, 3.0, 6.0, 7.0]);
        assert_eq!(profile.edges, [4.5, 6.5]);
        assert_eq!(profile.shares, [0.5, 0.25, 0.25]);
    }

    #[test]
    fn a_score_on_an_edge_is_in_the_lower_bin() {
        let profile = of_score(&[0.0, 0.1, 0.100_001, 1.0]);
        assert_eq!(profile.edges.len(), 9);
        assert_eq!(profile.shares[..2], [0.5, 0.25]);
        assert_eq!(profile.shares[9], 0.25);
    }
}
