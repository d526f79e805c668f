//! Objects with named fields and lists of values, as texts that are not validated yet.

use crate::json::{JsonError, JsonType, NextKey, Reader};
use crate::violation::{InputRule, Place, Violations};

/// Number of elements that are parsed before they are validated, so that a large list takes little memory.
pub(crate) const CHUNK: usize = 256;

/// Elements of a list, each with the texts of the fields of certain names.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a> {
    /// One entry per name, element after element.
    values: Vec<Option<&'a str>>,
    elements: Vec<Element<'a>>,
    width: usize,
}

/// One element.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Element<'a> {
    /// All of it, as sent.
    pub(crate) text: &'a str,
    pub(crate) is_object: bool,
    /// Number of values, if it is a list that was read by position.
    pub(crate) length: Option<usize>,
    /// Index of a name that occurs twice.
    pub(crate) repeated: Option<usize>,
}

impl<'a> Fields<'a> {
    /// The one value of a text, read as [`Self::read`] does.
    pub(crate) fn of_text(text: &'a str, names: &[&str]) -> Result<Self, JsonError> {
        let mut fields = Self { width: names.len(), ..Self::default() };
        let mut reader = Reader::new(text);
        fields.read(&mut reader, names)?;
        reader.end()?;
        Ok(fields)
    }

    /// Forgets all elements; the next ones have this many names.
    pub(crate) fn clear(&mut self, width: usize) {
        self.values.clear();
        self.elements.clear();
        self.width = width;
    }

    pub(crate) fn len(&self) -> usize {
        self.elements.len()
    }

    /// The elements with their values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Element<'a>, &[Option<&'a str>])> {
        self.elements.iter().copied().zip(self.values.chunks_exact(self.width.max(1)))
    }

    /// Forgets all elements and reads the next ones of a list that has been entered, at most [`CHUNK`] of them.
    /// Whether there may be more.
    pub(crate) fn read_chunk(&mut self, reader: &mut Reader<'a>, names: &[&str]) -> Result<bool, JsonError> {
        self.clear(names.len());
        while self.len() < CHUNK {
            if !reader.next_element()? {
                return Ok(false);
            }
            self.read(reader, names)?;
        }
        Ok(true)
    }

    /// Reads the next value. Of an object it keeps the fields with these `names` and passes over others.
    pub(crate) fn read(&mut self, reader: &mut Reader<'a>, names: &[&str]) -> Result<(), JsonError> {
        self.read_element(reader, names, None)
    }

    /// Reads the next value as [`Self::read`] does. Of a list it keeps each value at the index that `columns` has for
    /// its position, and passes over those without an index.
    pub(crate) fn read_row(
        &mut self,
        reader: &mut Reader<'a>,
        names: &[&str],
        columns: &[Option<usize>],
    ) -> Result<(), JsonError> {
        self.read_element(reader, names, Some(columns))
    }

    /// Adds a list of values that is not JSON, placed as in [`Self::read_row`].
    pub(crate) fn push(&mut self, values: impl Iterator<Item = (Option<usize>, &'a str)>) {
        let start = self.values.len();
        self.values.resize(start + self.width, None);
        let mut length = 0;
        for (column, value) in values {
            place(&mut self.values[start..], column, value);
            length += 1;
        }
        self.elements.push(Element { text: "", is_object: false, length: Some(length), repeated: None });
    }

    fn read_element(
        &mut self,
        reader: &mut Reader<'a>,
        names: &[&str],
        columns: Option<&[Option<usize>]>,
    ) -> Result<(), JsonError> {
        let start = self.values.len();
        self.values.resize(start + self.width, None);
        self.elements.push(read_element(reader, names, columns, &mut self.values[start..])?);
        Ok(())
    }
}

/// The one value of a text, and the texts of its fields with these names if it is an object.
pub(crate) fn members<'a, const N: usize>(
    text: &'a str,
    names: &[&str; N],
) -> Result<(Element<'a>, [Option<&'a str>; N]), JsonError> {
    let (mut reader, mut values) = (Reader::new(text), [None; N]);
    let element = read_element(&mut reader, names, None, &mut values)?;
    reader.end()?;
    Ok((element, values))
}

/// The texts of the fields of an object, each of which may occur once; `place` is that of the object.
pub(crate) fn object_members<'a, const N: usize>(
    text: &'a str,
    names: &[&'static str; N],
    place: Place<'a>,
) -> Result<[Option<&'a str>; N], Violations<'a>> {
    let (element, members) = members(text, names)?;
    if !element.is_object {
        return Err(Violations::one(InputRule::NotAnObject, place, None));
    }
    match element.repeated.and_then(|index| names.get(index)) {
        Some(name) => Err(Violations::one(InputRule::repeated(), place.field(name), None)),
        None => Ok(members),
    }
}

fn read_element<'a>(
    reader: &mut Reader<'a>,
    names: &[&str],
    columns: Option<&[Option<usize>]>,
    values: &mut [Option<&'a str>],
) -> Result<Element<'a>, JsonError> {
    let json_type = reader.next_type()?;
    let begin = reader.position();
    let (mut length, mut repeated) = (None, None);
    match (json_type, columns) {
        (JsonType::Object, _) => repeated = read_object(reader, names, values)?,
        (JsonType::Array, Some(columns)) => length = Some(read_list(reader, columns, values)?),
        _ => _ = reader.skip()?,
    }
    let is_object = json_type == JsonType::Object;
    Ok(Element { text: reader.since(begin), is_object, length, repeated })
}

fn read_object<'a>(
    reader: &mut Reader<'a>,
    names: &[&str],
    values: &mut [Option<&'a str>],
) -> Result<Option<usize>, JsonError> {
    reader.begin_object()?;
    let mut repeated = None;
    // Fields mostly come in the order of the names, so the next name is tried first.
    let mut next = 0;
    loop {
        let found = match reader.next_key_of(names.get(next).copied())? {
            NextKey::Expected => Some(next),
            NextKey::Other(key) => names.iter().position(|name| *name == key),
            NextKey::End => return Ok(repeated),
        };
        let text = reader.skip()?;
        let Some(index) = found else { continue };
        if values[index].replace(text).is_some() {
            repeated = Some(index);
        }
        next = index + 1;
    }
}

fn read_list<'a>(
    reader: &mut Reader<'a>,
    columns: &[Option<usize>],
    values: &mut [Option<&'a str>],
) -> Result<usize, JsonError> {
    reader.begin_array()?;
    let mut length = 0;
    while reader.next_element()? {
        place(values, columns.get(length).copied().flatten(), reader.skip()?);
        length += 1;
    }
    Ok(length)
}

fn place<'a>(values: &mut [Option<&'a str>], column: Option<usize>, text: &'a str) {
    if let Some(value) = column.and_then(|column| values.get_mut(column)) {
        *value = Some(text);
    }
}
