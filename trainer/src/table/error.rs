//! What can be wrong with a data file.

use std::fmt;

/// Why a data file cannot be learnt from. Lines count from 1, the header.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// The file cannot be read.
    #[error("cannot read the file: {0}")]
    Read(#[from] std::io::Error),
    /// The file has no line.
    #[error("line 1: the file is empty; it must begin with a header")]
    Empty,
    /// The file is not text.
    #[error("line {line}: not UTF-8 text")]
    #[expect(missing_docs, reason = "the message names the fields")]
    NotUtf8 { line: u64 },
    /// A line is not CSV.
    #[error("line {line}: not CSV: {error}")]
    #[expect(missing_docs, reason = "the message names the fields")]
    Malformed { line: u64, error: csv::Error },
    /// The header has a column that the task does not know.
    #[error("line 1, column `{column}`: unknown; the header must be {expected}")]
    #[expect(missing_docs, reason = "the message names the fields")]
    UnknownColumn { column: String, expected: String },
    /// The header lacks a column.
    #[error("line 1, column `{column}`: missing from the header")]
    #[expect(missing_docs, reason = "the message names the fields")]
    MissingColumn { column: String },
    /// The header has the columns in another order, or one twice.
    #[error("line 1, column `{found}`: at position {position}, where the header must have {expected}")]
    #[expect(missing_docs, reason = "the message names the fields")]
    ColumnOrder { position: usize, found: String, expected: String },
    /// A row has more or fewer cells than the header.
    #[error("line {line}: {actual} cells, the header has {expected}")]
    #[expect(missing_docs, reason = "the message names the fields")]
    Width { line: u64, actual: usize, expected: usize },
    /// A cell breaks the rule of its column.
    #[error("line {line}, column `{column}`: `{found}` {problem}")]
    #[expect(missing_docs, reason = "the message names the fields")]
    Value { line: u64, column: String, found: String, problem: BadValue },
    /// No row has a value in every column.
    #[error("no complete row among {rows}; an empty cell is a missing value")]
    #[expect(missing_docs, reason = "the message names the fields")]
    NoCompleteRow { rows: usize },
    /// All complete rows are of one class.
    #[error("lines {first} to {last}, column `{column}`: every complete row ({rows}) is of class {class}")]
    #[expect(missing_docs, reason = "the message names the fields")]
    OneClass { first: u64, last: u64, column: String, rows: usize, class: String },
    /// A class has fewer rows than there are folds.
    #[error("column `{column}`: {actual} complete rows of class {class}, {required} are needed")]
    #[expect(missing_docs, reason = "the message names the fields")]
    FewRows { column: String, class: String, actual: usize, required: usize },
}

/// Why a cell is not a value of its column.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BadValue {
    /// Text.
    #[error("is not a number")]
    NotANumber,
    /// NaN, an infinity, or a number too large for one.
    #[error("is not a finite number")]
    NotFinite,
    /// A fraction.
    #[error("is not a whole number")]
    NotWhole,
    /// Less than the least value.
    #[error("is below {0}")]
    Below(f64),
    /// More than the greatest value.
    #[error("is above {0}")]
    Above(f64),
    /// Not a date and a time of day.
    #[error("is not a time YYYY-MM-DD HH:MM:SS")]
    NotATime,
    /// A reading that does not come 10 seconds after the one before.
    #[error("is not 10 seconds after the reading before")]
    NotNext,
    /// A text that names nothing.
    #[error("is not a name")]
    NotAName,
    /// None of the codes.
    #[error("is not one of the codes {}", List(.0))]
    NotACode(Vec<f64>),
}

struct List<'a>(&'a [f64]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<String> = self.0.iter().map(f64::to_string).collect();
        f.write_str(&codes.join(", "))
    }
}

/// The beginning of a text from the file, fit for a message of one line.
pub(crate) fn excerpt(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).take(40).collect()
}
