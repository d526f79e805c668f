//! What the artefact and its card say of a model that was learnt from a data file.

use portent_model::{Column, FeatureSpec, LinearSpec, ModelSpec};
use serde::Serialize;

use super::cross_validation::Protocol;
use crate::card::{Sections, values};
use crate::metrics::{Metrics, Summary};
use crate::{Source, Task};

/// Where the model comes from.
#[derive(Debug, Serialize)]
pub(crate) struct Provenance {
    pub(crate) source: Source,
    pub(crate) file: String,
    pub(crate) sha256: String,
    pub(crate) rows_read: usize,
    pub(crate) rows_used: usize,
    pub(crate) rows_dropped: usize,
    pub(crate) date: String,
    pub(crate) trainer: &'static str,
    pub(crate) seed: u64,
}

/// How it was fitted.
#[derive(Debug, Serialize)]
pub(crate) struct Training {
    pub(crate) algorithm: &'static str,
    pub(crate) c: f64,
}

/// How good it is, and how that was measured.
#[derive(Debug, Serialize)]
pub(crate) struct Quality {
    pub(crate) protocol: String,
    #[serde(flatten)]
    pub(crate) numbers: Protocol,
    pub(crate) metrics: Metrics<Summary>,
}

impl Quality {
    pub(crate) fn new(numbers: Protocol, metrics: Metrics<Summary>) -> Self {
        let Protocol { folds, repeats, seed } = numbers;
        let protocol = format!(
            "stratified {folds}-fold cross-validation, {repeats} repeats (SplitMix64 seeds from {seed}), standardisation \
             fitted inside each fold; metrics of all out-of-fold scores of a repeat, then mean and sd over repeats"
        );
        Self { protocol, numbers, metrics }
    }
}

/// The card's sections.
pub(crate) fn sections(
    task: &Task,
    spec: &ModelSpec,
    parameters: (&[Column], &LinearSpec),
    provenance: &Provenance,
    quality: &Quality,
) -> Sections {
    let Provenance { file, seed, date, .. } = provenance;
    Sections {
        quality: quality_section(quality),
        data: data(provenance),
        features: features(spec, parameters),
        command: format!(
            "cargo run -p portent -- train heart --data {file} --out models/{}.portent --seed {seed} --date {date}",
            task.app
        ),
        same: "The same data, seed and date give the same bytes.",
    }
}

fn quality_section(quality: &Quality) -> String {
    let row =
        |(name, summary): (&str, &Summary)| format!("| {name} | {:.3} | {:.3} |\n", summary.mean, summary.sd);
    let rows: String = quality.metrics.named().map(row).concat();
    format!("By {}.\n\n| metric | mean | sd |\n|---|---|---|\n{rows}", quality.protocol)
}

fn data(p: &Provenance) -> String {
    format!(
        "{}, DOI [{doi}](https://doi.org/{doi}), {}. File `{}`: {}.\n\n\
         {} rows read, {} used, {} left out because a value is missing. SHA-256 of the file: `{}`.\n\n\
         Cite as: {}\n\nPrincipal investigators: {}.\n",
        p.source.name,
        p.source.licence,
        p.file,
        p.source.changes,
        p.rows_read,
        p.rows_used,
        p.rows_dropped,
        p.sha256,
        p.source.citation,
        p.source.investigators,
        doi = p.source.doi,
    )
}

fn features(spec: &ModelSpec, (columns, linear): (&[Column], &LinearSpec)) -> String {
    let row = |(feature, (column, weight)): (&FeatureSpec, (&Column, &f64))| {
        let (mean, scale) = match column {
            Column::Standardise { mean, scale, .. } => (*mean, *scale),
            Column::Indicator { .. } => (0.0, 1.0),
        };
        let FeatureSpec { name, unit, description, .. } = feature;
        format!(
            "| `{name}` | {description} | {unit} | {} | {mean:.3} | {scale:.3} | {weight:.4} |\n",
            values(feature)
        )
    };
    let rows: String = spec.features.iter().zip(columns.iter().zip(&linear.weights)).map(row).collect();
    format!(
        "The weight is that of the standardised value, (value − mean) / scale; the intercept is {:.4}. \
         A row with a missing value is refused.\n\n\
         | name | what | unit | values | mean | scale | weight |\n|---|---|---|---|---|---|---|\n{rows}",
        linear.intercept
    )
}
