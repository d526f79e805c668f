//! The rules of tree nodes.

use crate::codes::Aggregate;
use crate::format::{Section, flag};
use crate::model::content;
use crate::score::trees::Trees;
use crate::{ArtefactError, Model};

impl Trees<'_> {
    /// Checks every node, in one pass over the file.
    pub(crate) fn check(&self, model: &Model<'_>) -> Result<(), ArtefactError> {
        if model.classes().len() != 2 {
            return Err(content(Section::Ensemble, 0, "a tree ensemble has two classes"));
        }
        for (number, root) in (0..).zip(self.roots()) {
            let depth = self.check_tree(root.node, self.end(number), model.feature_count())?;
            if depth != root.depth {
                return Err(content(Section::TreeRoots, number, "depth is not that of the tree"));
            }
        }
        self.check_means()
    }

    /// Checks nodes `start..end` to be one tree, level by level, and returns its depth.
    fn check_tree(&self, start: u32, end: u32, features: usize) -> Result<u32, ArtefactError> {
        // The first node that nobody has as a child yet, the end of the present level, and its number.
        let (mut free, mut level_end, mut depth) = (start + 1, start + 1, 0);
        for index in start..end {
            let rule = |holds: bool, rule| {
                if holds { Ok(()) } else { Err(content(Section::TreeNodes, index, rule)) }
            };
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

    fn check_means(&self) -> Result<(), ArtefactError> {
        if self.means.is_empty() {
            return Ok(());
        }
        if self.means.len() != self.nodes.len() {
            return Err(content(Section::NodeMeans, 0, "not one value a node"));
        }
        for (index, bytes) in (0..).zip(self.means) {
            let (mean, node) = (f64::from_le_bytes(*bytes), self.node(index));
            if !mean.is_finite() || (!node.is_split() && mean != node.value) {
                return Err(content(Section::NodeMeans, index, "not finite, or not the value of the leaf"));
            }
        }
        Ok(())
    }
}
