//! Why a score is what it is: one contribution a feature, in the unit of [`ExplanationScale`].
//!
//! Linear models: the contributions of Lundberg and Lee, "A Unified Approach to Interpreting Model Predictions",
//! NeurIPS 2017, §4.2, for a linear model with independent features: weight · (column − its mean over the
//! training rows). The base is the log-odds of a row whose columns are at those means.
//!
//! Trees: path contributions after Saabas, "Interpreting random forests", 2014: each step from a node to its
//! child credits the feature that is tested with the difference of their expected values. The base is what the
//! ensemble expects before any test: that of its roots.

use crate::codes::{Aggregate, Link};
use crate::score::Scorer;
use crate::score::linear::Linear;
use crate::score::trees::Trees;
use crate::{ExplainError, Model};

/// What the base and the contributions of an explanation add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExplanationScale {
    /// The natural logarithm of the odds: the score is its logistic.
    LogOdds,
    /// The score itself.
    Probability,
}

impl Model<'_> {
    /// What contributions add up to; `None` if the artefact does not hold what an explanation needs.
    #[must_use]
    pub fn explanation_scale(&self) -> Option<ExplanationScale> {
        match &self.scorer {
            Scorer::Linear(_) => Some(ExplanationScale::LogOdds),
            Scorer::Trees(trees) if trees.means.is_empty() => None,
            Scorer::Trees(trees) if trees.aggregate == Aggregate::Sum && trees.link == Link::Logistic => {
                Some(ExplanationScale::LogOdds)
            }
            Scorer::Imported(imported) if !imported.explains => None,
            Scorer::Trees(_) | Scorer::Imported(_) => Some(ExplanationScale::Probability),
        }
    }

    /// Writes the contribution of each feature to the score of a row and returns the base. Base and
    /// contributions add up to what [`Model::explanation_scale`] says, but for rounding; of a sum of trees in
    /// single precision, to that sum in double precision, and of one with the identity link, to the sum before
    /// it is held within 0 and 1.
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
        match &self.scorer {
            Scorer::Linear(linear) => Ok(linear.explain(self, row, contributions)),
            Scorer::Trees(trees) if trees.means.is_empty() => Err(ExplainError::Unsupported),
            Scorer::Trees(trees) => Ok(trees.explain(row, contributions)),
            Scorer::Imported(_) => Err(ExplainError::Unsupported),
        }
    }
}

impl Linear<'_> {
    fn explain(&self, model: &Model<'_>, row: &[f64], contributions: &mut [f64]) -> f64 {
        let mut base = self.intercept();
        for (column, weight) in self.columns() {
            let expected = column.expected(model);
            base += weight * expected;
            if let Some(contribution) = contributions.get_mut(column.feature()) {
                *contribution += weight * (column.value(row) - expected);
            }
        }
        base
    }
}

impl Trees<'_> {
    fn explain(&self, row: &[f64], contributions: &mut [f64]) -> f64 {
        let mut base = 0.0;
        for root in self.roots() {
            let (mut node, mut mean) = (self.node(root.node), self.mean(root.node));
            base += mean;
            for _ in 0..root.depth {
                if !node.is_split() {
                    break;
                }
                let index = self.next(node, row);
                let expected = self.mean(index);
                if let Some(contribution) = contributions.get_mut(usize::from(node.feature)) {
                    *contribution += expected - mean;
                }
                (node, mean) = (self.node(index), expected);
            }
        }
        if self.aggregate == Aggregate::Sum {
            return self.base + base;
        }
        let trees = self.len() as f64;
        contributions.iter_mut().for_each(|contribution| *contribution /= trees);
        base / trees
    }
}
