//! The tree ensemble as it lies in the file.

use crate::ArtefactError;
use crate::bytes::{f64_at, u32_at};
use crate::codes::{Aggregate, Link, Precision, Test};
use crate::format::{Section, flag, size};
use crate::model::content;
use crate::sections::Sections;

mod check;

/// Trees and how their leaves become a score. The nodes of a tree lie together, level by level, and so the
/// children of the k-th split of a tree are its nodes 2k + 1 and 2k + 2.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Trees<'a> {
    pub(crate) aggregate: Aggregate,
    pub(crate) link: Link,
    pub(crate) test: Test,
    pub(crate) inputs: Precision,
    pub(crate) sum: Precision,
    pub(crate) base: f64,
    pub(crate) nodes: &'a [[u8; size::NODE]],
    pub(crate) roots: &'a [[u8; size::ROOT]],
    /// One a node, or none at all.
    pub(crate) means: &'a [[u8; size::VALUE]],
}

/// A split or a leaf.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    /// Threshold of a split, value of a leaf.
    pub(crate) value: f64,
    /// Where the test holds; the other child is the next one. A leaf: itself.
    pub(crate) child: u32,
    pub(crate) feature: u16,
    pub(crate) flags: u16,
}

/// One tree: its first node, and the splits from there to its deepest leaf.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Root {
    pub(crate) node: u32,
    pub(crate) depth: u32,
}

impl<'a> Trees<'a> {
    pub(crate) fn open(sections: &Sections<'a>) -> Result<Self, ArtefactError> {
        let record = sections.require(Section::Ensemble)?;
        let rule = |rule| content(Section::Ensemble, 0, rule);
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
        trees.check_record()?;
        trees.check_roots()?;
        Ok(trees)
    }

    /// Number of trees.
    pub(crate) fn len(&self) -> usize {
        self.roots.len()
    }

    pub(crate) fn roots(&self) -> impl ExactSizeIterator<Item = Root> + use<'a> {
        self.roots.iter().map(Root::new)
    }

    /// Expected value of a node over the training rows; NaN if the artefact has none.
    pub(crate) fn mean(&self, node: u32) -> f64 {
        let mean = usize::try_from(node).ok().and_then(|index| self.means.get(index));
        mean.map_or(f64::NAN, |bytes| f64::from_le_bytes(*bytes))
    }

    fn check_record(&self) -> Result<(), ArtefactError> {
        let rule = |holds: bool, rule| if holds { Ok(()) } else { Err(content(Section::Ensemble, 0, rule)) };
        rule(self.base.is_finite(), "base is not finite")?;
        let plain = self.link == Link::Identity && self.base == 0.0;
        rule(self.aggregate == Aggregate::Sum || plain, "link and base belong to a sum")
    }

    /// Every tree begins where the one before it ends, and is no deeper than its nodes allow: whatever the
    /// nodes hold, a row takes fewer steps than there are nodes.
    fn check_roots(&self) -> Result<(), ArtefactError> {
        if self.roots.is_empty() {
            return Err(ArtefactError::MissingSection(Section::TreeRoots));
        }
        if self.roots().next().is_some_and(|root| root.node != 0) {
            return Err(content(Section::TreeRoots, 0, "the first tree does not begin at node 0"));
        }
        for (number, root) in (0..).zip(self.roots()) {
            if self.end(number).checked_sub(root.node).is_none_or(|nodes| root.depth >= nodes) {
                return Err(content(Section::TreeRoots, number, "too few nodes for its depth"));
            }
        }
        Ok(())
    }

    /// The node behind the last one of a tree.
    fn end(&self, tree: u32) -> u32 {
        let next = usize::try_from(tree).ok().and_then(|tree| self.roots.get(tree + 1)).map(Root::new);
        next.map_or(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX), |root| root.node)
    }

    /// The node with this index.
    pub(crate) fn node(&self, index: u32) -> Node {
        Node::at(self.nodes, index)
    }
}

impl Node {
    /// The node with this index. One that does not exist, which only bytes that were not checked refer to, is a
    /// leaf without a value.
    #[inline(always)]
    pub(crate) fn at(nodes: &[[u8; size::NODE]], index: u32) -> Self {
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

    pub(crate) fn is_split(self) -> bool {
        self.flags & flag::SPLIT != 0
    }
}

impl Root {
    pub(crate) fn new(bytes: &[u8; size::ROOT]) -> Self {
        let [a, b, c, d, e, f, g, h] = *bytes;
        Self { node: u32::from_le_bytes([a, b, c, d]), depth: u32::from_le_bytes([e, f, g, h]) }
    }
}
