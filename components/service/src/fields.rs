//! Objects with named fields, as texts: nothing is judged yet.

use crate::json::{JsonError, Kind, Reader};

/// Elements of a list, each with the texts of the fields that were asked for.
#[derive(Debug, Default)]
pub(crate) struct Fields<'a> {
    /// One entry a name, element after element.
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
    /// Index of a name that was there twice.
    pub(crate) repeated: Option<usize>,
}

impl<'a> Fields<'a> {
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

    /// Reads the next value. Of an object it keeps the fields with these `names` and passes over others.
    pub(crate) fn read(&mut self, reader: &mut Reader<'a>, names: &[&str]) -> Result<(), JsonError> {
        let start = self.values.len();
        self.values.resize(start + names.len(), None);
        let is_object = reader.kind()? == Kind::Object;
        let begin = reader.mark();
        let mut repeated = None;
        if is_object {
            reader.begin_object()?;
            // Fields mostly come in the order of the names: looking at the next one first finds them at once.
            let mut next = 0;
            while let Some(key) = reader.next_key()? {
                let in_order = names.get(next).is_some_and(|name| *name == key);
                let found = if in_order { Some(next) } else { names.iter().position(|name| *name == key) };
                let text = reader.skip()?;
                let Some(index) = found else { continue };
                if self.values[start + index].replace(text).is_some() {
                    repeated = Some(index);
                }
                next = index + 1;
            }
        } else {
            reader.skip()?;
        }
        self.elements.push(Element { text: reader.since(begin), is_object, repeated });
        Ok(())
    }
}
