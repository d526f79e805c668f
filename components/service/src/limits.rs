//! Limits of one request. Those that the document of the API states come from `portent_openapi`.

pub use portent_openapi::contract::{BATCH_ROWS, BODY_BYTES, EXPLAINED_ROWS, RAW_VALUE, WHOLE_NUMBER};

/// Most columns of a table whose columns the request names, including those that the model does not know.
pub const COLUMNS: usize = 1_024;

/// Most violations listed in one answer. The last entry has the number of others.
pub const VIOLATIONS: usize = 1_000;

/// Longest input value, in bytes of JSON, that a violation echoes. A longer one reads `null`.
pub const ECHOED_INPUT_BYTES: usize = 1_024;

/// Deepest nesting of arrays and objects in JSON.
pub const DEPTH: usize = 64;

/// Longest string in JSON, in bytes as sent.
pub const STRING_BYTES: usize = 64 * 1024;

/// Most categories of a feature that a scorer describes.
pub const CATEGORIES: usize = 256;

/// Most characters of a unit or of a category's meaning that a scorer describes.
pub const LABEL_CHARACTERS: usize = 64;

/// How far a scorer's scores may lie outside 0 to 1, and their sum from 1: the rounding of single precision.
pub const SCORE_TOLERANCE: f64 = 1e-6;

/// Characters of a scorer's reason in an answer.
pub const SCORER_REASON_CHARACTERS: usize = 200;

/// Characters of a scorer's failure in the log.
pub const SCORER_LOG_CHARACTERS: usize = 1_000;
