//! The linear model: a weighted sum of columns made of the features.

use crate::bytes::{Records, f64_at, index_at, u32_at};
use crate::codes::{ColumnKind, FeatureKind};
use crate::format::{Section, size};
use crate::model::content;
use crate::sections::Sections;
use crate::{ArtefactError, Model};

/// Columns, and an intercept with one weight a column.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Linear<'a> {
    columns: Records<'a>,
    weights: Records<'a>,
    features: Records<'a>,
}

/// How one column is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column<'a> {
    record: &'a [u8],
    feature: &'a [u8],
}

impl<'a> Linear<'a> {
    pub(crate) fn open(sections: &Sections<'a>) -> Result<Self, ArtefactError> {
        Ok(Self {
            columns: sections.records(Section::Columns, size::COLUMN)?,
            weights: sections.records(Section::Linear, size::VALUE)?,
            features: sections.records(Section::Features, size::FEATURE)?,
        })
    }

    pub(crate) fn check(&self, model: &Model<'_>) -> Result<(), ArtefactError> {
        for (column, number) in self.columns.iter().zip(0..) {
            let (a, b) = (f64_at(column, 8), f64_at(column, 16));
            let valid = index_at(column, 0) < self.features.len()
                && match ColumnKind::from_code(u32_at(column, 4)) {
                    Some(ColumnKind::Standardise) => a.is_finite() && b.is_finite() && b > 0.0,
                    Some(ColumnKind::Indicator) => a.is_finite(),
                    None => false,
                };
            if !valid {
                return Err(content(Section::Columns, number, "feature, kind or parameters are invalid"));
            }
        }
        let rule = |holds: bool, rule| if holds { Ok(()) } else { Err(content(Section::Linear, 0, rule)) };
        rule(model.classes().len() == 2, "a logistic regression has two classes")?;
        rule(self.weights.len() == self.columns.len() + 1, "not one intercept and one weight a column")?;
        let finite = self.weights.iter().all(|value| f64_at(value, 0).is_finite());
        rule(finite, "a weight is not finite")
    }

    pub(crate) fn intercept(&self) -> f64 {
        f64_at(self.weights.get(0), 0)
    }

    /// The columns with their weights.
    pub(crate) fn columns(&self) -> impl Iterator<Item = (Column<'a>, f64)> + use<'a> {
        let (columns, features) = (self.columns.iter(), self.features);
        columns.zip(self.weights.iter().skip(1)).map(move |(record, weight)| {
            (Column { record, feature: features.get(index_at(record, 0)) }, f64_at(weight, 0))
        })
    }

    /// The log-odds of a checked row.
    pub(crate) fn sum(&self, row: &[f64]) -> f64 {
        self.columns().fold(self.intercept(), |sum, (column, weight)| sum + weight * column.value(row))
    }

    /// Appends the log-odds of checked rows of this width, the same as [`Self::sum`] gives.
    pub(crate) fn sums(&self, width: usize, rows: &[f64], sums: &mut Vec<f64>) {
        let columns: Vec<_> = self.columns().map(|(column, weight)| (column.making(), weight)).collect();
        let intercept = self.intercept();
        sums.extend(rows.chunks(width).map(|row| {
            columns.iter().fold(intercept, |sum, (column, weight)| sum + weight * column.value(row))
        }));
    }
}

/// What a column is made by, read once for many rows.
#[derive(Clone, Copy)]
struct Making {
    feature: usize,
    /// What stands for a missing value.
    imputed: f64,
    is_standardised: bool,
    a: f64,
    b: f64,
}

impl Making {
    fn value(self, row: &[f64]) -> f64 {
        let value = row.get(self.feature).copied().unwrap_or(f64::NAN);
        let value = if value.is_nan() { self.imputed } else { value };
        if self.is_standardised { (value - self.a) / self.b } else { f64::from(u8::from(value == self.a)) }
    }
}

impl Column<'_> {
    /// Index of the feature that it is made of.
    pub(crate) fn feature(&self) -> usize {
        index_at(self.record, 0)
    }

    /// Its value for a row.
    pub(crate) fn value(&self, row: &[f64]) -> f64 {
        self.making().value(row)
    }

    fn making(&self) -> Making {
        Making {
            feature: self.feature(),
            imputed: f64_at(self.feature, 64),
            is_standardised: self.is_standardised(),
            a: f64_at(self.record, 8),
            b: f64_at(self.record, 16),
        }
    }

    /// Its mean over the training rows: 0 for a standardised column; for an indicator the share of the rows with
    /// its code, or 0 where the profile does not tell it.
    pub(crate) fn expected(&self, model: &Model<'_>) -> f64 {
        let feature = model.features().nth(self.feature());
        let Some(feature) = feature.filter(|f| !self.is_standardised() && f.kind() == FeatureKind::Category)
        else {
            return 0.0;
        };
        let (profile, code) = (model.feature_profile(self.feature()), f64_at(self.record, 8));
        let bin = profile.bin(code);
        let alone = feature.categories().all(|other| other.value == code || profile.bin(other.value) != bin);
        if alone { profile.shares().nth(bin.into()).unwrap_or_default() } else { 0.0 }
    }

    fn is_standardised(&self) -> bool {
        u32_at(self.record, 4) == ColumnKind::Standardise as u32
    }
}
