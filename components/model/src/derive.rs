//! Features that are computed from the others: changes and rolling statistics over the rows of a group.

use crate::error::{ArtefactError, NoValue, check};
use crate::format::{DerivationKind, Section, size};
use crate::sections::{Records, Sections, index_at, u32_at};

/// Most rows that a window looks back over.
pub const MAX_WINDOW: usize = 1024;

/// How one feature is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Derivation {
    /// Index of the feature that is computed.
    pub feature: usize,
    /// How it is computed.
    pub kind: DerivationKind,
    /// Index of the feature that it is computed from, which is not computed itself.
    pub source: usize,
    /// Number of rows looked back over, 1 to [`MAX_WINDOW`]. Rolling statistics include the present row.
    pub window: usize,
}

/// Completes the rows of one group, in the order of time and in place. A gap (NaN) of a feature that is not derived
/// takes the last value before it, or else the first one after it. Then the derived features are computed, and
/// overwrite the values in their places.
///
/// `rows` is row-major, with `width` values per row.
///
/// # Errors
/// [`NoValue`] for a feature that has no value in any row; the rows are then partly completed.
pub fn derive(width: usize, derivations: &[Derivation], rows: &mut [f64]) -> Result<(), NoValue> {
    let is_derived = |feature| derivations.iter().any(|derivation| derivation.feature == feature);
    for feature in (0..width).filter(|feature| !is_derived(*feature)) {
        fill(width, feature, rows)?;
    }
    for derivation in
        derivations.iter().filter(|derivation| derivation.feature.max(derivation.source) < width)
    {
        for row in 0..rows.len() / width {
            rows[row * width + derivation.feature] = derivation.value(width, row, rows);
        }
    }
    Ok(())
}

impl Derivation {
    pub(crate) fn new(record: &[u8]) -> Self {
        Self {
            feature: index_at(record, 0),
            kind: DerivationKind::from_code(u32_at(record, 4)).unwrap_or(DerivationKind::Delta),
            source: index_at(record, 8),
            window: index_at(record, 12),
        }
    }

    fn value(&self, width: usize, row: usize, rows: &[f64]) -> f64 {
        let at = |row: usize| rows[row * width + self.source];
        let first = (row + 1).saturating_sub(self.window);
        match self.kind {
            DerivationKind::Delta => row.checked_sub(self.window).map_or(0.0, |before| at(row) - at(before)),
            DerivationKind::RollingMean => mean((first..row + 1).map(at)),
            DerivationKind::RollingStd => standard_deviation((first..row + 1).map(at)),
        }
    }
}

/// The derivations of a file that has this many features.
pub(crate) fn open<'a>(sections: &Sections<'a>, features: usize) -> Result<Records<'a>, ArtefactError> {
    let records = sections.records(Section::Derivations, size::DERIVATION)?;
    let all = || records.iter().map(Derivation::new);
    for (record, number) in records.iter().zip(0..) {
        let rule = |holds, rule| check(holds, Section::Derivations, number, rule);
        let Derivation { feature, source, window, .. } = Derivation::new(record);
        rule(feature < features && source < features, "feature or source does not exist")?;
        rule(DerivationKind::from_code(u32_at(record, 4)).is_some(), "unknown kind")?;
        rule((1..=MAX_WINDOW).contains(&window), "window is not 1 to 1024 rows")?;
        rule(all().all(|other| other.feature != source), "source is derived itself")?;
        let mut before = all().take(number as usize);
        rule(before.all(|other| other.feature != feature), "feature is derived twice")?;
    }
    Ok(records)
}

/// Fills the gaps of one feature forward, then backward.
fn fill(width: usize, feature: usize, rows: &mut [f64]) -> Result<(), NoValue> {
    let column = || rows.iter().skip(feature).step_by(width);
    let Some(first) = column().find(|value| !value.is_nan()) else {
        return if rows.is_empty() { Ok(()) } else { Err(NoValue { feature }) };
    };
    let mut last = *first;
    for value in rows.iter_mut().skip(feature).step_by(width) {
        if value.is_nan() {
            *value = last;
        }
        last = *value;
    }
    Ok(())
}

/// Mean, by way of the differences to the first value: equal values have exactly that mean.
fn mean(values: impl Iterator<Item = f64> + Clone) -> f64 {
    let origin = values.clone().next().unwrap_or_default();
    origin + mean_difference(values, origin)
}

fn standard_deviation(values: impl ExactSizeIterator<Item = f64> + Clone) -> f64 {
    let count = values.len();
    if count < 2 {
        return 0.0;
    }
    let origin = values.clone().next().unwrap_or_default();
    let mean = mean_difference(values.clone(), origin);
    let squares: f64 = values.map(|value| (value - origin - mean).powi(2)).sum();
    (squares / (count - 1) as f64).sqrt()
}

fn mean_difference(values: impl Iterator<Item = f64>, origin: f64) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    values.for_each(|value| {
        sum += value - origin;
        count += 1.0;
    });
    sum / count
}
