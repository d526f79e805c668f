//! What is to be learnt: everything that belongs to one model and not to the trainer.

use portent_model::{Derivation, EncodingSpec, FeatureKind, FeatureSpec, Interface};
use serde::Serialize;

use crate::table::{Column, Rule};

/// A model to be made: its names, its features and its classes.
#[derive(Clone, Debug)]
pub struct Task {
    /// Application that the model is made for.
    pub app: &'static str,
    /// Name of the model.
    pub name: &'static str,
    /// Version of the model.
    pub version: &'static str,
    /// Type of the model as its users call it.
    pub model_type: &'static str,
    /// One sentence on what it predicts.
    pub description: &'static str,
    /// Features in model order; training sets `imputed` to the median.
    pub features: Vec<FeatureSpec>,
    /// Other codings of the features.
    pub encodings: Vec<EncodingSpec>,
    /// Form of the application's requests and answers.
    pub interface: Interface<'static>,
    /// Features that are computed from others.
    pub derivations: Vec<Derivation>,
    /// What the positive class means.
    pub target: &'static str,
    /// Result names: the negative class, then the positive one.
    pub classes: [&'static str; 2],
    /// What the model is for.
    pub intended_use: &'static [&'static str],
    /// What it must not be used for, and why.
    pub limits: &'static [&'static str],
}

/// A model that is learnt from a data file with a column a feature.
#[derive(Clone, Debug)]
pub struct TableTask {
    /// The model.
    pub task: Task,
    /// Column to be predicted.
    pub target: Target,
    /// Where the data come from.
    pub source: Source,
}

/// The column to be predicted, the last one of the file.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name.
    pub column: &'static str,
    /// The codes that it holds.
    pub codes: &'static [f64],
    /// A row is positive where its code is greater than this.
    pub positive_above: f64,
}

/// Where the data come from and whom to name.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Source {
    /// Name of the dataset.
    pub name: &'static str,
    /// Its DOI.
    pub doi: &'static str,
    /// Its licence.
    pub licence: &'static str,
    /// How to cite it.
    pub citation: &'static str,
    /// Whom its makers ask to name.
    pub investigators: &'static str,
    /// How the file that the trainer reads differs from the original.
    pub changes: &'static str,
}

impl TableTask {
    /// The columns that a data file must have: the features, then the target.
    #[must_use]
    pub fn columns(&self) -> Vec<Column> {
        let target =
            Column { name: self.target.column.to_owned(), rule: Rule::Code(self.target.codes.into()) };
        self.task.features.iter().map(column).chain([target]).collect()
    }

    /// Whether a code of the target column is of the positive class.
    #[must_use]
    pub fn is_positive(&self, code: f64) -> bool {
        code > self.target.positive_above
    }
}

fn column(feature: &FeatureSpec) -> Column {
    let rule = match feature.kind {
        FeatureKind::Number => Rule::Number { lower: feature.lower, upper: feature.upper },
        FeatureKind::Integer => Rule::Integer { lower: feature.lower, upper: feature.upper },
        FeatureKind::Category => Rule::Code(feature.categories.iter().map(|c| c.value).collect()),
    };
    Column { name: feature.name.clone(), rule }
}
