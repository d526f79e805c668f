//! A scorer in another component. It gets rows that have been checked, and its results are checked.

use std::borrow::Cow;

use portent_model::{ArtefactError, ExplanationScale, FeatureKind, MissingPolicy, Model};

use crate::explanation::Explanations;
use crate::limits::{SCORE_TOLERANCE, SCORER_LOG_CHARACTERS, SCORER_REASON_CHARACTERS};
use crate::rows::Rows;
use crate::scoring::{NotScored, Scored, Scorer};

/// A component that scores, and the artefact that describes it.
#[derive(Clone, Copy, Debug)]
pub struct Imported<'m> {
    model: Model<'m>,
    score: ScoreFunction,
    log_error: fn(&str),
}

/// The component's function. It gets one value per feature, row after row, and whether contributions are asked for.
pub type ScoreFunction = fn(&[f64], bool) -> Result<ClassScores, ScoreError>;

/// The scores of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClassScores {
    /// One score per class, row after row.
    pub values: Vec<f64>,
    /// One contribution per feature, row after row; empty if they are not asked for.
    pub contributions: Vec<f64>,
}

/// Why a component returns no scores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScoreError {
    /// The row with this index cannot be scored, for this reason.
    Row(u32, String),
    /// It failed; the text is for the log.
    Internal(String),
}

impl<'m> Imported<'m> {
    /// A scorer by its description ([`crate::Description::to_artefact`]) and its function. `log_error` writes to the log.
    ///
    /// # Errors
    /// [`ArtefactError`] if the bytes are no artefact.
    pub fn new(
        description: &'m [u8],
        score: ScoreFunction,
        log_error: fn(&str),
    ) -> Result<Self, ArtefactError> {
        // The description has just been written and checked.
        Ok(Self { model: Model::open_verified(description)?, score, log_error })
    }

    pub(crate) fn model(&self) -> &Model<'m> {
        &self.model
    }

    /// The values, with missing ones imputed as the description says.
    fn filled<'v>(&self, values: &'v [f64]) -> Cow<'v, [f64]> {
        let mut values = Cow::Borrowed(values);
        if values.iter().any(|value| value.is_nan()) {
            let width = self.model.feature_count();
            let imputed = self.model.features().enumerate();
            for (index, feature) in imputed.filter(|(_, f)| f.missing() == MissingPolicy::Impute) {
                for value in values.to_mut().iter_mut().skip(index).step_by(width) {
                    if value.is_nan() {
                        *value = feature.imputed();
                    }
                }
            }
        }
        values
    }

    fn returned(&self, rows: &Rows, explain: bool) -> Result<Scored, NotScored> {
        let count = rows.values.len() / self.model.feature_count();
        match (self.score)(&self.filled(&rows.values), explain) {
            Ok(returned) => self.checked(returned, count, explain),
            Err(ScoreError::Row(row, reason)) => match usize::try_from(row) {
                Ok(row) if row < count => {
                    Err(NotScored::Refused(row, printable(&reason, SCORER_REASON_CHARACTERS)))
                }
                _ => Err(NotScored::Invalid("the row of an error is not one of the batch")),
            },
            Err(ScoreError::Internal(text)) => {
                (self.log_error)(&format!("the scorer failed: {}", printable(&text, SCORER_LOG_CHARACTERS)));
                Err(NotScored::Failed)
            }
        }
    }

    fn checked(&self, returned: ClassScores, count: usize, explain: bool) -> Result<Scored, NotScored> {
        let ClassScores { mut values, contributions } = returned;
        let (classes, positive) = (self.model.classes().len(), self.model.positive_class());
        if values.len() != count * classes {
            return Err(NotScored::Invalid("the number of scores is not one a class and row"));
        }
        for row in values.chunks_exact_mut(classes) {
            check_scores(row).map_err(NotScored::Invalid)?;
        }
        let scores: Vec<f64> = values.iter().skip(positive).step_by(classes).copied().collect();
        let explanations = self.explanations(contributions, &scores, explain)?;
        // Of two classes, one score determines the other.
        Ok(Scored { scores, classes: if classes > 2 { values } else { Vec::new() }, explanations })
    }

    fn explanations(
        &self,
        contributions: Vec<f64>,
        scores: &[f64],
        explain: bool,
    ) -> Result<Option<Explanations>, NotScored> {
        let width = self.model.feature_count();
        let expected = if explain { scores.len() * width } else { 0 };
        if contributions.len() != expected {
            return Err(NotScored::Invalid("the number of contributions is not what was asked for"));
        }
        if !contributions.iter().all(|contribution| contribution.is_finite()) {
            return Err(NotScored::Invalid("a contribution is not finite"));
        }
        let left = |(score, row): (&f64, &[f64])| score - row.iter().sum::<f64>();
        let bases: Vec<f64> = scores.iter().zip(contributions.chunks(width)).map(left).collect();
        if !bases.iter().all(|base| base.is_finite()) {
            return Err(NotScored::Invalid("the sum of the contributions of a row is not finite"));
        }
        let scale = ExplanationScale::Probability;
        Ok(explain.then_some(Explanations { scale, bases, contributions }))
    }

    /// A row within the bounds, for the readiness check.
    fn plain_row(&self) -> Rows {
        let value = |feature: portent_model::Feature<'_>| match feature.codes().next() {
            Some(code) => code.clamp(feature.lower(), feature.upper()),
            None if feature.missing() == MissingPolicy::Impute => feature.imputed(),
            None if feature.kind() == FeatureKind::Number => 0_f64.clamp(feature.lower(), feature.upper()),
            None => 0_f64.max(feature.lower().ceil()).min(feature.upper().floor()),
        };
        Rows { values: self.model.features().map(value).collect(), ..Rows::default() }
    }
}

impl Scorer for Imported<'_> {
    fn score(&self, rows: &Rows, explain: bool) -> Result<Scored, NotScored> {
        if rows.values.is_empty() {
            return self.checked(ClassScores::default(), 0, explain);
        }
        let result = self.returned(rows, explain);
        if let Err(NotScored::Invalid(rule)) = &result {
            (self.log_error)(&format!("the scorer broke its contract: {rule}"));
        }
        result
    }

    /// Scores one row. The scores do not matter, but they must keep the contract. The component may refuse the row.
    fn check(&self) -> Result<(), NotScored> {
        match self.score(&self.plain_row(), self.model.explanation_scale().is_some()) {
            Ok(_) | Err(NotScored::Refused(..)) => Ok(()),
            Err(problem) => Err(problem),
        }
    }
}

/// Checks the scores of a row, and clamps them to 0 and 1.
fn check_scores(scores: &mut [f64]) -> Result<(), &'static str> {
    let range = -SCORE_TOLERANCE..=1.0 + SCORE_TOLERANCE;
    if !scores.iter().all(|score| range.contains(score)) {
        return Err("a score is not a number from 0 to 1");
    }
    if (scores.iter().sum::<f64>() - 1.0).abs() > SCORE_TOLERANCE {
        return Err("the scores of a row do not sum to 1");
    }
    scores.iter_mut().for_each(|score| *score = score.clamp(0.0, 1.0));
    Ok(())
}

/// The beginning of a text, on one line.
fn printable(text: &str, characters: usize) -> String {
    let plain = |character: char| if character.is_control() { ' ' } else { character };
    text.chars().take(characters).map(plain).collect()
}
