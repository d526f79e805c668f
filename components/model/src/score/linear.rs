//! The linear model: a weighted sum of columns made of the features.

use crate::error::{ArtefactError, check};
use crate::format::{ColumnKind, FeatureKind, Section, size};
use crate::profile::Profiles;
use crate::schema::Schema;
use crate::sections::{Records, Sections, f64_at, index_at, u32_at};

/// Columns, and an intercept with one weight per column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linear<'a> {
    columns: Records<'a>,
    weights: Records<'a>,
    features: Records<'a>,
}

/// How one column is made of a feature.
#[derive(Clone, Copy, Debug)]
struct Column {
    feature: usize,
    /// Value used in place of a missing one.
    imputed: f64,
    is_standardised: bool,
    a: f64,
    b: f64,
}

impl<'a> Linear<'a> {
    pub(crate) fn open(sections: &Sections<'a>, schema: &Schema<'a>) -> Result<Self, ArtefactError> {
        let linear = Self {
            columns: sections.records(Section::Columns, size::COLUMN)?,
            weights: sections.records(Section::Linear, size::VALUE)?,
            features: schema.features,
        };
        for (column, number) in linear.columns.iter().zip(0..) {
            let (a, b) = (f64_at(column, 8), f64_at(column, 16));
            let valid = index_at(column, 0) < linear.features.len()
                && match ColumnKind::from_code(u32_at(column, 4)) {
                    Some(ColumnKind::Standardise) => a.is_finite() && b.is_finite() && b > 0.0,
                    Some(ColumnKind::Indicator) => a.is_finite(),
                    None => false,
                };
            check(valid, Section::Columns, number, "feature, kind or parameters are invalid")?;
        }
        let rule = |holds, rule| check(holds, Section::Linear, 0, rule);
        rule(schema.classes().len() == 2, "a logistic regression has two classes")?;
        let is_whole = linear.weights.len() == linear.columns.len() + 1;
        rule(is_whole, "not one intercept and one weight per column")?;
        rule(linear.weights.iter().all(|weight| f64_at(weight, 0).is_finite()), "a weight is not finite")?;
        Ok(linear)
    }

    /// The log-odds of a checked row.
    pub(crate) fn sum(&self, row: &[f64]) -> f64 {
        self.columns().fold(self.intercept(), |sum, (column, weight)| sum + weight * column.value(row))
    }

    /// Appends the log-odds of checked rows of this width, as [`Self::sum`] computes them.
    pub(crate) fn sums(&self, width: usize, rows: &[f64], sums: &mut Vec<f64>) {
        let columns: Vec<_> = self.columns().collect();
        let intercept = self.intercept();
        sums.extend(rows.chunks(width).map(|row| {
            columns.iter().fold(intercept, |sum, (column, weight)| sum + weight * column.value(row))
        }));
    }

    /// Adds the contribution of each feature to the log-odds of a checked row, and returns the base.
    ///
    /// These are the contributions of Lundberg and Lee, "A Unified Approach to Interpreting Model Predictions",
    /// NeurIPS 2017, §4.2, for a linear model with independent features: weight · (column − its mean over the
    /// training rows). The base is the log-odds of a row whose columns are at those means.
    pub(crate) fn explain(
        &self,
        schema: &Schema<'_>,
        profiles: &Profiles<'_>,
        row: &[f64],
        contributions: &mut [f64],
    ) -> f64 {
        let mut base = self.intercept();
        for (column, weight) in self.columns() {
            let expected = column.expected(schema, profiles);
            base += weight * expected;
            if let Some(contribution) = contributions.get_mut(column.feature) {
                *contribution += weight * (column.value(row) - expected);
            }
        }
        base
    }

    fn intercept(&self) -> f64 {
        f64_at(self.weights.get(0), 0)
    }

    /// The columns with their weights.
    fn columns(&self) -> impl Iterator<Item = (Column, f64)> + use<'a> {
        let (columns, features) = (self.columns.iter(), self.features);
        columns.zip(self.weights.iter().skip(1)).map(move |(record, weight)| {
            let feature = index_at(record, 0);
            let column = Column {
                feature,
                imputed: f64_at(features.get(feature), 64),
                is_standardised: u32_at(record, 4) == ColumnKind::Standardise as u32,
                a: f64_at(record, 8),
                b: f64_at(record, 16),
            };
            (column, f64_at(weight, 0))
        })
    }
}

impl Column {
    fn value(&self, row: &[f64]) -> f64 {
        let value = row.get(self.feature).copied().unwrap_or(f64::NAN);
        let value = if value.is_nan() { self.imputed } else { value };
        if self.is_standardised { (value - self.a) / self.b } else { f64::from(u8::from(value == self.a)) }
    }

    /// The mean over the training rows: 0 for a standardised column. For an indicator it is the share of the rows
    /// with its code, or 0 if the profile does not state that share.
    fn expected(&self, schema: &Schema<'_>, profiles: &Profiles<'_>) -> f64 {
        let feature = schema.features().nth(self.feature);
        let Some(feature) = feature.filter(|f| !self.is_standardised && f.kind() == FeatureKind::Category)
        else {
            return 0.0;
        };
        let profile = profiles.get(self.feature);
        let bin = profile.bin(self.a);
        let alone = feature.codes().all(|other| other == self.a || profile.bin(other) != bin);
        if alone { profile.shares().nth(bin.into()).unwrap_or_default() } else { 0.0 }
    }
}

pub(crate) fn logistic(sum: f64) -> f64 {
    1.0 / (1.0 + (-sum).exp())
}
