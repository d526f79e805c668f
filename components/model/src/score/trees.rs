//! The tree ensemble: its nodes as they lie in the file, and walks through them.
//!
//! A step of a walk depends on the one before it, and waits for memory. So several walks are taken at once: one row
//! through several trees, or several rows through one tree. A step has no branch that depends on the data: a leaf is
//! its own child, and the walks end when none of them has moved.

use portent_event::limits;

use crate::error::{ArtefactError, check};
use crate::format::{Aggregate, Link, Precision, Section, Test, flag, size};
use crate::schema::Schema;
use crate::score::linear::logistic;
use crate::sections::{Checking, Sections, f64_at, u32_at};

/// Walks taken at once. Of 4 to 16, this number was the fastest in wasm.
const LANES: usize = 6;

/// Rows of a batch that go through one tree before the next tree.
const BLOCK: usize = 10 * LANES;

/// Trees and how their leaves become a score. The nodes of a tree lie together, level by level, and so the
/// children of the k-th split of a tree are its nodes 2k + 1 and 2k + 2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trees<'a> {
    pub(crate) aggregate: Aggregate,
    pub(crate) link: Link,
    test: Test,
    inputs: Precision,
    sum: Precision,
    base: f64,
    nodes: &'a [[u8; size::NODE]],
    roots: &'a [[u8; size::ROOT]],
    /// One per node, or none at all.
    pub(crate) means: &'a [[u8; size::VALUE]],
}

/// A split or a leaf.
#[derive(Clone, Copy, Debug)]
struct Node {
    /// Threshold of a split, value of a leaf.
    value: f64,
    /// The child if the test holds; the other child is the next node. Of a leaf, the leaf itself.
    child: u32,
    feature: u16,
    flags: u16,
}

/// One tree: its first node, and the number of splits from there to its deepest leaf.
#[derive(Clone, Copy, Debug)]
struct Root {
    node: u32,
    depth: u32,
}

impl<'a> Trees<'a> {
    pub(crate) fn open(
        sections: &Sections<'a>,
        schema: &Schema<'_>,
        checking: Checking,
    ) -> Result<Self, ArtefactError> {
        let record = sections.require(Section::Ensemble)?;
        let rule = |rule| ArtefactError::Content { section: Section::Ensemble, record: 0, rule };
        if record.len() != size::ENSEMBLE || u32_at(record, 20) != 0 {
            return Err(rule("not the record of an ensemble"));
        }
        let precision = |at| Precision::from_code(u32_at(record, at)).ok_or(rule("unknown precision"));
        let trees = Self {
            aggregate: Aggregate::from_code(u32_at(record, 0)).ok_or(rule("unknown aggregate"))?,
            link: Link::from_code(u32_at(record, 4)).ok_or(rule("unknown link"))?,
            test: Test::from_code(u32_at(record, 8)).ok_or(rule("unknown test"))?,
            inputs: precision(12)?,
            sum: precision(16)?,
            base: f64_at(record, 24),
            nodes: sections.arrays(Section::TreeNodes)?,
            roots: sections.arrays(Section::TreeRoots)?,
            means: sections.arrays(Section::NodeMeans)?,
        };
        check(trees.base.is_finite(), Section::Ensemble, 0, "base is not finite")?;
        let plain = trees.link == Link::Identity && trees.base == 0.0;
        let fits = trees.aggregate == Aggregate::Sum || plain;
        check(fits, Section::Ensemble, 0, "link and base belong to a sum")?;
        trees.check_roots()?;
        if checking == Checking::Whole {
            trees.check_nodes(schema)?;
        }
        Ok(trees)
    }

    /// Score of a checked row; NaN if the sum is beyond the range of numbers.
    pub(crate) fn score(&self, row: &[f64]) -> f64 {
        let mut values = [f64::NAN; limits::FEATURES];
        values.iter_mut().zip(row).for_each(|(value, given)| *value = self.input(*given));
        let missing = row.iter().any(|value| value.is_nan());
        let mut sum = self.start();
        for roots in self.roots.chunks(LANES) {
            let mut lanes = [Root { node: 0, depth: 0 }; LANES];
            lanes.iter_mut().zip(roots).for_each(|(lane, root)| *lane = Root::new(root));
            let depth = lanes.iter().map(|root| root.depth).max().unwrap_or_default();
            // The remainder of a power of two is cheaper than a check, and no greater index occurs.
            let value = |_, feature: usize| values[feature % limits::FEATURES];
            let leaves = self.walk(lanes.map(|root| root.node), depth, missing, value);
            sum = leaves.iter().take(roots.len()).fold(sum, |sum, leaf| self.add(sum, *leaf));
        }
        self.link(sum)
    }

    /// Appends the scores of checked rows of this width, as [`Self::score`] computes them.
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

    /// Adds the contribution of each feature to the score of a checked row, and returns the base.
    ///
    /// These are path contributions after Saabas, "Interpreting random forests", 2014: each step from a node to its
    /// child credits the feature that is tested with the difference of their expected values. The base is the
    /// expected value of the roots.
    pub(crate) fn explain(&self, row: &[f64], contributions: &mut [f64]) -> f64 {
        let mut base = 0.0;
        for root in self.roots() {
            let (mut node, mut mean) = (self.node(root.node), self.mean(root.node));
            base += mean;
            for _ in 0..root.depth {
                if !node.is_split() {
                    break;
                }
                let index = self.next(node, row);
                let expected = self.mean(index);
                if let Some(contribution) = contributions.get_mut(usize::from(node.feature)) {
                    *contribution += expected - mean;
                }
                (node, mean) = (self.node(index), expected);
            }
        }
        if self.aggregate == Aggregate::Sum {
            return self.base + base;
        }
        let trees = self.roots.len() as f64;
        contributions.iter_mut().for_each(|contribution| *contribution /= trees);
        base / trees
    }

    /// The child of this node that a row goes to; of a leaf, the leaf itself.
    fn next(&self, node: Node, row: &[f64]) -> u32 {
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
            (Aggregate::Vote | Aggregate::Mean, _) => sum / self.roots.len() as f64,
            (Aggregate::Sum, Link::Identity) => sum,
            (Aggregate::Sum, Link::Logistic) => logistic(sum),
        };
        score.clamp(0.0, 1.0)
    }

    /// Values of the leaves at the ends of walks from these nodes. `value` gives the value of a feature in the row of a
    /// lane; `missing` states whether any may be NaN.
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

    fn roots(&self) -> impl ExactSizeIterator<Item = Root> + use<'a> {
        self.roots.iter().map(Root::new)
    }

    /// Expected value of a node over the training rows; NaN if the artefact has none.
    fn mean(&self, node: u32) -> f64 {
        let mean = usize::try_from(node).ok().and_then(|index| self.means.get(index));
        mean.map_or(f64::NAN, |bytes| f64::from_le_bytes(*bytes))
    }

    fn node(&self, index: u32) -> Node {
        Node::at(self.nodes, index)
    }

    /// Index behind the last node of a tree.
    fn end(&self, tree: u32) -> u32 {
        let next = usize::try_from(tree).ok().and_then(|tree| self.roots.get(tree + 1)).map(Root::new);
        next.map_or(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX), |root| root.node)
    }

    /// Every tree begins where the one before it ends, and is no deeper than its nodes allow. So a row takes fewer
    /// steps than there are nodes, whatever the nodes hold.
    fn check_roots(&self) -> Result<(), ArtefactError> {
        let first = self.roots().next().ok_or(ArtefactError::MissingSection(Section::TreeRoots))?;
        check(first.node == 0, Section::TreeRoots, 0, "the first tree does not begin at node 0")?;
        for (number, root) in (0..).zip(self.roots()) {
            let fits = self.end(number).checked_sub(root.node).is_some_and(|nodes| root.depth < nodes);
            check(fits, Section::TreeRoots, number, "too few nodes for its depth")?;
        }
        Ok(())
    }

    /// Checks every node, in one pass over the file.
    fn check_nodes(&self, schema: &Schema<'_>) -> Result<(), ArtefactError> {
        check(schema.classes().len() == 2, Section::Ensemble, 0, "a tree ensemble has two classes")?;
        for (number, root) in (0..).zip(self.roots()) {
            let depth = self.check_tree(root.node, self.end(number), schema.features.len())?;
            check(depth == root.depth, Section::TreeRoots, number, "depth is not that of the tree")?;
        }
        let (means, nodes) = (self.means.len(), self.nodes.len());
        check(means == 0 || means == nodes, Section::NodeMeans, 0, "not one value per node")?;
        for (index, bytes) in (0..).zip(self.means) {
            let (mean, node) = (f64::from_le_bytes(*bytes), self.node(index));
            let valid = mean.is_finite() && (node.is_split() || mean == node.value);
            check(valid, Section::NodeMeans, index, "not finite, or not the value of the leaf")?;
        }
        Ok(())
    }

    /// Checks nodes `start..end` to be one tree, level by level, and returns its depth.
    fn check_tree(&self, start: u32, end: u32, features: usize) -> Result<u32, ArtefactError> {
        // The first node without a parent so far, the end of the present level, and its number.
        let (mut free, mut level_end, mut depth) = (start + 1, start + 1, 0);
        for index in start..end {
            let rule = |holds, rule| check(holds, Section::TreeNodes, index, rule);
            rule(index < free, "a node without a parent")?;
            if index == level_end {
                (level_end, depth) = (free, depth + 1);
            }
            let node = self.node(index);
            if node.is_split() {
                rule(node.child == free && end - free >= 2, "children are not the next two nodes")?;
                rule(usize::from(node.feature) < features, "feature does not exist")?;
                rule(node.value.is_finite(), "threshold is not finite")?;
                rule(node.flags & !(flag::SPLIT | flag::MISSING_HOLDS) == 0, "unknown flags")?;
                free += 2;
            } else {
                rule(node.child == index, "a leaf with a child")?;
                rule(node.feature == 0 && node.flags == 0, "a leaf with a feature or flags")?;
                rule(self.is_leaf_value(node.value), "leaf is not of a value that the aggregate takes")?;
            }
        }
        Ok(depth)
    }

    fn is_leaf_value(&self, value: f64) -> bool {
        match self.aggregate {
            Aggregate::Vote => value == 0.0 || value == 1.0,
            Aggregate::Mean => (0.0..=1.0).contains(&value),
            Aggregate::Sum => value.is_finite(),
        }
    }
}

impl Node {
    /// The node with this index. One that does not exist is a leaf without a value; only bytes that were not checked
    /// refer to one.
    #[inline(always)]
    fn at(nodes: &[[u8; size::NODE]], index: u32) -> Self {
        let node = usize::try_from(index).ok().and_then(|index| nodes.get(index));
        node.map_or(Self { value: f64::NAN, child: index, feature: 0, flags: 0 }, Self::new)
    }

    fn new(bytes: &[u8; size::NODE]) -> Self {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = *bytes;
        Self {
            value: f64::from_le_bytes([a, b, c, d, e, f, g, h]),
            child: u32::from_le_bytes([i, j, k, l]),
            feature: u16::from_le_bytes([m, n]),
            flags: u16::from_le_bytes([o, p]),
        }
    }

    /// The child that a value leads to. It is NaN only if `MISSING`.
    #[inline(always)]
    fn next<const BELOW: bool, const MISSING: bool>(self, value: f64) -> u32 {
        let mut holds = if BELOW { value < self.value } else { value <= self.value };
        if MISSING {
            holds |= value.is_nan() & (self.flags & flag::MISSING_HOLDS != 0);
        }
        self.child.wrapping_add(u32::from(self.flags & flag::SPLIT) & u32::from(!holds))
    }

    fn is_split(self) -> bool {
        self.flags & flag::SPLIT != 0
    }
}

impl Root {
    fn new(bytes: &[u8; size::ROOT]) -> Self {
        let [a, b, c, d, e, f, g, h] = *bytes;
        Self { node: u32::from_le_bytes([a, b, c, d]), depth: u32::from_le_bytes([e, f, g, h]) }
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
