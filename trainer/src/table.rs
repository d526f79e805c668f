//! Reading a data file: CSV with a header, every cell a number, an empty cell a missing value.
//!
//! The file is checked whole before anything is learnt from it; what is wrong is named by line and column.

mod error;

use std::path::Path;

use csv::StringRecord;
use sha2::{Digest, Sha256};

pub(crate) use error::excerpt;
pub use error::{BadValue, DataError};

/// A column that the file must have.
#[derive(Clone, Debug)]
pub struct Column {
    /// Name in the header.
    pub name: String,
    /// What its cells may hold.
    pub rule: Rule,
}

/// What a cell may hold.
#[derive(Clone, Debug)]
pub enum Rule {
    /// A finite number within bounds, ends included.
    #[expect(missing_docs, reason = "said above")]
    Number { lower: f64, upper: f64 },
    /// A whole number within bounds, ends included.
    #[expect(missing_docs, reason = "said above")]
    Integer { lower: f64, upper: f64 },
    /// One of these codes.
    Code(Vec<f64>),
}

/// The rows of a data file.
#[derive(Clone, Debug)]
pub struct Table {
    /// Rows in file order.
    pub rows: Vec<Row>,
    /// SHA-256 of the file, lower-case hexadecimal.
    pub sha256: String,
}

/// A row of a data file.
#[derive(Clone, Debug)]
pub struct Row {
    /// Line of the file, the header being line 1.
    pub line: u64,
    /// One value a column; NaN where the cell is empty.
    pub values: Vec<f64>,
}

impl Table {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`DataError`] for the first thing that is wrong.
    pub fn read(path: &Path, columns: &[Column]) -> Result<Self, DataError> {
        Self::parse(&std::fs::read(path)?, columns)
    }

    /// Checks the bytes of a file.
    ///
    /// # Errors
    /// [`DataError`] for the first thing that is wrong.
    pub fn parse(bytes: &[u8], columns: &[Column]) -> Result<Self, DataError> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let newlines = bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
            DataError::NotUtf8 { line: newlines as u64 + 1 }
        })?;
        let mut records = records(text);
        let (_, header) = records.next().ok_or(DataError::Empty)??;
        check_header(&header, columns)?;
        let mut rows = Vec::new();
        for record in records {
            let (line, record) = record?;
            rows.push(row(line, &record, columns)?);
        }
        Ok(Self { rows, sha256: format!("{:x}", Sha256::digest(bytes)) })
    }
}

/// The lines that are not blank, each with its number. A cell holds a number, never a line break, so that a
/// line is a record.
pub(crate) fn records(text: &str) -> impl Iterator<Item = Result<(u64, StringRecord), DataError>> {
    let lines = text.trim_start_matches('\u{feff}').lines().zip(1..);
    lines.filter(|(text, _)| !text.trim().is_empty()).map(|(text, line)| {
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.has_headers(false).trim(csv::Trim::All).from_reader(text.as_bytes());
        let mut record = StringRecord::new();
        reader.read_record(&mut record).map_err(|error| DataError::Malformed { line, error })?;
        Ok((line, record))
    })
}

pub(crate) fn check_header(header: &StringRecord, columns: &[Column]) -> Result<(), DataError> {
    if let Some(name) = header.iter().find(|name| columns.iter().all(|column| column.name != *name)) {
        return Err(DataError::UnknownColumn { column: excerpt(name), expected: names(columns) });
    }
    if let Some(missing) = columns.iter().find(|column| header.iter().all(|name| column.name != name)) {
        return Err(DataError::MissingColumn { column: missing.name.clone() });
    }
    for (index, found) in header.iter().enumerate() {
        let expected = columns.get(index).map_or("nothing more", |column| &column.name);
        if found != expected {
            let (found, expected) = (found.to_owned(), expected.to_owned());
            return Err(DataError::ColumnOrder { position: index + 1, found, expected });
        }
    }
    Ok(())
}

fn row(line: u64, record: &StringRecord, columns: &[Column]) -> Result<Row, DataError> {
    if record.len() != columns.len() {
        return Err(DataError::Width { line, actual: record.len(), expected: columns.len() });
    }
    let cells = record.iter().zip(columns);
    let values = cells.map(|(cell, column)| {
        value(cell, &column.rule).map_err(|problem| DataError::Value {
            line,
            column: column.name.clone(),
            found: excerpt(cell),
            problem,
        })
    });
    Ok(Row { line, values: values.collect::<Result<_, _>>()? })
}

pub(crate) fn value(cell: &str, rule: &Rule) -> Result<f64, BadValue> {
    if cell.is_empty() {
        return Ok(f64::NAN);
    }
    let value: f64 = cell.parse().map_err(|_| BadValue::NotANumber)?;
    if !value.is_finite() {
        return Err(BadValue::NotFinite);
    }
    match rule {
        Rule::Integer { .. } if value.fract() != 0.0 => Err(BadValue::NotWhole),
        Rule::Number { lower, .. } | Rule::Integer { lower, .. } if value < *lower => {
            Err(BadValue::Below(*lower))
        }
        Rule::Number { upper, .. } | Rule::Integer { upper, .. } if value > *upper => {
            Err(BadValue::Above(*upper))
        }
        Rule::Code(codes) if !codes.contains(&value) => Err(BadValue::NotACode(codes.clone())),
        _ => Ok(value),
    }
}

fn names(columns: &[Column]) -> String {
    columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(",")
}
