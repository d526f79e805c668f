//! What is in an artefact, and whether it holds together.

use portent_model::{ArtefactError, Feature, FeatureKind, Model, Profile, SelfCheckError};
use serde_json::{Value, json};

/// Why an artefact must not be used.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum InspectError {
    /// It cannot be read, or its SHA-256 is not the one it states.
    #[error(transparent)]
    Artefact(#[from] ArtefactError),
    /// It does not score as its maker said.
    #[error(transparent)]
    SelfCheck(#[from] SelfCheckError),
}

/// An artefact that has passed every check.
#[derive(Clone, Copy, Debug)]
pub struct Inspected<'a> {
    model: Model<'a>,
    bytes: usize,
    self_check_rows: usize,
}

impl<'a> Inspected<'a> {
    /// Reads an artefact, compares its SHA-256 and replays its self-check.
    ///
    /// # Errors
    /// [`InspectError`] for the first thing that is wrong.
    pub fn open(file: &'a [u8]) -> Result<Self, InspectError> {
        let model = Model::open(file)?;
        model.verify_digest(file)?;
        Ok(Self { model, bytes: file.len(), self_check_rows: model.self_check()? })
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> Model<'a> {
        self.model
    }

    /// Everything, for programs.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let model = self.model;
        let metadata = serde_json::from_str(model.metadata()).unwrap_or(Value::Null);
        json!({
            "name": model.name(),
            "app": model.app(),
            "version": model.version(),
            "model_type": model.model_type(),
            "description": model.description(),
            "sha256": model.digest().to_string(),
            "bytes": self.bytes,
            "algorithm": format!("{:?}", model.algorithm()),
            "threshold": model.threshold(),
            "positive_class": model.positive_class(),
            "classes": model.classes().map(|c| json!({"name": c.name, "share": c.share})).collect::<Value>(),
            "features": model.features().map(|feature| feature_json(&feature)).collect::<Value>(),
            "feature_profiles": (0..model.feature_count())
                .map(|feature| profile_json(model.feature_profile(feature))).collect::<Value>(),
            "score_profile": profile_json(model.score_profile()),
            "computed_features": (0..model.feature_count()).filter(|feature| model.is_derived(*feature)).collect::<Value>(),
            "encodings": model.encodings().map(|encoding| encoding.name()).collect::<Value>(),
            "self_check_rows": self.self_check_rows,
            "metadata": metadata,
        })
    }

    /// A summary, for people.
    #[must_use]
    pub fn to_text(&self) -> String {
        let model = self.model;
        let mut lines = vec![
            format!("{} {} ({}) for {}", model.name(), model.version(), model.model_type(), model.app()),
            model.description().to_owned(),
            String::new(),
            format!("SHA-256     {} (verified)", model.digest()),
            format!("size        {} bytes", self.bytes),
            format!("self-check  {} rows score as expected", self.self_check_rows),
            format!("threshold   {}", model.threshold()),
        ];
        lines.extend(model.classes().enumerate().map(|(index, class)| {
            let mark = if index == model.positive_class() { ", positive" } else { "" };
            format!(
                "class {index}     {} ({:.1} % of the training rows{mark})",
                class.name,
                100.0 * class.share
            )
        }));
        lines.extend(model.encodings().map(|encoding| format!("coding      {}", encoding.name())));
        lines.extend([String::new(), "features".to_owned()]);
        lines.extend(model.features().enumerate().map(|(index, feature)| {
            feature_line(&feature, model.feature_profile(index).bin_count(), model.is_derived(index))
        }));
        lines.extend([String::new(), "metadata".to_owned()]);
        flatten("", &serde_json::from_str(model.metadata()).unwrap_or(Value::Null), &mut lines);
        lines.join("\n") + "\n"
    }
}

fn feature_json(feature: &Feature<'_>) -> Value {
    let (low, high) = feature.plausible_range();
    let finite = |value: f64| value.is_finite().then_some(value);
    json!({
        "name": feature.name(),
        "unit": feature.unit(),
        "description": feature.description(),
        "kind": format!("{:?}", feature.kind()),
        "missing": format!("{:?}", feature.missing()),
        "lower": finite(feature.lower()),
        "upper": finite(feature.upper()),
        "plausible": [low, high],
        "imputed": feature.imputed(),
        "categories": feature.categories()
            .map(|category| json!({"value": category.value, "label": category.label})).collect::<Value>(),
    })
}

fn profile_json(profile: Profile<'_>) -> Value {
    json!({ "edges": profile.edges().collect::<Value>(), "shares": profile.shares().collect::<Value>() })
}

fn feature_line(feature: &Feature<'_>, bins: usize, derived: bool) -> String {
    let derived = if derived { "; computed" } else { "" };
    let values = match feature.kind() {
        FeatureKind::Category => {
            let codes = feature.categories().map(|category| format!("{} {}", category.value, category.label));
            codes.collect::<Vec<_>>().join(", ")
        }
        FeatureKind::Number => format!("number {}", range(feature)).trim_end().to_owned(),
        FeatureKind::Integer => format!("whole number {}", range(feature)),
    };
    format!("  {:<10} {:<10} {values}; {bins} reference bins{}", feature.name(), feature.unit(), derived)
}

fn range(feature: &Feature<'_>) -> String {
    match (feature.lower(), feature.upper()) {
        (f64::NEG_INFINITY, f64::INFINITY) => String::new(),
        (lower, f64::INFINITY) => format!("from {lower}"),
        (lower, upper) => format!("{lower} to {upper}"),
    }
}

/// One line a value: `  provenance.seed: 42`.
fn flatten(path: &str, value: &Value, lines: &mut Vec<String>) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| flatten(&below(key), value, lines)),
        Value::Array(items) => items.iter().for_each(|item| flatten(path, item, lines)),
        Value::String(text) => lines.push(format!("  {path}: {text}")),
        Value::Null | Value::Bool(_) | Value::Number(_) => lines.push(format!("  {path}: {value}")),
    }
}
