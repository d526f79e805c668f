//! The model card, in Markdown, after Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.

use std::fmt::Display;

use portent_event::time::Date;
use portent_model::{FeatureSpec, ModelSpec};

use crate::{Task, VERSION};

/// What a way of training says in its own words: Markdown below each heading.
pub(crate) struct Sections {
    pub(crate) quality: String,
    pub(crate) data: String,
    pub(crate) features: String,
    /// The command that makes the artefact again, and what makes the same bytes.
    pub(crate) command: String,
    pub(crate) same: &'static str,
}

/// The card of an artefact with this digest.
pub(crate) fn render(
    spec: &ModelSpec,
    task: &Task,
    date: Date,
    digest: impl Display,
    sections: &Sections,
) -> String {
    let Sections { quality, data, features, command, same } = sections;
    let sections = [
        heading(spec, task, date, digest),
        format!("## Intended use\n\n{}", bullets(task.intended_use)),
        format!("## Limits\n\n{}", bullets(task.limits)),
        format!("## Quality\n\n{quality}"),
        format!("## Data\n\n{data}"),
        format!("## Features\n\n{features}"),
        encodings(spec),
        format!("## Making it again\n\n```sh\n{command}\n```\n\n{same}\n"),
    ];
    sections.into_iter().filter(|section| !section.is_empty()).collect::<Vec<_>>().join("\n")
}

fn heading(spec: &ModelSpec, task: &Task, date: Date, digest: impl Display) -> String {
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
         | trained | {date}, trainer {VERSION} |\n",
        classes.join(", "),
        task.target,
    )
}

/// The values of a feature: its codes, or what is plausible.
pub(crate) fn values(feature: &FeatureSpec) -> String {
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

fn bullets(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("- {line}\n")).collect()
}
