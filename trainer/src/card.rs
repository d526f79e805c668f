//! The model card, in Markdown, after Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.

use std::fmt::Display;

use portent_model::{Column, FeatureSpec, LinearSpec, ModelSpec, Parameters};

use crate::metadata::Metadata;

/// The card of an artefact with this digest.
pub(crate) fn render(spec: &ModelSpec, metadata: &Metadata, digest: impl Display) -> String {
    let sections = [
        heading(spec, metadata, digest),
        format!("## Intended use\n\n{}", bullets(metadata.intended_use)),
        format!("## Limits\n\n{}", bullets(metadata.limits)),
        quality(metadata),
        data(metadata),
        features(spec),
        encodings(spec),
        reproduction(spec, metadata),
    ];
    sections.join("\n")
}

fn heading(spec: &ModelSpec, metadata: &Metadata, digest: impl Display) -> String {
    let ModelSpec { name, app, version, model_type, description, threshold, .. } = spec;
    let classes: Vec<String> =
        spec.classes.iter().map(|c| format!("`{}` ({:.1} % of the rows)", c.name, 100.0 * c.share)).collect();
    format!(
        "# Model card: {app}\n\n{description}\n\n\
         | | |\n|---|---|\n\
         | model | `{name}`, {model_type}, version {version} |\n\
         | SHA-256 | `{digest}` |\n\
         | classes | {} |\n\
         | threshold | {threshold} |\n\
         | target | {} |\n\
         | trained | {}, trainer {} |\n",
        classes.join(", "),
        metadata.target,
        metadata.provenance.date,
        metadata.provenance.trainer,
    )
}

fn quality(metadata: &Metadata) -> String {
    let row = |(name, summary): (&str, &crate::metrics::Summary)| {
        format!("| {name} | {:.3} | {:.3} |\n", summary.mean, summary.sd)
    };
    let rows: String = metadata.quality.metrics.named().map(row).concat();
    format!(
        "## Quality\n\nBy {}.\n\n| metric | mean | sd |\n|---|---|---|\n{rows}",
        metadata.quality.protocol
    )
}

fn data(metadata: &Metadata) -> String {
    let p = &metadata.provenance;
    format!(
        "## Data\n\n{}, DOI [{doi}](https://doi.org/{doi}), {}. File `{}`: {}.\n\n\
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

fn features(spec: &ModelSpec) -> String {
    match &spec.parameters {
        Parameters::Linear { columns, linear } => linear_features(spec, columns, linear),
        Parameters::Trees(_) => tree_features(spec),
    }
}

fn linear_features(spec: &ModelSpec, columns: &[Column], linear: &LinearSpec) -> String {
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
    let columns = columns.iter().zip(&linear.weights);
    let rows: String = spec.features.iter().zip(columns).map(row).collect();
    format!(
        "## Features\n\nThe weight is that of the standardised value, (value − mean) / scale; the intercept is {:.4}. \
         A row with a missing value is refused.\n\n\
         | name | what | unit | values | mean | scale | weight |\n|---|---|---|---|---|---|---|\n{rows}",
        linear.intercept
    )
}

fn tree_features(spec: &ModelSpec) -> String {
    let row = |feature: &FeatureSpec| {
        let FeatureSpec { name, unit, description, .. } = feature;
        format!("| `{name}` | {description} | {unit} | {} |\n", values(feature))
    };
    let rows: String = spec.features.iter().map(row).collect();
    format!("## Features\n\n| name | what | unit | values |\n|---|---|---|---|\n{rows}")
}

fn values(feature: &FeatureSpec) -> String {
    if feature.categories.is_empty() {
        let (low, high) = feature.plausible;
        return format!("{low} to {high} plausible");
    }
    let codes: Vec<String> = feature.categories.iter().map(|c| format!("{} {}", c.value, c.label)).collect();
    codes.join(", ")
}

fn encodings(spec: &ModelSpec) -> String {
    let mut text = String::new();
    let others = spec.encodings.iter().filter(|encoding| !encoding.mappings.is_empty());
    for encoding in others {
        text +=
            &format!("## Coding `{}`\n\n| feature | its code → the model's |\n|---|---|\n", encoding.name);
        for (index, feature) in (0..).zip(&spec.features) {
            let mappings = encoding.mappings.iter().filter(|mapping| mapping.0 == index);
            let codes: Vec<String> = mappings
                .map(|(_, from, to)| {
                    format!("{from} → {}", to.map_or("missing".to_owned(), |to| to.to_string()))
                })
                .collect();
            if !codes.is_empty() {
                text += &format!("| `{}` | {} |\n", feature.name, codes.join(", "));
            }
        }
    }
    text
}

fn reproduction(spec: &ModelSpec, metadata: &Metadata) -> String {
    let p = &metadata.provenance;
    format!(
        "## Making it again\n\n```sh\ncargo run -p trainer -- train heart --data {} --out models/{}.portent --seed {} \
         --date {}\n```\n\nThe same data, seed and date give the same bytes.\n",
        p.file, spec.app, p.seed, p.date
    )
}

fn bullets(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("- {line}\n")).collect()
}
