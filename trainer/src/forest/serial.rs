//! smartcore's forest in its serialised form, the only one in which it shows its nodes.

use serde::Deserialize;

use super::{Fitted, ForestError, Node, Split};

/// The form, as far as it is needed.
#[derive(Deserialize)]
struct SerialForest {
    trees: Vec<SerialTree>,
}

#[derive(Deserialize)]
struct SerialTree {
    nodes: Vec<SerialNode>,
}

#[derive(Deserialize)]
struct SerialNode {
    output: usize,
    split_feature: usize,
    split_value: Option<f64>,
    true_child: Option<usize>,
    false_child: Option<usize>,
}

/// The trees of a forest.
///
/// They pass through `serde_json::Value` and never through text, which would be read back with the last bit
/// of a threshold changed now and then.
pub(super) fn trees(fitted: &Fitted) -> Result<Vec<Vec<Node>>, ForestError> {
    let forest: SerialForest = serde_json::from_value(serde_json::to_value(fitted)?)?;
    let trees = forest.trees.into_iter().map(|tree| {
        let count = tree.nodes.len();
        tree.nodes.into_iter().map(|node| node.take(count)).collect()
    });
    trees.collect()
}

impl SerialNode {
    /// A node that may not be split any more keeps a threshold, but has no children.
    fn take(self, count: usize) -> Result<Node, ForestError> {
        let split = match (self.true_child, self.false_child, self.split_value) {
            (None, None, _) => None,
            (Some(holds), Some(fails), Some(threshold)) if holds.max(fails) < count => {
                Some(Split { feature: self.split_feature, threshold, holds, fails })
            }
            _ => return Err(ForestError::Children),
        };
        Ok(Node { split, vote: self.output, weight: 0.0, positive: 0.0 })
    }
}
