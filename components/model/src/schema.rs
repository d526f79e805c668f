//! Features, their categories and the codings they come in.

use portent_event::{is_name, limits};

use crate::bytes::{Records, f64_at, index_at, u32_at};
use crate::codes::{FeatureKind, MissingPolicy};
use crate::format::Section;
use crate::model::content;
use crate::texts::Texts;
use crate::{ArtefactError, Model};

/// A feature: one value of a row.
#[derive(Clone, Copy, Debug)]
pub struct Feature<'a> {
    texts: Texts<'a>,
    categories: Records<'a>,
    record: &'a [u8],
}

/// A value that a categorical feature takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Category<'a> {
    /// The code.
    pub value: f64,
    /// What it means.
    pub label: &'a str,
}

/// A coding of the features: the model's own, which has no mappings and comes first, or another one, such as
/// that of a popular copy of the data.
#[derive(Clone, Copy, Debug)]
pub struct Encoding<'a> {
    texts: Texts<'a>,
    mappings: Records<'a>,
    record: &'a [u8],
}

/// One translation of an [`Encoding`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mapping {
    /// Index of the feature.
    pub feature: usize,
    /// Code in the other coding.
    pub from: f64,
    /// Code that the model knows; `None` where the other coding means "missing".
    pub to: Option<f64>,
}

/// What a code of another coding stands for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Recoded {
    /// The feature is not part of the coding: the value stands as it is.
    Same,
    /// The model's code.
    To(f64),
    /// The coding's way of saying that the value is missing.
    Missing,
    /// Not a code of the coding.
    Unknown,
}

impl<'a> Feature<'a> {
    pub(crate) fn new(texts: Texts<'a>, categories: Records<'a>, record: &'a [u8]) -> Self {
        Self { texts, categories, record }
    }

    /// Name, as in requests.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.texts.at(self.record, 0)
    }

    /// Unit; empty for codes and counts.
    #[must_use]
    pub fn unit(&self) -> &'a str {
        self.texts.at(self.record, 8)
    }

    /// One phrase on what it is.
    #[must_use]
    pub fn description(&self) -> &'a str {
        self.texts.at(self.record, 16)
    }

    /// Kind of value.
    #[must_use]
    pub fn kind(&self) -> FeatureKind {
        FeatureKind::from_code(u32_at(self.record, 24)).unwrap_or(FeatureKind::Number)
    }

    /// What to do where it is missing.
    #[must_use]
    pub fn missing(&self) -> MissingPolicy {
        MissingPolicy::from_code(u32_at(self.record, 28)).unwrap_or(MissingPolicy::Reject)
    }

    /// Least value accepted; `-∞` if there is none.
    #[must_use]
    pub fn lower(&self) -> f64 {
        f64_at(self.record, 32)
    }

    /// Greatest value accepted; `∞` if there is none.
    #[must_use]
    pub fn upper(&self) -> f64 {
        f64_at(self.record, 40)
    }

    /// Whether an accepted value is one that the training data makes plausible: inside the plausible range
    /// and, for a category, a known code. What is not is counted, never refused.
    #[must_use]
    pub fn is_plausible(&self, value: f64) -> bool {
        let (low, high) = self.plausible_range();
        (low..=high).contains(&value)
            && (self.kind() != FeatureKind::Category || self.codes().any(|code| code == value))
    }

    /// The plausible range, ends included.
    #[must_use]
    pub fn plausible_range(&self) -> (f64, f64) {
        (f64_at(self.record, 48), f64_at(self.record, 56))
    }

    /// Value used where the policy is to impute.
    #[must_use]
    pub fn imputed(&self) -> f64 {
        f64_at(self.record, 64)
    }

    /// Values of [`Self::categories`].
    pub fn codes(&self) -> impl Iterator<Item = f64> + use<'a> {
        let (start, count) = (index_at(self.record, 72), index_at(self.record, 76));
        self.categories.range(start, count).iter().map(|record| f64_at(record, 0))
    }

    /// Known codes of a categorical feature, in ascending order.
    pub fn categories(&self) -> impl Iterator<Item = Category<'a>> + use<'a> {
        let (texts, records, start) = (self.texts, self.categories, index_at(self.record, 72));
        (start..start.saturating_add(index_at(self.record, 76))).map(move |index| {
            let record = records.get(index);
            Category { value: f64_at(record, 0), label: texts.at(record, 8) }
        })
    }
}

impl<'a> Encoding<'a> {
    pub(crate) fn new(texts: Texts<'a>, mappings: Records<'a>, record: &'a [u8]) -> Self {
        Self { texts, mappings, record }
    }

    /// Name, as in requests.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.texts.at(self.record, 0)
    }

    /// All translations.
    pub fn mappings(&self) -> impl Iterator<Item = Mapping> + use<'a> {
        let (records, start) = (self.mappings, index_at(self.record, 8));
        (start..start.saturating_add(index_at(self.record, 12))).map(move |index| {
            let record = records.get(index);
            let to = f64_at(record, 16);
            Mapping {
                feature: index_at(record, 0),
                from: f64_at(record, 8),
                to: (!to.is_nan()).then_some(to),
            }
        })
    }

    /// What `value` of `feature` stands for in this coding.
    #[must_use]
    pub fn recode(&self, feature: usize, value: f64) -> Recoded {
        let mut recoded = Recoded::Same;
        for mapping in self.mappings().filter(|mapping| mapping.feature == feature) {
            if mapping.from == value {
                return mapping.to.map_or(Recoded::Missing, Recoded::To);
            }
            recoded = Recoded::Unknown;
        }
        recoded
    }
}

pub(crate) fn check(model: &Model<'_>) -> Result<(), ArtefactError> {
    if model.features.len() == 0 || model.features.len() > limits::FEATURES {
        return Err(content(Section::Features, 0, "number of features is not 1 to 256"));
    }
    for (record, number) in model.features.iter().zip(0..) {
        check_feature(model, record).map_err(|rule| content(Section::Features, number, rule))?;
        let name = model.texts.at(record, 0);
        if model.features().take(number as usize).any(|feature| feature.name() == name) {
            return Err(content(Section::Features, number, "name is used twice"));
        }
    }
    for (record, number) in model.categories.iter().zip(0..) {
        if !model.texts.contains(record, 8) || !f64_at(record, 0).is_finite() {
            return Err(content(Section::Categories, number, "code or label is invalid"));
        }
    }
    for (record, number) in model.encodings.iter().zip(0..) {
        let end = index_at(record, 8).checked_add(index_at(record, 12));
        if !is_name(model.texts.at(record, 0)) || end.is_none_or(|end| end > model.mappings.len()) {
            return Err(content(Section::Encodings, number, "name or range of mappings is invalid"));
        }
    }
    for (record, number) in model.mappings.iter().zip(0..) {
        let target = f64_at(record, 16);
        let valid = index_at(record, 0) < model.features.len()
            && f64_at(record, 8).is_finite()
            && (target.is_nan() || target.is_finite());
        if !valid {
            return Err(content(Section::Mappings, number, "feature or code is invalid"));
        }
    }
    Ok(())
}

fn check_feature(model: &Model<'_>, record: &[u8]) -> Result<(), &'static str> {
    let rule = |holds: bool, rule| if holds { Ok(()) } else { Err(rule) };
    let feature = Feature::new(model.texts, model.categories, record);
    let (low, high) = feature.plausible_range();
    let categories_end = index_at(record, 72).checked_add(index_at(record, 76));
    rule((0..3).all(|text| model.texts.contains(record, text * 8)), "text out of bounds")?;
    rule(is_name(feature.name()), "name is not a name")?;
    rule(FeatureKind::from_code(u32_at(record, 24)).is_some(), "unknown kind")?;
    rule(MissingPolicy::from_code(u32_at(record, 28)).is_some(), "unknown missing-value policy")?;
    rule(feature.lower() <= feature.upper(), "lower bound is not below the upper one")?;
    rule(low <= high, "plausible range is empty")?;
    rule(feature.imputed().is_finite(), "imputed value is not finite")?;
    rule(categories_end.is_some_and(|end| end <= model.categories.len()), "categories out of bounds")?;
    rule(
        feature.kind() != FeatureKind::Category || index_at(record, 76) > 0,
        "a categorical feature without categories",
    )
}
