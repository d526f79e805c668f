//! Walking the trees with a row.

use crate::format::{Aggregate, Link, Precision, Test, flag};
use crate::score::logistic;
use crate::score::trees::{Node, Root, Trees};

impl Trees<'_> {
    /// Score of a checked row; NaN where the sum is beyond the range of numbers.
    pub(crate) fn score(&self, row: &[f64]) -> f64 {
        let start = if self.aggregate == Aggregate::Sum { self.base } else { 0.0 };
        let sum = self.roots().fold(start, |sum, root| self.add(sum, self.leaf(root, row)));
        self.link(sum)
    }

    fn add(&self, sum: f64, leaf: f64) -> f64 {
        match self.sum {
            Precision::Double => sum + leaf,
            Precision::Single => f64::from(sum as f32 + leaf as f32),
        }
    }

    fn link(&self, sum: f64) -> f64 {
        let score = match (self.aggregate, self.link) {
            (Aggregate::Vote | Aggregate::Mean, _) => sum / self.len() as f64,
            (Aggregate::Sum, Link::Identity) => sum,
            (Aggregate::Sum, Link::Logistic) => logistic(sum),
        };
        score.clamp(0.0, 1.0)
    }

    /// Value of the leaf that a row reaches.
    fn leaf(&self, root: Root, row: &[f64]) -> f64 {
        let mut node = self.node(root.node);
        for _ in 0..root.depth {
            node = self.node(self.next(node, row));
        }
        node.value
    }

    /// The node behind this one; a leaf is behind itself.
    pub(crate) fn next(&self, node: Node, row: &[f64]) -> u32 {
        let mut value = row.get(usize::from(node.feature)).copied().unwrap_or(f64::NAN);
        if self.inputs == Precision::Single {
            value = f64::from(value as f32);
        }
        let holds = match self.test {
            _ if value.is_nan() => node.flags & flag::MISSING_HOLDS != 0,
            Test::AtMost => value <= node.value,
            Test::Below => value < node.value,
        };
        node.child.saturating_add(u32::from(!holds && node.is_split()))
    }
}
