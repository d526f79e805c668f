//! A scorer's description: checked by the rules of its contract, and written as an artefact.

use std::collections::BTreeSet;

use portent_event::{is_name, limits};
use portent_model::{
    CategorySpec, ClassSpec, FeatureKind, FeatureSpec, Interface, MissingPolicy, ModelSpec, Parameters,
};

use crate::limits::{CATEGORIES, LABEL_CHARACTERS};

/// The form of names, for errors.
const NAME: &str = "1 to 64 characters a-z A-Z 0-9 . _ -";

/// A scorer's description, as in `wit/portent.wit`.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct Description {
    pub name: String,
    pub version: String,
    pub model_type: String,
    pub features: Vec<DescribedFeature>,
    pub classes: Vec<String>,
    pub positive_class: u32,
    pub threshold: Option<f64>,
    pub explains: bool,
}

/// A feature of a [`Description`].
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the contract documents them")]
pub struct DescribedFeature {
    pub name: String,
    pub unit: String,
    pub kind: FeatureKind,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
    /// Codes and their meanings.
    pub categories: Vec<(f64, String)>,
    pub missing: Missing,
}

/// The treatment of a missing value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Missing {
    /// Refuse the row.
    Reject,
    /// Use this value.
    Impute(f64),
    /// Hand a NaN to the scorer.
    Pass,
}

impl Description {
    /// The artefact that describes the scorer. The same description gives the same bytes, so its SHA-256 identifies it.
    ///
    /// # Errors
    /// The first rule of the contract that the description breaks, and its place.
    pub fn to_artefact(&self) -> Result<Vec<u8>, String> {
        self.check()?;
        let spec = ModelSpec {
            name: self.name.clone(),
            app: self.name.clone(),
            version: self.version.clone(),
            model_type: self.model_type.clone(),
            description: format!("{} of a component", self.model_type),
            threshold: self.threshold.unwrap_or(f64::NAN),
            positive_class: self.positive_class,
            features: self.features.iter().map(DescribedFeature::spec).collect(),
            encodings: Vec::new(),
            classes: self.classes.iter().map(|name| ClassSpec { name: name.clone(), share: 0.0 }).collect(),
            parameters: Parameters::Imported { explains: self.explains },
            profiles: Vec::new(),
            self_check: Vec::new(),
            metadata: String::new(),
            interface: Interface::default(),
            derivations: Vec::new(),
        };
        spec.to_bytes().map_err(|error| error.to_string())
    }

    fn check(&self) -> Result<(), String> {
        for (what, text) in
            [("name", &self.name), ("version", &self.version), ("model-type", &self.model_type)]
        {
            rule(is_name(text), format!("{what} is not {NAME}"))?;
        }
        let (classes, features) = (self.classes.len(), self.features.len());
        rule((2..=limits::CLASSES).contains(&classes), format!("{classes} classes are not 2 to 16"))?;
        rule((1..=limits::FEATURES).contains(&features), format!("{features} features are not 1 to 256"))?;
        check_names("class", self.classes.iter())?;
        check_names("feature", self.features.iter().map(|feature| &feature.name))?;
        let positive = self.positive_class;
        let is_class = (0..classes).any(|class| u32::try_from(class) == Ok(positive));
        rule(is_class, format!("positive-class {positive} is not one of the {classes} classes"))?;
        let is_share = self.threshold.is_none_or(|threshold| threshold > 0.0 && threshold < 1.0);
        rule(is_share, "threshold is not above 0 and below 1")?;
        let mut checks = self.features.iter().map(|feature| (&feature.name, feature.check()));
        checks.try_for_each(|(name, check)| check.map_err(|rule| format!("feature {name}: {rule}")))
    }
}

impl DescribedFeature {
    fn check(&self) -> Result<(), String> {
        let (least, greatest) = self.bounds();
        let is_finite = [self.lower, self.upper].into_iter().flatten().all(f64::is_finite);
        rule(is_finite, "a bound is not finite")?;
        rule(least <= greatest, "the lower bound is above the upper one")?;
        rule(is_label(&self.unit), format!("the unit is not up to {LABEL_CHARACTERS} characters"))?;
        let fits_kind = self.categories.is_empty() == (self.kind != FeatureKind::Category);
        rule(fits_kind, "a category has categories, and nothing else has")?;
        rule(self.categories.len() <= CATEGORIES, format!("more than {CATEGORIES} categories"))?;
        for (index, (code, label)) in self.categories.iter().enumerate() {
            let is_new = !self.categories.iter().take(index).any(|(other, _)| other == code);
            for (holds, text) in [
                (code.is_finite() && code.fract() == 0.0, "its code is not a whole number"),
                ((least..=greatest).contains(code), "its code is outside the bounds"),
                (is_new, "its code is used twice"),
                (is_label(label), "its label is not up to 64 characters"),
            ] {
                rule(holds, format!("category {index}: {text}"))?;
            }
        }
        let imputes = if let Missing::Impute(value) = self.missing { self.takes(value) } else { true };
        rule(imputes, "the imputed value is outside the bounds, or none of its kind")
    }

    fn takes(&self, value: f64) -> bool {
        let (least, greatest) = self.bounds();
        let is_whole = self.kind == FeatureKind::Number || value.fract() == 0.0;
        value.is_finite() && is_whole && (least..=greatest).contains(&value)
    }

    fn bounds(&self) -> (f64, f64) {
        (self.lower.unwrap_or(f64::NEG_INFINITY), self.upper.unwrap_or(f64::INFINITY))
    }

    fn spec(&self) -> FeatureSpec {
        let (lower, upper) = self.bounds();
        let category = |(value, label): &(f64, String)| CategorySpec { value: *value, label: label.clone() };
        let mut categories: Vec<_> = self.categories.iter().map(category).collect();
        categories.sort_by(|one, other| one.value.total_cmp(&other.value));
        let (missing, imputed) = match self.missing {
            Missing::Reject => (MissingPolicy::Reject, 0.0),
            Missing::Impute(value) => (MissingPolicy::Impute, value),
            Missing::Pass => (MissingPolicy::Pass, 0.0),
        };
        FeatureSpec {
            name: self.name.clone(),
            unit: self.unit.clone(),
            description: String::new(),
            kind: self.kind,
            missing,
            lower,
            upper,
            plausible: (lower, upper),
            imputed,
            categories,
        }
    }
}

fn rule(holds: bool, rule: impl Into<String>) -> Result<(), String> {
    if holds { Ok(()) } else { Err(rule.into()) }
}

fn check_names<'n>(what: &str, names: impl Iterator<Item = &'n String>) -> Result<(), String> {
    let mut known = BTreeSet::new();
    for (index, name) in names.enumerate() {
        rule(is_name(name), format!("the name of {what} {index} is not {NAME}"))?;
        rule(known.insert(name), format!("{what} {name} is named twice"))?;
    }
    Ok(())
}

fn is_label(text: &str) -> bool {
    text.chars().count() <= LABEL_CHARACTERS && !text.chars().any(char::is_control)
}
