//! Logistic regression on standardised columns.

use portent_model::{Column, LinearSpec};
use smartcore::error::Failed;
use smartcore::linalg::basic::arrays::Array as _;
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};

use crate::dataset::Dataset;
use crate::metrics::round;

/// Decimals kept of a parameter. smartcore's L-BFGS was seen to stop within 4e-9 of the minimum; further digits
/// depend on its path, which another machine's `exp` may change, and say nothing about the data.
const PARAMETER_DECIMALS: i32 = 7;

/// A fitted model: `logistic(intercept + Σ weight · (value − mean) / scale)`.
#[derive(Clone, Debug)]
pub(crate) struct LogisticModel {
    pub(crate) means: Vec<f64>,
    pub(crate) scales: Vec<f64>,
    pub(crate) weights: Vec<f64>,
    pub(crate) intercept: f64,
}

impl LogisticModel {
    /// Fits `Σ loss + ½ α ‖weights‖²`, α = 1 / c, to complete rows of two classes; the intercept is free.
    ///
    /// Rows must be checked before: smartcore answers a NaN with weights of zero, and no error.
    pub(crate) fn fit(data: &Dataset, c: f64) -> Result<Self, Failed> {
        let (means, scales): (Vec<f64>, Vec<f64>) =
            (0..data.width()).map(|feature| mean_and_scale(&data.column(feature))).unzip();
        let standardise = |row: &Vec<f64>| -> Vec<f64> {
            row.iter().zip(&means).zip(&scales).map(|((value, mean), scale)| (value - mean) / scale).collect()
        };
        let rows: Vec<Vec<f64>> = data.rows().iter().map(standardise).collect();
        let classes: Vec<u32> = data.positive().iter().map(|class| u32::from(*class)).collect();
        let parameters = LogisticRegressionParameters::default().with_alpha(1.0 / c);
        let model = LogisticRegression::fit(&DenseMatrix::from_2d_vec(&rows)?, &classes, parameters)?;
        let rounded = |matrix: &DenseMatrix<f64>| -> Vec<f64> {
            matrix.iterator(0).map(|parameter| round(*parameter, PARAMETER_DECIMALS)).collect()
        };
        let intercept = rounded(model.intercept()).first().copied().unwrap_or_default();
        Ok(Self { means, scales, weights: rounded(model.coefficients()), intercept })
    }

    /// Probability of the positive class.
    pub(crate) fn score(&self, row: &[f64]) -> f64 {
        logistic(self.log_odds(row))
    }

    /// Logarithm of the odds of the positive class.
    pub(crate) fn log_odds(&self, row: &[f64]) -> f64 {
        let columns = row.iter().zip(&self.means).zip(&self.scales).zip(&self.weights);
        columns.fold(self.intercept, |sum, (((value, mean), scale), weight)| {
            sum + weight * ((value - mean) / scale)
        })
    }

    /// The columns of the artefact.
    pub(crate) fn columns(&self) -> Vec<Column> {
        let moments = (0..).zip(self.means.iter().zip(&self.scales));
        moments.map(|(feature, (&mean, &scale))| Column::Standardise { feature, mean, scale }).collect()
    }

    /// The parameters of the artefact.
    pub(crate) fn linear(&self) -> LinearSpec {
        LinearSpec { intercept: self.intercept, weights: self.weights.clone() }
    }
}

pub(crate) fn logistic(sum: f64) -> f64 {
    1.0 / (1.0 + (-sum).exp())
}

/// Mean and population standard deviation. A constant column gets scale 1, as in scikit-learn's
/// `StandardScaler`, and so has no say.
fn mean_and_scale(values: &[f64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().sum::<f64>() / count;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count;
    let constant = values.iter().all(|value| *value == values[0]);
    (mean, if constant { 1.0 } else { variance.sqrt() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    /// 200 rows of 3 columns, of which the last is constant, with classes that overlap.
    fn data() -> Dataset {
        let mut random = SplitMix64::new(3);
        let mut uniform = || (random.next() >> 11) as f64 / (1_u64 << 53) as f64;
        Dataset::new((0..200).map(|_| {
            let row = vec![10.0 * uniform(), uniform() - 0.5, 7.0];
            let positive = row[0] + 4.0 * row[1] + 3.0 * uniform() > 6.5;
            (row, positive)
        }))
    }

    /// At the minimum the gradient is zero: the residuals, alone (the intercept is not penalised) and times each
    /// standardised column plus α times its weight, sum to nothing.
    #[test]
    fn the_fit_is_at_the_minimum() {
        let (data, c) = (data(), 0.5);
        let model = LogisticModel::fit(&data, c).unwrap();
        let rows = || data.rows().iter().zip(data.positive());
        let residual = |row: &[f64], class: &bool| model.score(row) - f64::from(u8::from(*class));
        let intercept: f64 = rows().map(|(row, class)| residual(row, class)).sum();
        assert!(intercept.abs() < 1e-4, "{intercept}");
        for column in 0..3 {
            let z = |row: &[f64]| (row[column] - model.means[column]) / model.scales[column];
            let fit: f64 = rows().map(|(row, class)| residual(row, class) * z(row)).sum();
            assert!((fit + model.weights[column] / c).abs() < 1e-4, "{column}: {fit}");
        }
    }

    #[test]
    fn a_constant_column_has_no_say() {
        let model = LogisticModel::fit(&data(), 1.0).unwrap();
        assert_eq!((model.means[2], model.scales[2], model.weights[2]), (7.0, 1.0, 0.0));
    }
}
