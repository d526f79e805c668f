//! Sources of rows: a list of rows, or a list for each column.

use portent_model::MissingPolicy;

use crate::fields::Fields;
use crate::json::{JsonType, Reader};
use crate::limits;
use crate::refusal::Refusal;
use crate::rows::RowReader;
use crate::violation::{InputRule, Place, Violations};

/// Gives rows one after the other.
pub(crate) trait RowSource<'a> {
    /// Reads the next row. Whether there was one.
    fn next(&mut self, fields: &mut Fields<'a>, names: &[&str]) -> Result<bool, Refusal<'a>>;

    /// Number of values of a row that is a list.
    fn width(&self) -> usize;

    /// The place of a row in the request.
    fn place(&self, row: usize) -> Place<'a>;

    /// The place of all rows.
    fn place_of_all(&self) -> Place<'a> {
        Place { row: None, ..self.place(0) }
    }
}

/// The column of each position of a row: an index into the names of the row reader, or `None` if it does not know it.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    indices: Vec<Option<usize>>,
}

/// A list of rows.
#[derive(Debug)]
pub(crate) struct ListedRows<'a> {
    reader: Reader<'a>,
    name: &'a str,
    columns: Columns,
}

/// An object with a list of values for each column.
#[derive(Debug)]
pub(crate) struct ColumnRows<'a> {
    columns: Vec<Column<'a>>,
    name: &'a str,
}

#[derive(Debug)]
struct Column<'a> {
    index: usize,
    values: Reader<'a>,
}

impl Columns {
    /// The features in the order of the model.
    pub(crate) fn of_model(reader: &RowReader<'_>) -> Self {
        Self { indices: (0..reader.features.len()).map(Some).collect() }
    }

    pub(crate) fn len(&self) -> usize {
        self.indices.len()
    }

    pub(crate) fn indices(&self) -> &[Option<usize>] {
        &self.indices
    }

    /// Adds a column by its name. A column that the model does not know is passed over.
    pub(crate) fn add<'a>(
        &mut self,
        name: &str,
        reader: &RowReader<'a>,
        place: Place<'a>,
        violations: &mut Violations<'a>,
    ) -> Result<(), Refusal<'a>> {
        if self.len() == limits::COLUMNS {
            return Err(Refusal::too_large(format!("A table has at most {} columns", limits::COLUMNS)));
        }
        let index = reader.names().iter().position(|known| *known == name);
        if index.is_some() && self.indices.contains(&index) {
            let name = index.and_then(|index| reader.names().get(index));
            violations.add(InputRule::repeated(), Place { field: name.copied(), ..place }, None);
        }
        self.indices.push(index);
        Ok(())
    }

    /// Checks that each feature that must not be missing has a column.
    pub(crate) fn check<'a>(
        &self,
        reader: &RowReader<'a>,
        place: Place<'a>,
        violations: &mut Violations<'a>,
    ) {
        for (index, feature) in reader.features.iter().enumerate() {
            if feature.missing() == MissingPolicy::Reject && !self.indices.contains(&Some(index)) {
                violations.add(InputRule::Missing, place.field(feature.name()), None);
            }
        }
    }
}

impl<'a> ListedRows<'a> {
    /// The rows of a list, from its text; `name` is that of the list in the request.
    pub(crate) fn new(name: &'a str, text: &'a str, columns: Columns) -> Result<Self, Refusal<'a>> {
        Ok(Self { reader: list(text, Place::list(name))?, name, columns })
    }
}

impl<'a> RowSource<'a> for ListedRows<'a> {
    fn next(&mut self, fields: &mut Fields<'a>, names: &[&str]) -> Result<bool, Refusal<'a>> {
        let more = self.reader.next_element()?;
        if more {
            fields.read_row(&mut self.reader, names, self.columns.indices())?;
        }
        Ok(more)
    }

    fn width(&self) -> usize {
        self.columns.len()
    }

    fn place(&self, row: usize) -> Place<'a> {
        Place::row(self.name, row)
    }
}

impl<'a> ColumnRows<'a> {
    /// The columns of an object, from its text; `name` is that of the object in the request.
    pub(crate) fn new(
        name: &'a str,
        text: &'a str,
        reader: &RowReader<'a>,
        violations: &mut Violations<'a>,
    ) -> Result<Self, Refusal<'a>> {
        let place = Place::list(name);
        let fields = Fields::of_text(text, reader.names())?;
        let mut columns = Vec::new();
        for (element, texts) in fields.iter() {
            if let Some(name) = element.repeated.and_then(|index| reader.names().get(index)) {
                violations.add(InputRule::repeated(), place.field(name), None);
            }
            for (index, (text, name)) in texts.iter().zip(reader.names()).enumerate() {
                if let Some(text) = text {
                    columns.push(Column { index, values: list(text, place.field(name))? });
                }
            }
        }
        let indices = columns.iter().map(|column| Some(column.index)).collect();
        Columns { indices }.check(reader, place, violations);
        Ok(Self { columns, name })
    }
}

impl<'a> RowSource<'a> for ColumnRows<'a> {
    fn next(&mut self, fields: &mut Fields<'a>, names: &[&str]) -> Result<bool, Refusal<'a>> {
        let mut ended = 0;
        for column in &mut self.columns {
            ended += usize::from(!column.values.next_element()?);
        }
        if ended == self.columns.len() {
            return Ok(false);
        }
        if ended > 0 {
            let rule = InputRule::own("column_length", "All columns should have the same number of values");
            return Err(Violations::one(rule, self.place_of_all(), None).into());
        }
        let mut values = Vec::with_capacity(names.len());
        for column in &mut self.columns {
            values.push((Some(column.index), column.values.skip()?));
        }
        fields.push(values.into_iter());
        Ok(true)
    }

    fn width(&self) -> usize {
        self.columns.len()
    }

    fn place(&self, row: usize) -> Place<'a> {
        Place::row(self.name, row)
    }
}

/// A reader inside the list of a text.
fn list<'a>(text: &'a str, place: Place<'a>) -> Result<Reader<'a>, Refusal<'a>> {
    let mut reader = Reader::new(text);
    if reader.next_type()? != JsonType::Array {
        return Err(Violations::one(InputRule::NotAList, place, None).into());
    }
    reader.begin_array()?;
    Ok(reader)
}
