//! The opened artefact.

use portent_event::{Digest, is_name, limits};

use crate::bytes::{Records, f64_at, index_at, u32_at};
use crate::format::{Algorithm, Section, size};
use crate::profile::{self, Profile};
use crate::schema::{Encoding, Feature};
use crate::score;
use crate::sections::Sections;
use crate::{ArtefactError, schema};

/// A model artefact, read in place: a handful of slices into the file.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    digest: Digest,
    pub(crate) algorithm: Algorithm,
    threshold: f64,
    positive_class: usize,
    pub(crate) texts: Texts<'a>,
    record: &'a [u8],
    pub(crate) features: Records<'a>,
    pub(crate) categories: Records<'a>,
    pub(crate) encodings: Records<'a>,
    pub(crate) mappings: Records<'a>,
    classes: Records<'a>,
    pub(crate) columns: Records<'a>,
    pub(crate) linear: Records<'a>,
    pub(crate) profiles: Records<'a>,
    pub(crate) profile_values: Records<'a>,
    self_check: Records<'a>,
    metadata: &'a str,
}

/// A class: what a row can be predicted as.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Class<'a> {
    /// Result name, as in labels and answers.
    pub name: &'a str,
    /// Share of the class in the training data, 0 to 1.
    pub share: f64,
}

/// A row with the score that the trainer computed for it.
#[derive(Clone, Debug, PartialEq)]
pub struct SelfCheckRow {
    /// Values in model order; NaN where missing.
    pub row: Vec<f64>,
    /// Expected score of the positive class.
    pub score: f64,
}

impl<'a> Model<'a> {
    /// Checks a whole artefact and returns views into it.
    ///
    /// # Errors
    /// [`ArtefactError`] names the first thing that is wrong. No input panics.
    pub fn open(file: &'a [u8]) -> Result<Self, ArtefactError> {
        let sections = Sections::open(file)?;
        let texts = Texts::open(sections.require(Section::Strings)?)?;
        let record = sections.require(Section::Model)?;
        if record.len() != size::MODEL {
            return Err(content(Section::Model, 0, "length is not that of a model record"));
        }
        let model = Self {
            digest: sections.digest(),
            algorithm: Algorithm::from_code(u32_at(record, 40)).ok_or(content(
                Section::Model,
                0,
                "unknown algorithm",
            ))?,
            threshold: f64_at(record, 48),
            positive_class: index_at(record, 44),
            texts,
            record,
            features: sections.records(Section::Features, size::FEATURE)?,
            categories: sections.records(Section::Categories, size::CATEGORY)?,
            encodings: sections.records(Section::Encodings, size::ENCODING)?,
            mappings: sections.records(Section::Mappings, size::MAPPING)?,
            classes: sections.records(Section::Classes, size::CLASS)?,
            columns: sections.records(Section::Columns, size::COLUMN)?,
            linear: sections.records(Section::Linear, size::VALUE)?,
            profiles: sections.records(Section::Profile, size::PROFILE)?,
            profile_values: sections.records(Section::ProfileValues, size::VALUE)?,
            self_check: sections.records(Section::SelfCheck, size::VALUE)?,
            metadata: std::str::from_utf8(sections.get(Section::Metadata))
                .map_err(|_| content(Section::Metadata, 0, "not UTF-8"))?,
        };
        model.check_record()?;
        model.check_classes()?;
        schema::check(&model)?;
        score::check(&model)?;
        profile::check(&model)?;
        model.check_self_check()?;
        Ok(model)
    }

    /// SHA-256 of the content, as the header states it; `verify_digest` compares.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Name of the model, as in answers and labels: `logistic_regression`.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.texts.at(self.record, 0)
    }

    /// Application that the model is made for; the default of the `app` label.
    #[must_use]
    pub fn app(&self) -> &'a str {
        self.texts.at(self.record, 8)
    }

    /// Version of the model.
    #[must_use]
    pub fn version(&self) -> &'a str {
        self.texts.at(self.record, 16)
    }

    /// Type of the model as its makers call it: `LogisticRegression`.
    #[must_use]
    pub fn model_type(&self) -> &'a str {
        self.texts.at(self.record, 24)
    }

    /// One sentence on what the model predicts.
    #[must_use]
    pub fn description(&self) -> &'a str {
        self.texts.at(self.record, 32)
    }

    /// How columns become a score.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Score from which a row is predicted as the positive class, between 0 and 1.
    #[must_use]
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Index of the class whose probability the score is.
    #[must_use]
    pub fn positive_class(&self) -> usize {
        self.positive_class
    }

    /// Features in model order.
    pub fn features(&self) -> impl ExactSizeIterator<Item = Feature<'a>> + use<'a> {
        let model = *self;
        self.features.iter().map(move |record| Feature::new(model, record))
    }

    /// Number of features: the width of a row.
    #[must_use]
    pub fn feature_count(&self) -> usize {
        self.features.len()
    }

    /// Classes in model order.
    pub fn classes(&self) -> impl ExactSizeIterator<Item = Class<'a>> + use<'a> {
        let texts = self.texts;
        self.classes.iter().map(move |record| Class { name: texts.at(record, 0), share: f64_at(record, 8) })
    }

    /// The class with this index.
    #[must_use]
    pub fn class(&self, index: usize) -> Option<Class<'a>> {
        self.classes().nth(index)
    }

    /// Other codings of the features that the service translates.
    pub fn encodings(&self) -> impl ExactSizeIterator<Item = Encoding<'a>> + use<'a> {
        let model = *self;
        self.encodings.iter().map(move |record| Encoding::new(model, record))
    }

    /// Reference profile of a feature.
    #[must_use]
    pub fn feature_profile(&self, feature: usize) -> Profile<'a> {
        Profile::new(self, if feature < self.feature_count() { feature } else { usize::MAX })
    }

    /// Reference profile of the score.
    #[must_use]
    pub fn score_profile(&self) -> Profile<'a> {
        Profile::new(self, self.feature_count())
    }

    /// Provenance, quality and notes as JSON text; empty if the file has none.
    #[must_use]
    pub fn metadata(&self) -> &'a str {
        self.metadata
    }

    /// The self-check rows with their expected scores.
    pub fn self_check_rows(&self) -> impl Iterator<Item = SelfCheckRow> + use<'a> {
        let (values, width) = (self.self_check, self.feature_count() + 1);
        (0..values.len() / width).map(move |row| {
            let value = |column| f64_at(values.get(row * width + column), 0);
            SelfCheckRow { row: (0..width - 1).map(value).collect(), score: value(width - 1) }
        })
    }

    fn check_record(&self) -> Result<(), ArtefactError> {
        let rule = |holds: bool, rule| if holds { Ok(()) } else { Err(content(Section::Model, 0, rule)) };
        rule((0..5).all(|text| self.texts.contains(self.record, text * 8)), "text out of bounds")?;
        rule(is_name(self.name()) && is_name(self.app()), "name or app is not a name")?;
        rule(is_name(self.version()) && is_name(self.model_type()), "version or type is not a name")?;
        rule(self.threshold > 0.0 && self.threshold < 1.0, "threshold is not between 0 and 1")?;
        rule(self.positive_class < self.classes.len(), "positive class does not exist")
    }

    fn check_classes(&self) -> Result<(), ArtefactError> {
        if self.classes.len() < 2 || self.classes.len() > limits::CLASSES {
            return Err(content(Section::Classes, 0, "number of classes is not 2 to 16"));
        }
        for (record, number) in self.classes.iter().zip(0..) {
            let rule = |rule| Err(content(Section::Classes, number, rule));
            if !self.texts.contains(record, 0) || !is_name(self.texts.at(record, 0)) {
                return rule("name is not a name");
            }
            if !(0.0..=1.0).contains(&f64_at(record, 8)) {
                return rule("share is not between 0 and 1");
            }
            if self.classes().take(number as usize).any(|class| class.name == self.texts.at(record, 0)) {
                return rule("name is used twice");
            }
        }
        Ok(())
    }

    fn check_self_check(&self) -> Result<(), ArtefactError> {
        let fits = self.self_check.len().is_multiple_of(self.feature_count() + 1);
        let scores = || self.self_check_rows().map(|row| row.score);
        if fits && scores().all(|score| (0.0..=1.0).contains(&score)) {
            Ok(())
        } else {
            Err(content(Section::SelfCheck, 0, "not rows of one value a feature and a score"))
        }
    }
}

/// All texts of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Texts<'a>(&'a str);

impl<'a> Texts<'a> {
    fn open(bytes: &'a [u8]) -> Result<Self, ArtefactError> {
        std::str::from_utf8(bytes).map(Self).map_err(|_| content(Section::Strings, 0, "not UTF-8"))
    }

    /// The text whose offset and length (u32 each) stand at `at`.
    pub(crate) fn at(self, record: &[u8], at: usize) -> &'a str {
        self.find(record, at).unwrap_or_default()
    }

    pub(crate) fn contains(self, record: &[u8], at: usize) -> bool {
        self.find(record, at).is_some()
    }

    fn find(self, record: &[u8], at: usize) -> Option<&'a str> {
        let (start, length) = (index_at(record, at), index_at(record, at + 4));
        self.0.get(start..start.checked_add(length)?)
    }
}

/// Shorthand for the error that most checks return.
pub(crate) fn content(section: Section, record: u32, rule: &'static str) -> ArtefactError {
    ArtefactError::Content { section, record, rule }
}
