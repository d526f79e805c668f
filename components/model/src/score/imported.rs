//! A scorer that is elsewhere: what the artefact says of it.

use crate::ArtefactError;
use crate::bytes::u32_at;
use crate::format::{Section, size};
use crate::model::content;
use crate::sections::Sections;

/// A component that scores.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Imported {
    /// Whether it can return contributions.
    pub(crate) explains: bool,
}

impl Imported {
    pub(crate) fn open(sections: &Sections<'_>) -> Result<Self, ArtefactError> {
        let record = sections.require(Section::Imported)?;
        match (record.len(), u32_at(record, 0), u32_at(record, 4)) {
            (size::IMPORTED, explains @ 0..=1, 0) => Ok(Self { explains: explains == 1 }),
            _ => Err(content(Section::Imported, 0, "not 0 or 1 and a zero")),
        }
    }
}
