//! The content of an artefact, for writing it.
#![expect(missing_docs, reason = "the types of the same names without `Spec` document their fields")]

use crate::derive::Derivation;
use crate::error::{ArtefactError, RowError};
use crate::format::{Aggregate, FeatureKind, Link, MissingPolicy, Precision, Test};
use crate::interface::Interface;

/// Everything that an artefact holds; see [`crate::Model`] for the meaning of each field.
#[derive(Clone, Debug)]
pub struct ModelSpec {
    pub name: String,
    pub app: String,
    pub version: String,
    pub model_type: String,
    pub description: String,
    /// Least score of a positive row. NaN means that the greatest score decides, with [`Parameters::Imported`] only.
    pub threshold: f64,
    pub positive_class: u32,
    pub features: Vec<FeatureSpec>,
    pub encodings: Vec<EncodingSpec>,
    pub classes: Vec<ClassSpec>,
    /// How a row becomes a score.
    pub parameters: Parameters,
    /// One reference profile per feature, then one for the score; or none at all.
    pub profiles: Vec<ProfileSpec>,
    /// Rows of one value per feature (NaN if missing). Their scores are computed on writing.
    pub self_check: Vec<Vec<f64>>,
    pub metadata: String,
    pub interface: Interface<'static>,
    pub derivations: Vec<Derivation>,
}

/// A feature; see [`crate::Feature`] for the meaning of each field.
#[derive(Clone, Debug)]
pub struct FeatureSpec {
    pub name: String,
    pub unit: String,
    pub description: String,
    pub kind: FeatureKind,
    pub missing: MissingPolicy,
    pub lower: f64,
    pub upper: f64,
    pub plausible: (f64, f64),
    pub imputed: f64,
    pub categories: Vec<CategorySpec>,
}

/// A code of a categorical feature and its meaning.
#[derive(Clone, Debug)]
pub struct CategorySpec {
    pub value: f64,
    pub label: String,
}

/// Another coding: its name and `(feature, from, to)`, with `None` for "missing".
#[derive(Clone, Debug)]
pub struct EncodingSpec {
    pub name: String,
    pub mappings: Vec<(u32, f64, Option<f64>)>,
}

/// A class and its share of the training data.
#[derive(Clone, Debug)]
pub struct ClassSpec {
    pub name: String,
    pub share: f64,
}

/// How a column is made of a feature.
#[derive(Clone, Copy, Debug)]
pub enum Column {
    /// `(value − mean) / scale`
    Standardise {
        /// Index of the feature.
        feature: u32,
        /// Mean of the training data.
        mean: f64,
        /// Standard deviation of the training data, positive.
        scale: f64,
    },
    /// 1 if the feature has this value, else 0.
    Indicator {
        /// Index of the feature.
        feature: u32,
        /// The value.
        value: f64,
    },
}

/// Parameters of a linear model.
#[derive(Clone, Debug)]
pub struct LinearSpec {
    /// Constant term.
    pub intercept: f64,
    /// One weight per column.
    pub weights: Vec<f64>,
}

/// Edges between bins, and one share per bin.
#[derive(Clone, Debug)]
pub struct ProfileSpec {
    pub edges: Vec<f64>,
    pub shares: Vec<f64>,
}

/// How a row becomes a score.
#[derive(Clone, Debug)]
pub enum Parameters {
    /// A logistic regression.
    Linear {
        /// How columns are made of features.
        columns: Vec<Column>,
        /// Intercept and weights.
        linear: LinearSpec,
    },
    /// An ensemble of decision trees.
    Trees(EnsembleSpec),
    /// Another component scores.
    Imported {
        /// Whether it can return contributions.
        explains: bool,
    },
}

/// Decision trees, and how their leaves become a score.
#[derive(Clone, Debug)]
pub struct EnsembleSpec {
    /// How the leaves become one number.
    pub aggregate: Aggregate,
    /// How a sum becomes a probability; identity for the other aggregates.
    pub link: Link,
    /// The test of every split.
    pub test: Test,
    /// Precision of the values in the tests.
    pub inputs: Precision,
    /// Precision of adding up the leaves.
    pub sum: Precision,
    /// Start of a sum; 0 for the other aggregates.
    pub base: f64,
    /// The trees, in the order of adding up.
    pub trees: Vec<TreeSpec>,
}

/// A tree. The first node is the root; the others stand in any order.
#[derive(Clone, Debug)]
pub struct TreeSpec {
    /// The nodes.
    pub nodes: Vec<NodeSpec>,
}

/// A node of a tree.
#[derive(Clone, Copy, Debug)]
pub enum NodeSpec {
    /// A test of one feature, with two children.
    Split {
        /// Index of the feature.
        feature: u32,
        /// The value that it is compared with.
        threshold: f64,
        /// Index of the child if the test holds.
        holds: u32,
        /// Index of the child if it fails.
        fails: u32,
        /// Whether the test holds for a missing value.
        missing_holds: bool,
        /// Expected value of the node over the training rows, for explanations: in all splits or in none.
        mean: Option<f64>,
    },
    /// The end of a path.
    Leaf {
        /// The value that the tree gives.
        value: f64,
    },
}

/// Why a specification cannot be written.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum InvalidSpec {
    /// The artefact would not be readable.
    #[error(transparent)]
    Artefact(#[from] ArtefactError),
    /// A self-check row cannot be scored.
    #[error("self-check row {0}: {1}")]
    SelfCheck(usize, RowError),
    /// The nodes of a tree are not a tree.
    #[error("tree {tree}, node {node}: {rule}")]
    Tree {
        /// Index of the tree.
        tree: usize,
        /// Index of the node.
        node: usize,
        /// The rule that does not hold.
        rule: &'static str,
    },
}
