//! Random ensembles and rows, and an evaluation of them that shares nothing with the one in use.

use proptest::prelude::*;

use crate::samples;
use crate::{
    Aggregate, EnsembleSpec, Link, MissingPolicy, ModelSpec, NodeSpec, Parameters, Precision, Test, TreeSpec,
};

pub(super) const WIDTH: usize = 3;

/// Numbers that rows and thresholds have in common, and around which things go wrong.
const MARKS: [f64; 9] = [0.0, -0.0, 1.0, 0.1, 0.1_f32 as f64, -2.5, 16_777_217.0, 3.5e38, -1e300];

/// Any ensemble over [`WIDTH`] features. Only those that `explain` have means.
pub(super) fn ensemble(explain: bool) -> impl Strategy<Value = EnsembleSpec> {
    let aggregates = [
        (Aggregate::Vote, Link::Identity),
        (Aggregate::Mean, Link::Identity),
        (Aggregate::Sum, Link::Identity),
        (Aggregate::Sum, Link::Logistic),
    ];
    let precision = || prop::sample::select(vec![Precision::Double, Precision::Single]);
    let test = prop::sample::select(vec![Test::AtMost, Test::Below]);
    let aggregate = prop::sample::select(aggregates.to_vec());
    (aggregate, test, precision(), precision(), -1.0..1.0).prop_flat_map(
        move |((aggregate, link), test, inputs, sum, base)| {
            let base = if aggregate == Aggregate::Sum { base } else { 0.0 };
            let trees = proptest::collection::vec(tree(aggregate, explain), 1..20);
            trees.prop_map(move |trees| EnsembleSpec { aggregate, link, test, inputs, sum, base, trees })
        },
    )
}

/// An artefact that holds an ensemble and takes missing values.
pub(super) fn spec(ensemble: EnsembleSpec) -> ModelSpec {
    let mut spec = samples::trees();
    spec.features.iter_mut().for_each(|feature| feature.missing = MissingPolicy::Impute);
    ModelSpec { parameters: Parameters::Trees(ensemble), self_check: vec![], ..spec }
}

/// Up to `most` rows, one after the other.
pub(super) fn rows(most: usize) -> impl Strategy<Value = Vec<f64>> {
    let mark = prop::sample::select(MARKS.to_vec());
    let value = (mark, 0..9).prop_map(|(mark, change)| match change {
        0 => mark.next_up(),
        1 => mark.next_down(),
        2 => f64::from((mark as f32).next_up()).min(f64::MAX),
        3 => f64::from((mark as f32).next_down()).max(f64::MIN),
        4 => f64::NAN,
        5 => f64::MAX,
        _ => mark,
    });
    proptest::collection::vec(proptest::collection::vec(value, WIDTH), 1..most).prop_map(|rows| rows.concat())
}

/// The sum of the leaves as the ensemble's precision has it, with its base.
pub(super) fn reference_sum(ensemble: &EnsembleSpec, row: &[f64], precision: Precision) -> f64 {
    let leaves = ensemble.trees.iter().map(|tree| reference_leaf(ensemble, tree, 0, row));
    match precision {
        Precision::Double => leaves.fold(ensemble.base, |sum, leaf| sum + leaf),
        Precision::Single => f64::from(leaves.fold(ensemble.base as f32, |sum, leaf| sum + leaf as f32)),
    }
}

/// The score; `None` where the sum is not a number.
pub(super) fn reference_score(ensemble: &EnsembleSpec, row: &[f64]) -> Option<f64> {
    let sum = reference_sum(ensemble, row, ensemble.sum);
    let score = match ensemble.aggregate {
        Aggregate::Vote | Aggregate::Mean => sum / ensemble.trees.len() as f64,
        Aggregate::Sum if ensemble.link == Link::Identity => sum.clamp(0.0, 1.0),
        Aggregate::Sum => 1.0 / (1.0 + (-sum).exp()),
    };
    (!score.is_nan()).then_some(score)
}

fn reference_leaf(ensemble: &EnsembleSpec, tree: &TreeSpec, node: u32, row: &[f64]) -> f64 {
    match tree.nodes[node as usize] {
        NodeSpec::Leaf { value } => value,
        NodeSpec::Split { feature, threshold, holds, fails, missing_holds, .. } => {
            let value = match (row[feature as usize], ensemble.inputs) {
                (value, Precision::Double) => value,
                (value, Precision::Single) => f64::from(value as f32),
            };
            let taken = if value.is_nan() {
                missing_holds
            } else if ensemble.test == Test::AtMost {
                value <= threshold
            } else {
                value < threshold
            };
            reference_leaf(ensemble, tree, if taken { holds } else { fails }, row)
        }
    }
}

/// A tree of any shape, its nodes behind the root in any order.
fn tree(aggregate: Aggregate, explain: bool) -> impl Strategy<Value = TreeSpec> {
    let split = (0..WIDTH as u32, prop::sample::select(MARKS.to_vec()), any::<bool>(), -1.0..1.0);
    let leaf = leaf(aggregate).prop_map(|value| vec![NodeSpec::Leaf { value }]);
    let tree = leaf.prop_recursive(7, 60, 2, move |below| {
        (split.clone(), below.clone(), below, any::<bool>()).prop_map(
            move |((feature, threshold, missing_holds, mean), left, right, swapped)| {
                let mean = explain.then_some(mean);
                let (first, second) = if swapped { (right, left) } else { (left, right) };
                let [mut holds, mut fails] = [1, 1 + first.len() as u32];
                if swapped {
                    (holds, fails) = (fails, holds);
                }
                let root = NodeSpec::Split { feature, threshold, holds, fails, missing_holds, mean };
                let moved = |nodes: Vec<NodeSpec>, by| nodes.into_iter().map(move |node| moved(node, by));
                let second_at = 1 + first.len() as u32;
                [root].into_iter().chain(moved(first, 1)).chain(moved(second, second_at)).collect::<Vec<_>>()
            },
        )
    });
    tree.prop_map(|nodes| TreeSpec { nodes })
}

fn leaf(aggregate: Aggregate) -> BoxedStrategy<f64> {
    match aggregate {
        Aggregate::Vote => prop::sample::select(vec![0.0, 1.0]).boxed(),
        Aggregate::Mean => (0.0..=1.0).boxed(),
        Aggregate::Sum => (-1.0..1.0).boxed(),
    }
}

fn moved(node: NodeSpec, by: u32) -> NodeSpec {
    match node {
        NodeSpec::Split { feature, threshold, holds, fails, missing_holds, mean } => {
            NodeSpec::Split { feature, threshold, holds: holds + by, fails: fails + by, missing_holds, mean }
        }
        leaf @ NodeSpec::Leaf { .. } => leaf,
    }
}
