//! Header, checksum and section table.

use portent_event::Digest;
use twox_hash::XxHash64;

use crate::ArtefactError;
use crate::bytes::{Records, index_at, u32_at, u64_at};
use crate::format::{
    CHECKSUM_AT, DIGEST_AT, FORMAT_VERSION, HEADER_BYTES, LENGTH_AT, MAGIC, MAX_SECTIONS, SECTION_COUNT_AT,
    SECTION_ENTRY_BYTES, Section, VERSION_AT,
};

/// A file whose header, checksum and section table have been checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sections<'a> {
    file: &'a [u8],
    table: Records<'a>,
    digest: Digest,
}

/// How much of a file is looked at before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checking {
    /// All of it.
    Whole,
    /// What does not grow with the trees: for bytes that have been checked before.
    Frame,
}

impl<'a> Sections<'a> {
    pub(crate) fn open(file: &'a [u8], checking: Checking) -> Result<Self, ArtefactError> {
        if file.len() < HEADER_BYTES || !file.starts_with(&MAGIC) {
            return Err(ArtefactError::Magic);
        }
        let version = u32_at(file, VERSION_AT);
        if version != FORMAT_VERSION {
            return Err(ArtefactError::Version(version));
        }
        let (actual, stated) = (file.len() as u64, u64_at(file, LENGTH_AT));
        if actual != stated {
            return Err(ArtefactError::Length { actual, stated });
        }
        if checking == Checking::Whole && u64_at(file, CHECKSUM_AT) != checksum(file) {
            return Err(ArtefactError::Checksum);
        }
        let table = section_table(file)?;
        let mut digest = Digest([0; 32]);
        digest.0.copy_from_slice(&file[DIGEST_AT..DIGEST_AT + 32]);
        Ok(Self { file, table, digest })
    }

    pub(crate) fn digest(&self) -> Digest {
        self.digest
    }

    /// Bytes of a section, empty if the file has none of that kind.
    pub(crate) fn get(&self, section: Section) -> &'a [u8] {
        let entry = self.table.iter().find(|entry| u32_at(entry, 0) == section as u32);
        entry.and_then(|entry| slice(self.file, entry)).unwrap_or_default()
    }

    /// Bytes of a section that must be there.
    pub(crate) fn require(&self, section: Section) -> Result<&'a [u8], ArtefactError> {
        match self.get(section) {
            [] => Err(ArtefactError::MissingSection(section)),
            bytes => Ok(bytes),
        }
    }

    /// A section as records of `size` bytes.
    pub(crate) fn records(&self, section: Section, size: usize) -> Result<Records<'a>, ArtefactError> {
        Records::new(self.get(section), size).ok_or(uneven(section))
    }

    /// A section as arrays of `N` bytes.
    pub(crate) fn arrays<const N: usize>(&self, section: Section) -> Result<&'a [[u8; N]], ArtefactError> {
        match self.get(section).as_chunks() {
            (arrays, []) => Ok(arrays),
            _ => Err(uneven(section)),
        }
    }
}

/// XXH64 over the header before the checksum, then, seeded with that, over everything behind the header.
/// Fast enough to run at every instance start; the SHA-256 is for naming, and is verified offline.
pub(crate) fn checksum(file: &[u8]) -> u64 {
    let (header, content) = file.split_at(HEADER_BYTES.min(file.len()));
    let seed = XxHash64::oneshot(0, header.get(..CHECKSUM_AT).unwrap_or_default());
    XxHash64::oneshot(seed, content)
}

fn section_table(file: &[u8]) -> Result<Records<'_>, ArtefactError> {
    let count = u32_at(file, SECTION_COUNT_AT);
    if count > MAX_SECTIONS {
        return Err(ArtefactError::SectionTable(count));
    }
    let end = HEADER_BYTES + index_at(file, SECTION_COUNT_AT) * SECTION_ENTRY_BYTES;
    let table = file.get(HEADER_BYTES..end).and_then(|bytes| Records::new(bytes, SECTION_ENTRY_BYTES));
    let table = table.ok_or(ArtefactError::SectionTable(0))?;
    let (mut last_kind, mut last_end) = (0, end);
    for (entry, number) in table.iter().zip(0..) {
        let (kind, start) = (u32_at(entry, 0), index_at(entry, 4));
        let bytes = slice(file, entry).ok_or(ArtefactError::SectionTable(number))?;
        let ordered = kind > last_kind && start >= last_end && start.is_multiple_of(8);
        if !ordered || u32_at(entry, 12) != 0 {
            return Err(ArtefactError::SectionTable(number));
        }
        (last_kind, last_end) = (kind, start + bytes.len());
    }
    Ok(table)
}

fn uneven(section: Section) -> ArtefactError {
    ArtefactError::Content { section, record: 0, rule: "length is not a multiple of the record size" }
}

fn slice<'a>(file: &'a [u8], entry: &[u8]) -> Option<&'a [u8]> {
    let (start, length) = (index_at(entry, 4), index_at(entry, 8));
    file.get(start..start.checked_add(length)?)
}
