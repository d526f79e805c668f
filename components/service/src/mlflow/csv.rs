//! Comma-separated values, by RFC 4180: a line of names, then rows; cells may stand in quotes, lines end with LF or
//! CRLF. Lines of nothing but blanks are passed over, and so is a byte order mark, as pandas does.

use crate::body::after_mark;
use crate::fields::Fields;
use crate::refusal::Refusal;
use crate::rows::RowReader;
use crate::table::{Columns, RowSource};
use crate::violation::{InputRule, Place, RequestPart, Violations};

/// Cells that stand for a missing value: those of pandas that people write.
const MISSING: [&str; 6] = ["", "NA", "N/A", "NaN", "nan", "null"];

/// The rows of a text.
#[derive(Debug)]
pub(super) struct CsvRows<'a> {
    cells: Cells<'a>,
    columns: Columns,
    /// Number of the line on which each row begins, from 1.
    lines: Vec<usize>,
}

/// A reader of one cell after the other.
#[derive(Debug)]
struct Cells<'a> {
    text: &'a str,
    at: usize,
    line: usize,
    /// The row just begun has another cell.
    more: bool,
}

impl<'a> CsvRows<'a> {
    /// Reads the line of names.
    pub(super) fn new(
        bytes: &'a [u8],
        reader: &RowReader<'a>,
        violations: &mut Violations<'a>,
    ) -> Result<Self, Refusal<'a>> {
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
            broken(1 + before.iter().filter(|byte| **byte == b'\n').count(), "Invalid UTF-8")
        })?;
        let mut cells = Cells { text: after_mark(text), at: 0, line: 1, more: false };
        let mut columns = Columns::default();
        if !cells.begin_row() {
            return Err(broken(1, "There should be a line with the names of the columns"));
        }
        let place = at_line(cells.line);
        while let Some(name) = cells.next()? {
            columns.add(name.trim(), reader, place, violations)?;
        }
        if columns.indices().iter().all(Option::is_none) {
            return Err(broken(place.row.unwrap_or(1), "The first line should be the names of the columns"));
        }
        columns.check(reader, place, violations);
        Ok(Self { cells, columns, lines: Vec::new() })
    }
}

impl<'a> RowSource<'a> for CsvRows<'a> {
    fn next(&mut self, fields: &mut Fields<'a>, _: &[&str]) -> Result<bool, Refusal<'a>> {
        if !self.cells.begin_row() {
            return Ok(false);
        }
        self.lines.push(self.cells.line);
        let (mut positions, mut fault) = (self.columns.indices().iter(), None);
        let cells = std::iter::from_fn(|| match self.cells.next() {
            Ok(cell) => cell.map(|cell| {
                let column = positions.next().copied().flatten();
                (column.filter(|_| !MISSING.contains(&cell.trim())), cell)
            }),
            Err(refusal) => {
                fault = Some(refusal);
                None
            }
        });
        fields.push(cells);
        fault.map_or(Ok(true), Err)
    }

    fn width(&self) -> usize {
        self.columns.len()
    }

    fn place(&self, row: usize) -> Place<'a> {
        at_line(self.lines.get(row).copied().unwrap_or(self.cells.line))
    }

    fn place_of_all(&self) -> Place<'a> {
        self.place(0)
    }
}

impl<'a> Cells<'a> {
    /// Goes to the next row that is not blank. Whether there is one.
    fn begin_row(&mut self) -> bool {
        while self.end_line() || self.blanks() {}
        self.more = self.at < self.text.len();
        self.more
    }

    /// The next cell of the row, or `None` behind the last one. Doubled quotes inside quotes stay doubled: no name and no
    /// number of a model has a quote.
    fn next(&mut self) -> Result<Option<&'a str>, Refusal<'a>> {
        if !std::mem::take(&mut self.more) {
            return Ok(None);
        }
        let cell = if self.byte() == Some(b'"') { self.quoted()? } else { self.plain()? };
        match self.byte() {
            Some(b',') => {
                self.at += 1;
                self.more = true;
            }
            None => {}
            Some(_) if self.end_line() => {}
            Some(_) => return Err(broken(self.line, "Text behind a cell in quotes")),
        }
        Ok(Some(cell))
    }

    fn plain(&mut self) -> Result<&'a str, Refusal<'a>> {
        let start = self.at;
        while let Some(byte) = self.byte() {
            match byte {
                b',' | b'\n' | b'\r' => break,
                b'"' => return Err(broken(self.line, "A quote inside a cell that does not stand in quotes")),
                _ => self.at += 1,
            }
        }
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    fn quoted(&mut self) -> Result<&'a str, Refusal<'a>> {
        let (start, line) = (self.at + 1, self.line);
        self.at = start;
        loop {
            match self.byte() {
                Some(b'"') if self.text.as_bytes().get(self.at + 1) == Some(&b'"') => self.at += 2,
                Some(b'"') => break,
                Some(byte) => {
                    self.line += usize::from(byte == b'\n');
                    self.at += 1;
                }
                None => return Err(broken(line, "A cell in quotes does not end")),
            }
        }
        self.at += 1;
        Ok(self.text.get(start..self.at - 1).unwrap_or_default())
    }

    /// Passes over the rest of a line, if it has nothing but blanks.
    fn blanks(&mut self) -> bool {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let is_blank = length > 0 && matches!(rest.get(length), None | Some(b'\r' | b'\n'));
        self.at += if is_blank { length } else { 0 };
        is_blank
    }

    /// Passes over the end of a line, if it is here.
    fn end_line(&mut self) -> bool {
        let length = match (self.byte(), self.text.as_bytes().get(self.at + 1)) {
            (Some(b'\r'), Some(b'\n')) => 2,
            (Some(b'\r' | b'\n'), _) => 1,
            _ => return false,
        };
        self.at += length;
        self.line += 1;
        true
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}

fn at_line<'a>(line: usize) -> Place<'a> {
    Place { part: RequestPart::Lines, row: Some(line), ..Place::default() }
}

fn broken<'a>(line: usize, rule: &'static str) -> Refusal<'a> {
    Violations::one(InputRule::own("csv_invalid", rule), at_line(line), None).into()
}
