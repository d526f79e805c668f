//! Features, their categories and codings, and classes.

use portent_event::{is_name, limits};

use crate::error::{ArtefactError, check};
use crate::format::{FeatureKind, MissingPolicy, Section, size};
use crate::sections::{Records, Sections, Texts, f64_at, index_at, u32_at};

/// What goes into a model and what comes out of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schema<'a> {
    texts: Texts<'a>,
    pub(crate) features: Records<'a>,
    categories: Records<'a>,
    encodings: Records<'a>,
    mappings: Records<'a>,
    classes: Records<'a>,
}

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

/// A coding of the features. The model's own comes first and has no mappings. Another one is, for example, that of
/// a popular copy of the data.
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
    /// Code that the model knows; `None` if the other coding means "missing".
    pub to: Option<f64>,
}

/// The meaning of a code of another coding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Recoded {
    /// The feature is not part of the coding: the value remains.
    Same,
    /// The model's code.
    To(f64),
    /// The code that means that the value is missing.
    Missing,
    /// Not a code of the coding.
    Unknown,
}

/// A result that a row can be predicted as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Class<'a> {
    /// Name, as in labels and responses.
    pub name: &'a str,
    /// Share of the class in the training data, 0 to 1.
    pub share: f64,
}

impl<'a> Schema<'a> {
    pub(crate) fn open(sections: &Sections<'a>, texts: Texts<'a>) -> Result<Self, ArtefactError> {
        let schema = Self {
            texts,
            features: sections.records(Section::Features, size::FEATURE)?,
            categories: sections.records(Section::Categories, size::CATEGORY)?,
            encodings: sections.records(Section::Encodings, size::ENCODING)?,
            mappings: sections.records(Section::Mappings, size::MAPPING)?,
            classes: sections.records(Section::Classes, size::CLASS)?,
        };
        schema.check_classes()?;
        schema.check_features()?;
        schema.check_codings()?;
        Ok(schema)
    }

    pub(crate) fn features(&self) -> impl ExactSizeIterator<Item = Feature<'a>> + use<'a> {
        let Self { texts, categories, .. } = *self;
        self.features.iter().map(move |record| Feature { texts, categories, record })
    }

    pub(crate) fn encodings(&self) -> impl ExactSizeIterator<Item = Encoding<'a>> + use<'a> {
        let Self { texts, mappings, .. } = *self;
        self.encodings.iter().map(move |record| Encoding { texts, mappings, record })
    }

    pub(crate) fn classes(&self) -> impl ExactSizeIterator<Item = Class<'a>> + use<'a> {
        let texts = self.texts;
        self.classes.iter().map(move |record| Class { name: texts.at(record, 0), share: f64_at(record, 8) })
    }

    fn check_classes(&self) -> Result<(), ArtefactError> {
        let in_limits = (2..=limits::CLASSES).contains(&self.classes.len());
        check(in_limits, Section::Classes, 0, "number of classes is not 2 to 16")?;
        for (class, number) in self.classes().zip(0..) {
            let rule = |holds, rule| check(holds, Section::Classes, number, rule);
            rule(is_name(class.name), "name is not a name")?;
            rule((0.0..=1.0).contains(&class.share), "share is not between 0 and 1")?;
            let mut before = self.classes().take(number as usize);
            rule(before.all(|other| other.name != class.name), "name is used twice")?;
        }
        Ok(())
    }

    fn check_features(&self) -> Result<(), ArtefactError> {
        let (count, categories) = (self.features.len(), self.categories.len());
        let in_limits = (1..=limits::FEATURES).contains(&count);
        check(in_limits, Section::Features, 0, "number of features is not 1 to 256")?;
        for (feature, number) in self.features().zip(0..) {
            let rule = |holds, rule| check(holds, Section::Features, number, rule);
            let record = feature.record;
            let (low, high) = feature.plausible_range();
            let end = index_at(record, 72).checked_add(index_at(record, 76));
            rule((0..3).all(|text| self.texts.contains(record, text * 8)), "text out of bounds")?;
            rule(is_name(feature.name()), "name is not a name")?;
            rule(FeatureKind::from_code(u32_at(record, 24)).is_some(), "unknown kind")?;
            rule(MissingPolicy::from_code(u32_at(record, 28)).is_some(), "unknown missing-value policy")?;
            rule(feature.lower() <= feature.upper(), "lower bound is not below the upper one")?;
            rule(low <= high, "plausible range is empty")?;
            rule(feature.imputed().is_finite(), "imputed value is not finite")?;
            rule(end.is_some_and(|end| end <= categories), "categories out of bounds")?;
            let has_codes = feature.kind() != FeatureKind::Category || index_at(record, 76) > 0;
            rule(has_codes, "a categorical feature without categories")?;
            let mut before = self.features().take(number as usize);
            rule(before.all(|other| other.name() != feature.name()), "name is used twice")?;
        }
        Ok(())
    }

    fn check_codings(&self) -> Result<(), ArtefactError> {
        for (record, number) in self.categories.iter().zip(0..) {
            let valid = self.texts.contains(record, 8) && f64_at(record, 0).is_finite();
            check(valid, Section::Categories, number, "code or label is invalid")?;
        }
        for (record, number) in self.encodings.iter().zip(0..) {
            let end = index_at(record, 8).checked_add(index_at(record, 12));
            let valid =
                is_name(self.texts.at(record, 0)) && end.is_some_and(|end| end <= self.mappings.len());
            check(valid, Section::Encodings, number, "name or range of mappings is invalid")?;
        }
        for (record, number) in self.mappings.iter().zip(0..) {
            let target = f64_at(record, 16);
            let valid = index_at(record, 0) < self.features.len()
                && f64_at(record, 8).is_finite()
                && (target.is_nan() || target.is_finite());
            check(valid, Section::Mappings, number, "feature or code is invalid")?;
        }
        Ok(())
    }
}

impl<'a> Feature<'a> {
    /// Name, as in requests.
    pub fn name(&self) -> &'a str {
        self.texts.at(self.record, 0)
    }

    /// Unit; empty for codes and counts.
    pub fn unit(&self) -> &'a str {
        self.texts.at(self.record, 8)
    }

    /// One phrase on its meaning.
    pub fn description(&self) -> &'a str {
        self.texts.at(self.record, 16)
    }

    /// Kind of value.
    pub fn kind(&self) -> FeatureKind {
        FeatureKind::from_code(u32_at(self.record, 24)).unwrap_or(FeatureKind::Number)
    }

    /// What to do if it is missing.
    pub fn missing(&self) -> MissingPolicy {
        MissingPolicy::from_code(u32_at(self.record, 28)).unwrap_or(MissingPolicy::Reject)
    }

    /// Least value accepted; `-∞` if there is none.
    pub fn lower(&self) -> f64 {
        f64_at(self.record, 32)
    }

    /// Greatest value accepted; `∞` if there is none.
    pub fn upper(&self) -> f64 {
        f64_at(self.record, 40)
    }

    /// Whether the training data makes an accepted value plausible: it is inside the plausible range and, for a
    /// category, a known code. Other values are counted, never refused.
    pub fn is_plausible(&self, value: f64) -> bool {
        let (low, high) = self.plausible_range();
        (low..=high).contains(&value)
            && (self.kind() != FeatureKind::Category || self.codes().any(|code| code == value))
    }

    /// The plausible range, ends included.
    pub fn plausible_range(&self) -> (f64, f64) {
        (f64_at(self.record, 48), f64_at(self.record, 56))
    }

    /// Value used if the policy is to impute.
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
        let (texts, start, count) = (self.texts, index_at(self.record, 72), index_at(self.record, 76));
        let category = move |record| Category { value: f64_at(record, 0), label: texts.at(record, 8) };
        self.categories.range(start, count).iter().map(category)
    }
}

impl<'a> Encoding<'a> {
    /// Name, as in requests.
    pub fn name(&self) -> &'a str {
        self.texts.at(self.record, 0)
    }

    /// All translations.
    pub fn mappings(&self) -> impl Iterator<Item = Mapping> + use<'a> {
        self.mappings.range(index_at(self.record, 8), index_at(self.record, 12)).iter().map(|record| {
            let to = f64_at(record, 16);
            Mapping {
                feature: index_at(record, 0),
                from: f64_at(record, 8),
                to: (!to.is_nan()).then_some(to),
            }
        })
    }

    /// The meaning of `value` of `feature` in this coding.
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
