//! The bytes of a file: header, checksum, section table, and the records and texts of a section.
//!
//! A read out of bounds cannot happen after the checks of `Model::open`. If one did, it would yield zero and not panic.

use portent_event::Digest;
use twox_hash::XxHash64;

use crate::error::{ArtefactError, check};
use crate::format::{
    CHECKSUM_AT, DIGEST_AT, FORMAT_VERSION, HEADER_BYTES, LENGTH_AT, MAGIC, MAX_SECTIONS, SECTION_COUNT_AT,
    SECTION_ENTRY_BYTES, Section, VERSION_AT,
};

/// A file whose header, checksum and section table have been checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sections<'a> {
    file: &'a [u8],
    table: Records<'a>,
    pub(crate) digest: Digest,
}

/// How much of a file is checked before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Checking {
    /// All of it.
    Whole,
    /// Everything that does not grow with the trees, for bytes that have been checked before.
    Frame,
}

/// Records of equal size, viewed in place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Records<'a> {
    bytes: &'a [u8],
    size: usize,
}

/// All texts of the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Texts<'a>(&'a str);

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

    /// Bytes of a section; empty if the file has none of that kind.
    pub(crate) fn get(&self, section: Section) -> &'a [u8] {
        let entry = self.table.iter().find(|entry| u32_at(entry, 0) == section as u32);
        entry.and_then(|entry| slice(self.file, entry)).unwrap_or_default()
    }

    /// Bytes of a required section.
    pub(crate) fn require(&self, section: Section) -> Result<&'a [u8], ArtefactError> {
        match self.get(section) {
            [] => Err(ArtefactError::MissingSection(section)),
            bytes => Ok(bytes),
        }
    }

    /// A section as records of `size` bytes.
    pub(crate) fn records(&self, section: Section, size: usize) -> Result<Records<'a>, ArtefactError> {
        let bytes = self.get(section);
        check(bytes.len().is_multiple_of(size), section, 0, "length is not a multiple of the record size")?;
        Ok(Records { bytes, size })
    }

    /// A section as arrays of `N` bytes.
    pub(crate) fn arrays<const N: usize>(&self, section: Section) -> Result<&'a [[u8; N]], ArtefactError> {
        Ok(self.records(section, N)?.bytes.as_chunks().0)
    }

    /// The section of all texts.
    pub(crate) fn texts(&self) -> Result<Texts<'a>, ArtefactError> {
        let text = std::str::from_utf8(self.require(Section::Strings)?);
        check(text.is_ok(), Section::Strings, 0, "not UTF-8")?;
        Ok(Texts(text.unwrap_or_default()))
    }
}

impl<'a> Records<'a> {
    pub(crate) fn len(self) -> usize {
        self.bytes.len() / self.size
    }

    pub(crate) fn get(self, index: usize) -> &'a [u8] {
        self.range(index, 1).bytes
    }

    /// `count` records from `start` on; none if any of them does not exist.
    pub(crate) fn range(self, start: usize, count: usize) -> Self {
        let (start, length) = (start.saturating_mul(self.size), count.saturating_mul(self.size));
        let bytes = self.bytes.get(start..start.saturating_add(length)).unwrap_or_default();
        Self { bytes, size: self.size }
    }

    pub(crate) fn iter(self) -> std::slice::ChunksExact<'a, u8> {
        self.bytes.chunks_exact(self.size)
    }
}

impl<'a> Texts<'a> {
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

/// XXH64 over the header before the checksum, then, seeded with that, over everything behind the header.
/// It is fast enough to run at every instance start. The SHA-256 names the file and is verified offline.
pub(crate) fn checksum(file: &[u8]) -> u64 {
    let (header, content) = file.split_at(HEADER_BYTES.min(file.len()));
    let seed = XxHash64::oneshot(0, header.get(..CHECKSUM_AT).unwrap_or_default());
    XxHash64::oneshot(seed, content)
}

/// SHA-256 of everything behind the header.
#[cfg(feature = "write")]
pub(crate) fn digest(file: &[u8]) -> Digest {
    use sha2::Digest as _;
    Digest(sha2::Sha256::digest(file.get(HEADER_BYTES..).unwrap_or_default()).into())
}

fn section_table(file: &[u8]) -> Result<Records<'_>, ArtefactError> {
    let count = u32_at(file, SECTION_COUNT_AT);
    if count > MAX_SECTIONS {
        return Err(ArtefactError::SectionTable(count));
    }
    let end = HEADER_BYTES + index_at(file, SECTION_COUNT_AT) * SECTION_ENTRY_BYTES;
    let bytes = file.get(HEADER_BYTES..end).ok_or(ArtefactError::SectionTable(0))?;
    let table = Records { bytes, size: SECTION_ENTRY_BYTES };
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

fn slice<'a>(file: &'a [u8], entry: &[u8]) -> Option<&'a [u8]> {
    let (start, length) = (index_at(entry, 4), index_at(entry, 8));
    file.get(start..start.checked_add(length)?)
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes)
}

pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|b| b.try_into().ok()).map_or(0, u64::from_le_bytes)
}

pub(crate) fn f64_at(bytes: &[u8], at: usize) -> f64 {
    f64::from_bits(u64_at(bytes, at))
}

/// A u32 as an index.
pub(crate) fn index_at(bytes: &[u8], at: usize) -> usize {
    usize::try_from(u32_at(bytes, at)).unwrap_or(usize::MAX)
}
