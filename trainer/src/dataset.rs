//! The complete rows of a data file, with their classes.

use crate::TableTask;
use crate::table::{DataError, Row, Table};

/// Rows that can be learnt from: at least one, all values finite, all rows equally wide.
#[derive(Clone, Debug)]
pub struct Dataset {
    rows: Vec<Vec<f64>>,
    positive: Vec<bool>,
}

/// A dataset with what the file holds beside it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The complete rows.
    pub data: Dataset,
    /// Rows of the file, complete or not.
    pub rows_read: usize,
    /// SHA-256 of the file.
    pub sha256: String,
}

impl Loaded {
    /// Keeps the complete rows of a table that has the columns of `task`.
    ///
    /// # Errors
    /// [`DataError`] if no row is complete or all are of one class.
    pub fn from_table(table: &Table, task: &TableTask) -> Result<Self, DataError> {
        let complete = |row: &&Row| row.values.iter().all(|value| value.is_finite());
        let rows: Vec<&Row> = table.rows.iter().filter(complete).collect();
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
            return Err(DataError::NoCompleteRow { rows: table.rows.len() });
        };
        let split = rows.iter().filter_map(|row| row.values.split_last());
        let data = Dataset::new(split.map(|(target, values)| (values.to_vec(), task.is_positive(*target))));
        if let Some(class) = data.only_class() {
            return Err(DataError::OneClass {
                first: first.line,
                last: last.line,
                column: task.target.column.to_owned(),
                rows: data.len(),
                class: task.task.classes[usize::from(class)].to_owned(),
            });
        }
        Ok(Self { data, rows_read: table.rows.len(), sha256: table.sha256.clone() })
    }
}

impl Dataset {
    /// Takes complete rows as [`Dataset`] demands them.
    pub(crate) fn new(rows: impl Iterator<Item = (Vec<f64>, bool)>) -> Self {
        let (rows, positive) = rows.unzip();
        Self { rows, positive }
    }

    /// Number of rows.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "a dataset is never empty")]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Rows, one value a feature.
    #[must_use]
    pub fn rows(&self) -> &[Vec<f64>] {
        &self.rows
    }

    /// Whether each row is of the positive class.
    #[must_use]
    pub fn positive(&self) -> &[bool] {
        &self.positive
    }

    /// Share of the positive class.
    #[must_use]
    pub fn positive_share(&self) -> f64 {
        self.count(true) as f64 / self.len() as f64
    }

    /// Rows of one class.
    #[must_use]
    pub fn count(&self, class: bool) -> usize {
        self.positive.iter().filter(|positive| **positive == class).count()
    }

    /// Number of features.
    #[must_use]
    pub fn width(&self) -> usize {
        self.rows.first().map_or(0, Vec::len)
    }

    /// Values of one feature.
    pub(crate) fn column(&self, feature: usize) -> Vec<f64> {
        self.rows.iter().filter_map(|row| row.get(feature).copied()).collect()
    }

    /// The rows for whose index `keep` holds; at least one.
    pub(crate) fn filtered(&self, keep: impl Fn(usize) -> bool) -> Self {
        let rows = self.rows.iter().zip(&self.positive).enumerate();
        let kept = rows.filter(|(index, _)| keep(*index));
        Self::new(kept.map(|(_, (row, positive))| (row.clone(), *positive)))
    }

    fn only_class(&self) -> Option<bool> {
        let first = *self.positive.first()?;
        (self.count(first) == self.len()).then_some(first)
    }
}
