//! Numbers of the file format, version 1: offsets, sizes, sections and codes.

use std::fmt;

/// Version that this crate reads and writes.
pub const FORMAT_VERSION: u32 = 1;

/// First eight bytes. They are no text, so a transfer in text mode damages them.
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

/// Kind of a section. Readers ignore unknown kinds, so a file may carry more than a reader knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// All texts, UTF-8.
    Strings = 1,
    /// The record of the model.
    Model = 2,
    /// Features in model order.
    Features = 3,
    /// Categories of the categorical features.
    Categories = 4,
    /// Other codings of the same features, which the service translates.
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
    /// Reference profile: one entry per feature, then one for the score.
    Profile = 12,
    /// Edges and shares that the profile points to.
    ProfileValues = 13,
    /// Rows with expected scores.
    SelfCheck = 14,
    /// Provenance and quality as JSON.
    Metadata = 15,
    /// How the trees of an ensemble make a score.
    Ensemble = 16,
    /// Expected value of each tree node, for explanations.
    NodeMeans = 17,
    /// Features that are computed from others.
    Derivations = 18,
    /// The form of the application's requests and responses.
    Interface = 19,
    /// The abilities of the component that scores.
    Imported = 20,
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Declares codes that a file holds as u32.
macro_rules! codes {
    ($( $(#[$meta:meta])* $vis:vis enum $name:ident {
        $( $(#[$vmeta:meta])* $variant:ident = $code:literal, )+
    } )+) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $vis enum $name { $( $(#[$vmeta])* $variant = $code, )+ }

        impl $name {
            /// The member with this code.
            pub(crate) const fn from_code(code: u32) -> Option<Self> {
                match code { $( $code => Some(Self::$variant), )+ _ => None }
            }
        }
    )+ };
}

codes! {
    /// How columns become a score.
    pub enum Algorithm {
        /// Logistic of a weighted sum of the columns; two classes.
        LogisticRegression = 1,
        /// Votes, mean or sum of decision trees; two classes.
        TreeEnsemble = 2,
        /// Another component scores, and the artefact describes it; 2 to 16 classes.
        Imported = 3,
    }

    /// How the leaves that a row reaches, one per tree, become a score.
    pub enum Aggregate {
        /// Share of the trees whose leaf is 1; leaves are 0 or 1.
        Vote = 1,
        /// Mean of the leaves, which are probabilities.
        Mean = 2,
        /// Link of base + Σ leaves, added up in the order of the trees.
        Sum = 3,
    }

    /// How a sum becomes a probability.
    pub enum Link {
        /// The sum itself, clamped to 0 to 1.
        Identity = 1,
        /// 1 / (1 + exp(−sum)).
        Logistic = 2,
    }

    /// The test of a split.
    pub enum Test {
        /// value ≤ threshold
        AtMost = 1,
        /// value < threshold
        Below = 2,
    }

    /// Precision of a step of the computation, as in the program that made the trees.
    pub enum Precision {
        /// f64
        Double = 1,
        /// Rounded to f32.
        Single = 2,
    }

    /// How a feature is computed from the rows of its group, in the order of time.
    pub enum DerivationKind {
        /// Value minus the value `window` rows before; 0 if there is no such row.
        Delta = 1,
        /// Mean of the last `window` rows, or of all while there are fewer.
        RollingMean = 2,
        /// Sample standard deviation (n − 1) of the same rows; 0 for one row.
        RollingStd = 3,
    }

    /// Form of an application's requests.
    pub enum Style {
        /// One object per row, or a list of them under a name.
        Records = 1,
        /// Always a list under a name.
        Readings = 2,
    }

    /// The values that a feature takes.
    pub enum FeatureKind {
        /// Any number.
        Number = 1,
        /// A whole number.
        Integer = 2,
        /// A code from a list, written as a whole number.
        Category = 3,
    }

    /// What to do if a value is missing.
    pub enum MissingPolicy {
        /// Refuse the row.
        Reject = 1,
        /// Use the value that the feature states, and count it as missing.
        Impute = 2,
        /// Leave it to the component that scores, and count it as missing.
        Pass = 3,
    }

    /// How a column is made of its feature.
    pub(crate) enum ColumnKind {
        /// `(value − a) / b`
        Standardise = 1,
        /// 1 if the value equals `a`, else 0.
        Indicator = 2,
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
