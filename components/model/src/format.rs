//! Numbers of the file format, version 1.

use std::fmt;

/// Version that this crate reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// First eight bytes: not text, so that no transfer in text mode goes unnoticed.
pub(crate) const MAGIC: [u8; 8] = *b"\x89PORTNT\n";

/// Bytes before the section table.
pub(crate) const HEADER_BYTES: usize = 64;

/// Offset in the header of the format version (u32).
pub(crate) const VERSION_AT: usize = 8;
/// Offset in the header of the number of sections (u32).
pub(crate) const SECTION_COUNT_AT: usize = 12;
/// Offset in the header of the length of the file (u64).
pub(crate) const LENGTH_AT: usize = 16;
/// Offset in the header of the SHA-256 of everything behind the header.
pub(crate) const DIGEST_AT: usize = 24;
/// Offset in the header of the XXH64 of the header before it and of everything behind the header.
pub(crate) const CHECKSUM_AT: usize = 56;

/// Bytes of one entry of the section table: kind, offset, length, zero (u32 each).
pub(crate) const SECTION_ENTRY_BYTES: usize = 16;

/// Most sections of a file.
pub(crate) const MAX_SECTIONS: u32 = 64;

/// Kind of a section. Unknown kinds are passed over, so that a file may carry more than a reader knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// All texts, UTF-8.
    Strings = 1,
    /// The model's own record.
    Model = 2,
    /// Features in model order.
    Features = 3,
    /// Categories of the categorical features.
    Categories = 4,
    /// Other codings of the same features that the service may translate.
    Encodings = 5,
    /// Single translations of those codings.
    Mappings = 6,
    /// Classes in model order.
    Classes = 7,
    /// Model columns: how each is made of a feature.
    Columns = 8,
    /// Parameters of a linear model.
    Linear = 9,
    /// Nodes of a tree ensemble.
    TreeNodes = 10,
    /// Roots of a tree ensemble.
    TreeRoots = 11,
    /// Reference profile: one entry a feature, then one for the score.
    Profile = 12,
    /// Edges and shares that the profile points to.
    ProfileValues = 13,
    /// Rows with expected scores.
    SelfCheck = 14,
    /// Provenance and quality as JSON, for people and cards.
    Metadata = 15,
    /// How the trees of an ensemble make a score.
    Ensemble = 16,
    /// Expected value of each tree node, for explanations.
    NodeMeans = 17,
    /// Features that are computed from others.
    Derivations = 18,
    /// The application's form of requests and answers.
    Interface = 19,
    /// What a component that scores can do.
    Imported = 20,
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Bits of a tree node's flags. A leaf has none.
pub(crate) mod flag {
    /// The node is a split.
    pub(crate) const SPLIT: u16 = 1;
    /// A missing value goes to the first child, as if the test held.
    pub(crate) const MISSING_HOLDS: u16 = 2;
}

/// Bytes of each fixed record.
pub(crate) mod size {
    pub(crate) const MODEL: usize = 64;
    pub(crate) const FEATURE: usize = 80;
    pub(crate) const CATEGORY: usize = 16;
    pub(crate) const ENCODING: usize = 16;
    pub(crate) const MAPPING: usize = 24;
    pub(crate) const CLASS: usize = 16;
    pub(crate) const COLUMN: usize = 24;
    pub(crate) const VALUE: usize = 8;
    pub(crate) const PROFILE: usize = 8;
    pub(crate) const NODE: usize = 16;
    pub(crate) const ROOT: usize = 8;
    pub(crate) const ENSEMBLE: usize = 32;
    pub(crate) const DERIVATION: usize = 16;
    pub(crate) const INTERFACE: usize = 48;
    pub(crate) const IMPORTED: usize = 8;
}
