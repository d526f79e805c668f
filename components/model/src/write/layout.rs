//! The order in which tree nodes lie in the file.

use crate::format::flag;
use crate::write::InvalidSpec;
use crate::write::records::count;
use crate::write::spec::{NodeSpec, TreeSpec};

/// The bytes of the sections that hold trees.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) nodes: Vec<u8>,
    pub(super) roots: Vec<u8>,
    /// Empty if a split lacks its expected value.
    pub(super) means: Vec<u8>,
}

impl Layout {
    /// Lays the trees out one after the other, each level by level.
    pub(super) fn of(trees: &[TreeSpec]) -> Result<Self, InvalidSpec> {
        let mut layout = Self::default();
        let splits = || trees.iter().flat_map(|tree| &tree.nodes).filter(|node| !node.is_leaf());
        let explained = splits().all(|split| split.mean().is_some());
        if !explained && splits().any(|split| split.mean().is_some()) {
            return Err(InvalidSpec::Tree {
                tree: 0,
                node: 0,
                rule: "some splits have a mean and some have not",
            });
        }
        for (number, tree) in trees.iter().enumerate() {
            let levels =
                tree.levels().map_err(|(node, rule)| InvalidSpec::Tree { tree: number, node, rule })?;
            layout.add(tree, &levels, explained);
        }
        Ok(layout)
    }

    fn add(&mut self, tree: &TreeSpec, levels: &[Vec<usize>], explained: bool) {
        let start = count(self.nodes.len() / crate::format::size::NODE);
        self.roots.extend(start.to_le_bytes());
        self.roots.extend(count(levels.len() - 1).to_le_bytes());
        let mut free = start.saturating_add(1);
        for (index, node) in (start..).zip(levels.iter().flatten().map(|node| tree.nodes[*node])) {
            let (value, child, feature, flags) = match node {
                NodeSpec::Split { feature, threshold, missing_holds, .. } => {
                    let flags = flag::SPLIT | if missing_holds { flag::MISSING_HOLDS } else { 0 };
                    let child = free;
                    free = free.saturating_add(2);
                    // A feature beyond this fails the reader's check, as it does when it is beyond the model's.
                    (threshold, child, u16::try_from(feature).unwrap_or(u16::MAX), flags)
                }
                NodeSpec::Leaf { value } => (value, index, 0, 0),
            };
            self.nodes.extend(value.to_le_bytes());
            self.nodes.extend(child.to_le_bytes());
            self.nodes.extend(feature.to_le_bytes());
            self.nodes.extend(flags.to_le_bytes());
            if explained {
                self.means.extend(node.mean().unwrap_or(value).to_le_bytes());
            }
        }
    }
}

impl TreeSpec {
    /// Indices of the nodes, level by level from the root.
    fn levels(&self) -> Result<Vec<Vec<usize>>, (usize, &'static str)> {
        let mut seen = vec![false; self.nodes.len()];
        let mut levels = vec![vec![0]];
        while let Some(level) = levels.last() {
            let mut children = Vec::new();
            for &node in level {
                match seen.get_mut(node) {
                    None => return Err((node, "the node does not exist")),
                    Some(true) => return Err((node, "the node has two parents, or is its own ancestor")),
                    Some(seen) => *seen = true,
                }
                if let NodeSpec::Split { holds, fails, .. } = self.nodes[node] {
                    children.extend([holds, fails].map(|child| usize::try_from(child).unwrap_or(usize::MAX)));
                }
            }
            if children.is_empty() {
                break;
            }
            levels.push(children);
        }
        match seen.iter().position(|seen| !seen) {
            Some(node) => Err((node, "the node has no parent")),
            None => Ok(levels),
        }
    }
}

impl NodeSpec {
    fn is_leaf(&self) -> bool {
        matches!(self, Self::Leaf { .. })
    }

    fn mean(&self) -> Option<f64> {
        match self {
            Self::Split { mean, .. } => *mean,
            Self::Leaf { .. } => None,
        }
    }
}
