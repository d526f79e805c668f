//! What a scorer says of itself, held to the rules of its contract and written as an artefact that describes it.

use std::collections::BTreeSet;

use portent_event::{is_name, limits};
use portent_model::{
    CategorySpec, ClassSpec, FeatureKind, FeatureSpec, Interface, MissingPolicy, ModelSpec, Parameters,
};

use crate::limits::{CATEGORIES, LABEL_CHARACTERS};

/// A scorer's description, as `wit/portent.wit` has it.
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
    /// Codes and what they mean.
    pub categories: Vec<(f64, String)>,
    pub missing: Missing,
}

/// What to do where a value is missing.
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
    /// The artefact that describes the scorer: always the same bytes of the same description, so that its SHA-256
    /// names it.
    ///
    /// # Errors
    /// The first rule of the contract that the description breaks, and where.
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
            rule(is_name(text), || format!("{what} is not 1 to 64 characters a-z A-Z 0-9 . _ -"))?;
        }
        let (classes, features) = (self.classes.len(), self.features.len());
        rule((2..=limits::CLASSES).contains(&classes), || format!("{classes} classes are not 2 to 16"))?;
        rule((1..=limits::FEATURES).contains(&features), || format!("{features} features are not 1 to 256"))?;
        check_names("class", self.classes.iter())?;
        check_names("feature", self.features.iter().map(|feature| &feature.name))?;
        let positive = usize::try_from(self.positive_class).unwrap_or(usize::MAX);
        rule(positive < classes, || {
            format!("positive-class {positive} is not one of the {classes} classes")
        })?;
        let is_share = self.threshold.is_none_or(|threshold| threshold > 0.0 && threshold < 1.0);
        rule(is_share, || "threshold is not above 0 and below 1".to_owned())?;
        for feature in &self.features {
            feature.check().map_err(|rule| format!("feature {}: {rule}", feature.name))?;
        }
        Ok(())
    }
}

impl DescribedFeature {
    fn check(&self) -> Result<(), String> {
        let (least, greatest) = self.bounds();
        let bounds = [self.lower, self.upper].into_iter().flatten();
        rule(bounds.into_iter().all(f64::is_finite), || "a bound is not finite".to_owned())?;
        rule(least <= greatest, || "the lower bound is above the upper one".to_owned())?;
        rule(is_label(&self.unit), || format!("the unit is not up to {LABEL_CHARACTERS} characters"))?;
        let has_categories = !self.categories.is_empty();
        rule(has_categories == (self.kind == FeatureKind::Category), || {
            "a category has categories, and nothing else has".to_owned()
        })?;
        rule(self.categories.len() <= CATEGORIES, || format!("more than {CATEGORIES} categories"))?;
        for (index, (code, label)) in self.categories.iter().enumerate() {
            let category = |rule: &str| format!("category {index}: {rule}");
            rule(code.is_finite() && code.fract() == 0.0, || category("its code is not a whole number"))?;
            rule((least..=greatest).contains(code), || category("its code is outside the bounds"))?;
            let is_new = !self.categories.iter().take(index).any(|(other, _)| other == code);
            rule(is_new, || category("its code is used twice"))?;
            rule(is_label(label), || category("its label is not up to 64 characters"))?;
        }
        match self.missing {
            Missing::Impute(value) => rule(self.takes(value), || {
                "the imputed value is outside the bounds, or none of its kind".to_owned()
            }),
            Missing::Reject | Missing::Pass => Ok(()),
        }
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

fn rule(holds: bool, rule: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(rule()) }
}

fn check_names<'n>(what: &str, names: impl Iterator<Item = &'n String>) -> Result<(), String> {
    let mut known = BTreeSet::new();
    for (index, name) in names.enumerate() {
        rule(is_name(name), || {
            format!("the name of {what} {index} is not 1 to 64 characters a-z A-Z 0-9 . _ -")
        })?;
        rule(known.insert(name), || format!("{what} {name} is named twice"))?;
    }
    Ok(())
}

fn is_label(text: &str) -> bool {
    text.chars().count() <= LABEL_CHARACTERS && !text.chars().any(char::is_control)
}
