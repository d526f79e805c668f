//! The opened artefact, which ties its parts together.

use portent_event::{Digest, is_name};

use crate::derive::{self, Derivation};
use crate::error::{ArtefactError, ExplainError, RowError, SelfCheckError, check};
use crate::format::{Algorithm, MissingPolicy, Section, size};
use crate::interface::Interface;
use crate::profile::{Profile, Profiles};
use crate::schema::{Class, Encoding, Feature, Schema};
use crate::score::{ExplanationScale, Scorer};
use crate::sections::{Checking, Records, Sections, Texts, f64_at, index_at, u32_at};

/// How far a self-check score may differ from the expected one. Scores are computed by the same operations in
/// the same order everywhere; only the platform's `exp` may differ in its last digits.
pub const MAX_SELF_CHECK_DIFFERENCE: f64 = 1e-12;

/// A model artefact, read in place: a handful of slices into the file.
#[derive(Clone, Copy, Debug)]
pub struct Model<'a> {
    digest: Digest,
    texts: Texts<'a>,
    record: &'a [u8],
    algorithm: Algorithm,
    positive_class: usize,
    threshold: f64,
    schema: Schema<'a>,
    derivations: Records<'a>,
    interface: Interface<'a>,
    scorer: Scorer<'a>,
    profiles: Profiles<'a>,
    self_check: Records<'a>,
    metadata: &'a str,
}

/// A row with the score that the trainer computed for it.
#[derive(Clone, Debug, PartialEq)]
pub struct SelfCheckRow {
    /// Values in model order; NaN if missing.
    pub row: Vec<f64>,
    /// Expected score of the positive class.
    pub score: f64,
}

impl<'a> Model<'a> {
    /// Checks a whole artefact and returns views into it.
    ///
    /// # Errors
    /// [`ArtefactError`] names the first rule that the file breaks. No input panics.
    pub fn open(file: &'a [u8]) -> Result<Self, ArtefactError> {
        Self::open_with(file, Checking::Whole)
    }

    /// Opens bytes that [`Model::open`] has accepted before, such as those that a build embeds. It skips the checksum
    /// and the nodes of trees, so its time does not grow with them.
    ///
    /// # Errors
    /// [`ArtefactError`] as for [`Model::open`]. No input panics, here or on scoring, but bytes that have not
    /// been accepted before may give scores without meaning.
    pub fn open_verified(file: &'a [u8]) -> Result<Self, ArtefactError> {
        Self::open_with(file, Checking::Frame)
    }

    fn open_with(file: &'a [u8], checking: Checking) -> Result<Self, ArtefactError> {
        let sections = Sections::open(file, checking)?;
        let texts = sections.texts()?;
        let record = sections.require(Section::Model)?;
        let rule = |holds, rule| check(holds, Section::Model, 0, rule);
        rule(record.len() == size::MODEL, "length is not that of a model record")?;
        rule((0..5).all(|text| texts.contains(record, text * 8)), "text out of bounds")?;
        let [name, app, version, model_type] = [0, 8, 16, 24].map(|at| is_name(texts.at(record, at)));
        rule(name && app, "name or app is not a name")?;
        rule(version && model_type, "version or type is not a name")?;
        let algorithm = Algorithm::from_code(u32_at(record, 40));
        rule(algorithm.is_some(), "unknown algorithm")?;
        let algorithm = algorithm.unwrap_or(Algorithm::Imported);
        let (positive_class, threshold) = (index_at(record, 44), f64_at(record, 48));
        let is_left_out = threshold.is_nan() && algorithm == Algorithm::Imported;
        let is_between = threshold > 0.0 && threshold < 1.0;
        rule(is_left_out || is_between, "threshold is not between 0 and 1")?;
        let schema = Schema::open(&sections, texts)?;
        rule(positive_class < schema.classes().len(), "positive class does not exist")?;
        let features = schema.features.len();
        let metadata = std::str::from_utf8(sections.get(Section::Metadata));
        check(metadata.is_ok(), Section::Metadata, 0, "not UTF-8")?;
        let model = Self {
            digest: sections.digest,
            texts,
            record,
            algorithm,
            positive_class,
            threshold,
            schema,
            derivations: derive::open(&sections, features)?,
            interface: Interface::open(&sections, texts, &schema)?,
            scorer: Scorer::open(algorithm, &sections, &schema, checking)?,
            profiles: Profiles::open(&sections, features)?,
            self_check: sections.records(Section::SelfCheck, size::VALUE)?,
            metadata: metadata.unwrap_or_default(),
        };
        let (values, width) = (model.self_check, features + 1);
        let mut scores = values.iter().skip(features).step_by(width).map(|score| f64_at(score, 0));
        let valid = values.len().is_multiple_of(width) && scores.all(|score| (0.0..=1.0).contains(&score));
        check(valid, Section::SelfCheck, 0, "not rows of one value per feature and a score")?;
        Ok(model)
    }

    /// SHA-256 of the content, as the header states it; `verify_digest` checks it.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Name of the model, as in responses and labels: `logistic_regression`.
    pub fn name(&self) -> &'a str {
        self.texts.at(self.record, 0)
    }

    /// Application that the model is made for; the default of the `app` label.
    pub fn app(&self) -> &'a str {
        self.texts.at(self.record, 8)
    }

    /// Version of the model.
    pub fn version(&self) -> &'a str {
        self.texts.at(self.record, 16)
    }

    /// Type of the model as its makers call it: `LogisticRegression`.
    pub fn model_type(&self) -> &'a str {
        self.texts.at(self.record, 24)
    }

    /// One sentence on what the model predicts.
    pub fn description(&self) -> &'a str {
        self.texts.at(self.record, 32)
    }

    /// How columns become a score.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Least score of the positive class, between 0 and 1. NaN means that the greatest score decides, which only
    /// models of [`Algorithm::Imported`] may state.
    pub fn threshold(&self) -> f64 {
        self.threshold
    }

    /// Index of the class whose probability the score is.
    pub fn positive_class(&self) -> usize {
        self.positive_class
    }

    /// Compares the SHA-256 of a file's content with the one its header states.
    ///
    /// # Errors
    /// [`ArtefactError::Digest`] if they differ.
    #[cfg(feature = "write")]
    pub fn verify_digest(&self, file: &[u8]) -> Result<Digest, ArtefactError> {
        let actual = crate::sections::digest(file);
        if actual == self.digest { Ok(actual) } else { Err(ArtefactError::Digest) }
    }

    /// Features in model order.
    pub fn features(&self) -> impl ExactSizeIterator<Item = Feature<'a>> + use<'a> {
        self.schema.features()
    }

    /// Number of features: the width of a row.
    pub fn feature_count(&self) -> usize {
        self.schema.features.len()
    }

    /// Classes in model order.
    pub fn classes(&self) -> impl ExactSizeIterator<Item = Class<'a>> + use<'a> {
        self.schema.classes()
    }

    /// The class with this index.
    pub fn class(&self, index: usize) -> Option<Class<'a>> {
        self.classes().nth(index)
    }

    /// Codings of the features that the service translates.
    pub fn encodings(&self) -> impl ExactSizeIterator<Item = Encoding<'a>> + use<'a> {
        self.schema.encodings()
    }

    /// The form of the application's requests and responses.
    pub fn interface(&self) -> Interface<'a> {
        self.interface
    }

    /// Features that are computed from others, and how.
    pub fn derivations(&self) -> impl ExactSizeIterator<Item = Derivation> + use<'a> {
        self.derivations.iter().map(Derivation::new)
    }

    /// Whether a feature is computed from others.
    pub fn is_derived(&self, feature: usize) -> bool {
        self.derivations().any(|derivation| derivation.feature == feature)
    }

    /// Reference profile of a feature.
    pub fn feature_profile(&self, feature: usize) -> Profile<'a> {
        self.profiles.get(if feature < self.feature_count() { feature } else { usize::MAX })
    }

    /// Reference profile of the score.
    pub fn score_profile(&self) -> Profile<'a> {
        self.profiles.get(self.feature_count())
    }

    /// Provenance, quality and notes as JSON text; empty if the file has none.
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

    /// Score of one row: the probability of the positive class, 0 to 1.
    ///
    /// `row` has one value per feature in model order; NaN means missing.
    ///
    /// # Errors
    /// [`RowError`] for a wrong width, an infinite value, a missing value that the model refuses, or a sum that
    /// overflows.
    pub fn score(&self, row: &[f64]) -> Result<f64, RowError> {
        self.check_row(row)?;
        self.scorer.score(row)
    }

    /// Scores rows (row-major) and appends the scores: all of them, or none if one cannot be scored.
    ///
    /// # Errors
    /// As [`Model::score`], with the index of the row. A last row that is not complete has a wrong width.
    pub fn score_batch(&self, rows: &[f64], scores: &mut Vec<f64>) -> Result<(), (usize, RowError)> {
        let width = self.feature_count();
        for (index, row) in rows.chunks(width).enumerate() {
            self.check_row(row).map_err(|error| (index, error))?;
        }
        self.scorer.score_rows(width, rows, scores)
    }

    /// The class that a score is predicted as, of two classes.
    pub fn predict(&self, score: f64) -> usize {
        let (positive, other) = (self.positive_class(), usize::from(self.positive_class() == 0));
        let is_positive = match self.threshold() {
            threshold if threshold.is_nan() => score > 0.5 || score == 0.5 && positive < other,
            threshold => score >= threshold,
        };
        if is_positive { positive } else { other }
    }

    /// The class that a row is predicted as, by one score per class: the positive one from the threshold on, else the
    /// greatest of the others. Without a threshold it is the greatest of all. Of equal scores, the first wins.
    pub fn decide(&self, scores: &[f64]) -> usize {
        let (positive, threshold) = (self.positive_class(), self.threshold());
        if scores.get(positive).is_some_and(|score| *score >= threshold) {
            return positive;
        }
        let takes_part = |class: usize| threshold.is_nan() || class != positive;
        let candidates = scores.iter().enumerate().filter(|(class, _)| takes_part(*class));
        candidates
            .rev()
            .max_by(|(_, one), (_, other)| one.total_cmp(other))
            .map_or(positive, |(class, _)| class)
    }

    /// The scale of contributions; `None` if the artefact lacks the values that an explanation needs.
    pub fn explanation_scale(&self) -> Option<ExplanationScale> {
        self.scorer.explanation_scale()
    }

    /// Writes the contribution of each feature to the score of a row and returns the base. Except for rounding, base
    /// and contributions add up to the score on the [`Model::explanation_scale`]. A sum of trees in single precision is
    /// explained in double precision, and one with the identity link before it is clamped to 0 to 1.
    ///
    /// # Errors
    /// [`ExplainError`] for a row that cannot be scored, a wrong number of contributions, and an artefact that
    /// cannot explain.
    pub fn explain(&self, row: &[f64], contributions: &mut [f64]) -> Result<f64, ExplainError> {
        self.score(row)?;
        let (actual, expected) = (contributions.len(), self.feature_count());
        if actual != expected {
            return Err(ExplainError::Width { actual, expected });
        }
        contributions.fill(0.0);
        self.scorer.explain(&self.schema, &self.profiles, row, contributions)
    }

    /// Scores the self-check rows and compares with the scores of the trainer.
    ///
    /// # Errors
    /// [`SelfCheckError`] for the first row that differs by more than [`MAX_SELF_CHECK_DIFFERENCE`].
    pub fn self_check(&self) -> Result<usize, SelfCheckError> {
        let mut rows = 0;
        for (row, check) in self.self_check_rows().enumerate() {
            let actual = self.score(&check.row).map_err(|error| SelfCheckError::Row { row, error })?;
            if (actual - check.score).abs() > MAX_SELF_CHECK_DIFFERENCE {
                return Err(SelfCheckError::Score { row, actual, expected: check.score });
            }
            rows += 1;
        }
        Ok(rows)
    }

    fn check_row(&self, row: &[f64]) -> Result<(), RowError> {
        if row.len() != self.feature_count() {
            return Err(RowError::Width { actual: row.len(), expected: self.feature_count() });
        }
        match row.iter().position(|value| !value.is_finite()) {
            None => Ok(()),
            Some(_) => self.check_unusual_row(row),
        }
    }

    #[cold]
    fn check_unusual_row(&self, row: &[f64]) -> Result<(), RowError> {
        for (index, (value, feature)) in row.iter().zip(self.features()).enumerate() {
            if value.is_infinite() {
                return Err(RowError::NotFinite(index));
            }
            if value.is_nan() && feature.missing() == MissingPolicy::Reject {
                return Err(RowError::Missing(index));
            }
        }
        Ok(())
    }
}
