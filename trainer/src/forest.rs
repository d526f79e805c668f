//! Random forests: fitted by smartcore, taken out of its private form, with leaves that are probabilities.

use portent_model::{Aggregate, EnsembleSpec, Link, NodeSpec, Precision, Test, TreeSpec};
use smartcore::ensemble::random_forest_classifier::{
    RandomForestClassifier, RandomForestClassifierParameters,
};
use smartcore::error::Failed;
use smartcore::linalg::basic::matrix::DenseMatrix;

/// A forest as smartcore fits it to these rows.
pub type Fitted = RandomForestClassifier<f64, u32, DenseMatrix<f64>, Vec<u32>>;

/// How large a forest may grow.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Growth {
    /// Number of trees.
    pub trees: u16,
    /// Most splits from the root to a leaf, plus one.
    pub max_depth: u16,
    /// Fewest rows of a leaf.
    pub min_samples_leaf: usize,
    /// Features that each split chooses from.
    pub features_a_split: usize,
}

/// Decision trees over the same features.
#[derive(Clone, Debug)]
pub struct Forest {
    trees: Vec<Vec<Node>>,
}

/// Why smartcore's forest could not be taken over.
#[derive(Debug, thiserror::Error)]
pub enum ForestError {
    /// smartcore could not fit it.
    #[error(transparent)]
    Fit(#[from] Failed),
    /// Its serialised form is not the one that is known.
    #[error("smartcore's forest has another form: {0}")]
    Form(#[from] serde_json::Error),
    /// A node names a child that does not exist.
    #[error("smartcore's forest has a node without its children")]
    Children,
    /// More nodes than an artefact can hold.
    #[error("smartcore's forest is too large")]
    Size,
}

#[derive(Clone, Debug)]
struct Node {
    split: Option<Split>,
    /// Class that smartcore's leaf votes for.
    vote: usize,
    /// Weight of the rows that came here, and of the positive ones among them.
    weight: f64,
    positive: f64,
}

#[derive(Clone, Copy, Debug)]
struct Split {
    feature: usize,
    threshold: f64,
    holds: usize,
    fails: usize,
}

/// smartcore's forest in its serialised form, the only one in which it shows its nodes, as far as it is needed.
#[derive(serde::Deserialize)]
struct SerialForest {
    trees: Vec<SerialTree>,
}

#[derive(serde::Deserialize)]
struct SerialTree {
    nodes: Vec<SerialNode>,
}

#[derive(serde::Deserialize)]
struct SerialNode {
    output: usize,
    split_feature: usize,
    split_value: Option<f64>,
    true_child: Option<usize>,
    false_child: Option<usize>,
}

/// Fits a forest to complete rows of `width` values each, of both classes.
///
/// # Errors
/// What smartcore says. Rows must be checked before: it takes NaN without a word.
pub fn fit(
    rows: &[f64],
    width: usize,
    positive: &[bool],
    growth: Growth,
    seed: u64,
) -> Result<Fitted, Failed> {
    let parameters = RandomForestClassifierParameters::default()
        .with_n_trees(growth.trees)
        .with_max_depth(growth.max_depth)
        .with_min_samples_leaf(growth.min_samples_leaf)
        .with_m(growth.features_a_split)
        .with_seed(seed);
    let columns = (0..width).flat_map(|feature| rows.iter().skip(feature).step_by(width).copied()).collect();
    let classes: Vec<u32> = positive.iter().map(|class| u32::from(*class)).collect();
    Fitted::fit(&DenseMatrix::new(positive.len(), width, columns, true)?, &classes, parameters)
}

impl Forest {
    /// Takes the trees out of smartcore's forest.
    ///
    /// # Errors
    /// [`ForestError`] where the form is not that of the smartcore release that this was written for.
    pub fn of(fitted: &Fitted) -> Result<Self, ForestError> {
        Ok(Self { trees: trees(fitted)? })
    }

    /// Counts rows of `width` values each, every one with its weight, in all the nodes that they pass.
    pub fn weigh(&mut self, rows: &[f64], width: usize, positive: &[bool], weights: &[f64]) {
        for tree in &mut self.trees {
            for (row, (positive, weight)) in rows.chunks_exact(width).zip(positive.iter().zip(weights)) {
                let mut next = Some(0);
                while let Some(node) = next.and_then(|index: usize| tree.get_mut(index)) {
                    node.weight += weight;
                    node.positive += if *positive { *weight } else { 0.0 };
                    next = node.split.map(|split| split.next(row));
                }
            }
        }
    }

    /// The ensemble that votes as smartcore's does: the score is the share of trees that vote for the second
    /// class.
    ///
    /// # Errors
    /// [`ForestError::Size`]
    pub fn voting(&self) -> Result<EnsembleSpec, ForestError> {
        self.ensemble(Aggregate::Vote, |node| if node.vote == 1 { 1.0 } else { 0.0 }, |_| None)
    }

    /// The ensemble whose score is the mean over the trees of the weighted share of positive rows in the
    /// leaf.
    ///
    /// # Errors
    /// [`ForestError::Size`]
    pub fn averaging(&self) -> Result<EnsembleSpec, ForestError> {
        self.ensemble(Aggregate::Mean, Node::share, |node| Some(node.share()))
    }

    fn ensemble(
        &self,
        aggregate: Aggregate,
        leaf: impl Fn(&Node) -> f64,
        mean: impl Fn(&Node) -> Option<f64>,
    ) -> Result<EnsembleSpec, ForestError> {
        let index = |index: usize| u32::try_from(index).map_err(|_| ForestError::Size);
        let node = |node: &Node| match node.split {
            None => Ok(NodeSpec::Leaf { value: leaf(node) }),
            Some(split) => Ok(NodeSpec::Split {
                feature: index(split.feature)?,
                threshold: split.threshold,
                holds: index(split.holds)?,
                fails: index(split.fails)?,
                // smartcore compares with `<=`, which fails for NaN.
                missing_holds: false,
                mean: mean(node),
            }),
        };
        let tree = |tree: &Vec<Node>| {
            Ok(TreeSpec { nodes: tree.iter().map(node).collect::<Result<_, ForestError>>()? })
        };
        Ok(EnsembleSpec {
            aggregate,
            link: Link::Identity,
            test: Test::AtMost,
            inputs: Precision::Double,
            sum: Precision::Double,
            base: 0.0,
            trees: self.trees.iter().map(tree).collect::<Result<_, ForestError>>()?,
        })
    }
}

impl Node {
    /// Share of positive rows; without any row, what smartcore votes.
    fn share(&self) -> f64 {
        if self.weight > 0.0 { self.positive / self.weight } else { f64::from(u8::from(self.vote == 1)) }
    }
}

impl Split {
    fn next(&self, row: &[f64]) -> usize {
        if row.get(self.feature).is_some_and(|value| *value <= self.threshold) {
            self.holds
        } else {
            self.fails
        }
    }
}

/// The trees of a forest.
///
/// They pass through `serde_json::Value` and never through text: reading that back sometimes changes the last bit
/// of a threshold.
fn trees(fitted: &Fitted) -> Result<Vec<Vec<Node>>, ForestError> {
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
