//! Errors of artefacts and of rows.

use crate::format::Section;

/// Why bytes are not a readable artefact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArtefactError {
    /// The file does not begin like an artefact.
    #[error("not a Portent model artefact")]
    Magic,
    /// A format version that this program does not read.
    #[error("artefact format version {0} is not supported")]
    Version(u32),
    /// The file is shorter or longer than its header says.
    #[error("file has {actual} bytes, its header says {stated}")]
    Length {
        /// Bytes present.
        actual: u64,
        /// Bytes stated in the header.
        stated: u64,
    },
    /// The checksum is not that of the bytes.
    #[error("checksum mismatch: the file is damaged")]
    Checksum,
    /// The SHA-256 in the header is not that of the content.
    #[error("SHA-256 mismatch: the file is not what its header names")]
    Digest,
    /// A section is out of bounds, misaligned, repeated or out of order.
    #[error("section table entry {0} is invalid")]
    SectionTable(u32),
    /// A required section is missing.
    #[error("section {0} is missing")]
    MissingSection(Section),
    /// A section breaks a rule.
    #[error("section {section}, record {record}: {rule}")]
    Content {
        /// The section.
        section: Section,
        /// Index of the record in it.
        record: u32,
        /// The rule that does not hold.
        rule: &'static str,
    },
}

/// Why a row cannot be scored. Names the feature by its index in model order, never a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// The row has another number of values than the model has features.
    #[error("row has {actual} values, the model has {expected} features")]
    Width {
        /// Values in the row.
        actual: usize,
        /// Features of the model.
        expected: usize,
    },
    /// A value is missing (NaN) and the policy of the feature is to refuse that.
    #[error("feature {0} is missing")]
    Missing(usize),
    /// A value is infinite.
    #[error("feature {0} is not finite")]
    NotFinite(usize),
    /// The values are finite, but their weighted sum is not a number.
    #[error("the row is beyond the range of numbers")]
    Overflow,
    /// The artefact describes a component that scores, and holds nothing to score with.
    #[error("another component scores")]
    Imported,
}

/// Why a score cannot be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExplainError {
    /// The row cannot be scored.
    #[error(transparent)]
    Row(#[from] RowError),
    /// There is no room for one contribution per feature.
    #[error("{actual} contributions, the model has {expected} features")]
    Width {
        /// Contributions that there is room for.
        actual: usize,
        /// Features of the model.
        expected: usize,
    },
    /// The artefact lacks the values that an explanation needs.
    #[error("the artefact holds no means to explain")]
    Unsupported,
}

/// A self-check row does not get the score that the artefact states.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum SelfCheckError {
    /// The row cannot be scored.
    #[error("self-check row {row}: {error}")]
    Row {
        /// Index of the row.
        row: usize,
        /// Why.
        error: RowError,
    },
    /// The score differs.
    #[error("self-check row {row}: score {actual}, expected {expected}")]
    Score {
        /// Index of the row.
        row: usize,
        /// Score computed now.
        actual: f64,
        /// Score stated in the artefact.
        expected: f64,
    },
}

/// A feature has no value in any row of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("feature {feature} has no value in any row")]
pub struct NoValue {
    /// Index of the feature.
    pub feature: usize,
}

/// Checks a rule of one record of a section.
pub(crate) fn check(
    holds: bool,
    section: Section,
    record: u32,
    rule: &'static str,
) -> Result<(), ArtefactError> {
    if holds { Ok(()) } else { Err(ArtefactError::Content { section, record, rule }) }
}
