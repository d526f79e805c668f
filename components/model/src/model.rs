//! The opened artefact.

use portent_event::Digest;

use crate::bytes::{Records, f64_at, index_at, u32_at};
use crate::codes::Algorithm;
use crate::format::{Section, size};
use crate::profile::Profile;
use crate::schema::{Encoding, Feature};
use crate::score::Scorer;
use crate::sections::{Checking, Sections};
use crate::texts::Texts;
use crate::{ArtefactError, Derivation, Interface};

mod check;

/// A model artefact, read in place: a handful of slices into the file.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    digest: Digest,
    pub(crate) algorithm: Algorithm,
    pub(crate) scorer: Scorer<'a>,
    interface: Interface<'a>,
    threshold: f64,
    positive_class: usize,
    pub(crate) texts: Texts<'a>,
    record: &'a [u8],
    pub(crate) features: Records<'a>,
    pub(crate) categories: Records<'a>,
    pub(crate) encodings: Records<'a>,
    pub(crate) mappings: Records<'a>,
    classes: Records<'a>,
    pub(crate) derivations: Records<'a>,
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
        Self::open_with(file, Checking::Whole)
    }

    /// Opens bytes that [`Model::open`] has accepted before, such as those that a build embeds: passes over the
    /// checksum and the nodes of trees, so that it takes no time that grows with them.
    ///
    /// # Errors
    /// [`ArtefactError`] as for [`Model::open`]. No input panics, here or on scoring, but bytes that have not
    /// been accepted before may give scores without meaning.
    pub fn open_verified(file: &'a [u8]) -> Result<Self, ArtefactError> {
        Self::open_with(file, Checking::Frame)
    }

    fn open_with(file: &'a [u8], checking: Checking) -> Result<Self, ArtefactError> {
        let sections = Sections::open(file, checking)?;
        let texts = Texts::open(sections.require(Section::Strings)?)?;
        let record = sections.require(Section::Model)?;
        if record.len() != size::MODEL {
            return Err(content(Section::Model, 0, "length is not that of a model record"));
        }
        let unknown = content(Section::Model, 0, "unknown algorithm");
        let algorithm = Algorithm::from_code(u32_at(record, 40)).ok_or(unknown)?;
        let model = Self {
            digest: sections.digest(),
            algorithm,
            scorer: Scorer::open(algorithm, &sections)?,
            interface: Interface::open(&sections, texts)?,
            threshold: f64_at(record, 48),
            positive_class: index_at(record, 44),
            texts,
            record,
            features: sections.records(Section::Features, size::FEATURE)?,
            categories: sections.records(Section::Categories, size::CATEGORY)?,
            encodings: sections.records(Section::Encodings, size::ENCODING)?,
            mappings: sections.records(Section::Mappings, size::MAPPING)?,
            classes: sections.records(Section::Classes, size::CLASS)?,
            derivations: sections.records(Section::Derivations, size::DERIVATION)?,
            profiles: sections.records(Section::Profile, size::PROFILE)?,
            profile_values: sections.records(Section::ProfileValues, size::VALUE)?,
            self_check: sections.records(Section::SelfCheck, size::VALUE)?,
            metadata: std::str::from_utf8(sections.get(Section::Metadata))
                .map_err(|_| content(Section::Metadata, 0, "not UTF-8"))?,
        };
        model.check(checking)?;
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

    /// Score from which a row is predicted as the positive class, between 0 and 1; NaN where the greatest score decides,
    /// which only a component that scores may say.
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
        let (texts, categories) = (self.texts, self.categories);
        self.features.iter().map(move |record| Feature::new(texts, categories, record))
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
        let (texts, mappings) = (self.texts, self.mappings);
        self.encodings.iter().map(move |record| Encoding::new(texts, mappings, record))
    }

    /// The form of the application's requests and answers.
    #[must_use]
    pub fn interface(&self) -> Interface<'a> {
        self.interface
    }

    /// Features that are computed from others, and how.
    pub fn derivations(&self) -> impl ExactSizeIterator<Item = Derivation> + use<'a> {
        self.derivations.iter().map(Derivation::new)
    }

    /// Whether a feature is computed from others.
    #[must_use]
    pub fn is_derived(&self, feature: usize) -> bool {
        self.derivations().any(|derivation| derivation.feature == feature)
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
}

/// Shorthand for the error that most checks return.
pub(crate) fn content(section: Section, record: u32, rule: &'static str) -> ArtefactError {
    ArtefactError::Content { section, record, rule }
}
