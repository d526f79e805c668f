//! The string section.

use crate::ArtefactError;
use crate::bytes::index_at;
use crate::format::Section;
use crate::model::content;

/// All texts of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Texts<'a>(&'a str);

impl<'a> Texts<'a> {
    pub(crate) fn open(bytes: &'a [u8]) -> Result<Self, ArtefactError> {
        std::str::from_utf8(bytes).map(Self).map_err(|_| content(Section::Strings, 0, "not UTF-8"))
    }

    /// The text whose offset and length (u32 each) stand at `at`.
    pub(crate) fn at(self, record: &[u8], at: usize) -> &'a str {
        self.find(record, at).unwrap_or_default()
    }

    pub(crate) fn contains(self, record: &[u8], at: usize) -> bool {
        self.find(record, at).is_some()
    }

    fn find(self, record: &[u8], at: usize) -> Option<&'a str> {
        let (start, length) = (index_at(record, at), index_at(record, at + 4));
        self.0.get(start..start.checked_add(length)?)
    }
}
