//! Walking the trees with rows.
//!
//! A step of a walk depends on the one before it, and waits for memory. Several walks are therefore taken
//! abreast: one row through several trees, or several rows through one tree. A step has no branch that depends
//! on the data: a leaf is its own child, and the walks end when none of them has moved.

use portent_event::limits;

use crate::codes::{Aggregate, Link, Precision, Test};
use crate::format::{flag, size};
use crate::score::logistic;
use crate::score::trees::{Node, Root, Trees};

/// Walks taken abreast: as many as was found fastest in wasm, of 4 to 16.
const LANES: usize = 6;

/// Rows of a batch that go through one tree before the next tree is looked at.
const BLOCK: usize = 10 * LANES;

impl Trees<'_> {
    /// Score of a checked row; NaN where the sum is beyond the range of numbers.
    pub(crate) fn score(&self, row: &[f64]) -> f64 {
        let mut values = [f64::NAN; limits::FEATURES];
        values.iter_mut().zip(row).for_each(|(value, given)| *value = self.input(*given));
        let missing = row.iter().any(|value| value.is_nan());
        let mut sum = self.start();
        for roots in self.roots.chunks(LANES) {
            let mut lanes = [Root { node: 0, depth: 0 }; LANES];
            lanes.iter_mut().zip(roots).for_each(|(lane, root)| *lane = Root::new(root));
            let depth = lanes.iter().map(|root| root.depth).max().unwrap_or_default();
            // The remainder is that of a power of two: cheaper than a check, and no other index occurs.
            let value = |_, feature: usize| values[feature % limits::FEATURES];
            let leaves = self.walk(lanes.map(|root| root.node), depth, missing, value);
            sum = leaves.iter().take(roots.len()).fold(sum, |sum, leaf| self.add(sum, *leaf));
        }
        self.link(sum)
    }

    /// Appends the scores of checked rows of this width, as [`Trees::score`] gives them.
    pub(crate) fn score_rows(&self, width: usize, rows: &[f64], scores: &mut Vec<f64>) {
        let rounded: Vec<f64>;
        let rows = match self.inputs {
            Precision::Double => rows,
            Precision::Single => {
                rounded = rows.iter().map(|value| self.input(*value)).collect();
                &rounded
            }
        };
        for block in rows.chunks(BLOCK * width) {
            let missing = block.iter().any(|value| value.is_nan());
            let mut sums = [self.start(); BLOCK];
            for root in self.roots() {
                for (sums, rows) in sums.chunks_mut(LANES).zip(block.chunks(LANES * width)) {
                    let value = |lane, feature| rows.get(lane * width + feature).copied().unwrap_or(f64::NAN);
                    let leaves = self.walk([root.node; LANES], root.depth, missing, value);
                    sums.iter_mut().zip(leaves).for_each(|(sum, leaf)| *sum = self.add(*sum, leaf));
                }
            }
            scores.extend(sums.iter().take(block.len() / width).map(|sum| self.link(*sum)));
        }
    }

    /// The node behind this one, for explanations; a leaf is behind itself.
    pub(crate) fn next(&self, node: Node, row: &[f64]) -> u32 {
        let value = row.get(usize::from(node.feature)).map_or(f64::NAN, |value| self.input(*value));
        match self.test {
            Test::AtMost => node.next::<false, true>(value),
            Test::Below => node.next::<true, true>(value),
        }
    }

    fn start(&self) -> f64 {
        if self.aggregate == Aggregate::Sum { self.base } else { 0.0 }
    }

    /// A value as the tests see it.
    fn input(&self, value: f64) -> f64 {
        match self.inputs {
            Precision::Double => value,
            Precision::Single => f64::from(value as f32),
        }
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

    /// Values of the leaves that walks from these nodes end at. `value` is that of a lane's row for a feature;
    /// `missing` says whether any may be NaN.
    fn walk(
        &self,
        roots: [u32; LANES],
        depth: u32,
        missing: bool,
        value: impl Fn(usize, usize) -> f64,
    ) -> [f64; LANES] {
        match (self.test, missing) {
            (Test::AtMost, false) => walk::<false, false>(self.nodes, roots, depth, value),
            (Test::AtMost, true) => walk::<false, true>(self.nodes, roots, depth, value),
            (Test::Below, false) => walk::<true, false>(self.nodes, roots, depth, value),
            (Test::Below, true) => walk::<true, true>(self.nodes, roots, depth, value),
        }
    }
}

impl Node {
    /// The node behind this one for a value, which is NaN only where `MISSING`.
    #[inline(always)]
    fn next<const BELOW: bool, const MISSING: bool>(self, value: f64) -> u32 {
        let mut holds = if BELOW { value < self.value } else { value <= self.value };
        if MISSING {
            holds |= value.is_nan() & (self.flags & flag::MISSING_HOLDS != 0);
        }
        self.child.wrapping_add(u32::from(self.flags & flag::SPLIT) & u32::from(!holds))
    }
}

#[inline(always)]
fn walk<const BELOW: bool, const MISSING: bool>(
    nodes: &[[u8; size::NODE]],
    mut at: [u32; LANES],
    depth: u32,
    value: impl Fn(usize, usize) -> f64,
) -> [f64; LANES] {
    for _ in 0..depth {
        let mut moved = 0;
        for (lane, at) in at.iter_mut().enumerate() {
            let node = Node::at(nodes, *at);
            let next = node.next::<BELOW, MISSING>(value(lane, usize::from(node.feature)));
            moved |= next ^ *at;
            *at = next;
        }
        if moved == 0 {
            break;
        }
    }
    at.map(|at| Node::at(nodes, at).value)
}
