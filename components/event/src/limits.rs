//! Bounds of the event line, for components and aggregator.

/// Longest line, with its newline, that the component writes. One `write` of WASI 0.2 carries this much,
/// so lines of concurrent instances cannot interleave in a shared log file.
pub const EMITTED_LINE_BYTES: usize = 4096;

/// Longest line that the aggregator reads; longer ones are refused and counted.
pub const ACCEPTED_LINE_BYTES: usize = 64 * 1024;

/// Longest application name, version or request id, in bytes.
pub const NAME_BYTES: usize = 64;

/// Most classes of a model.
pub const CLASSES: usize = 16;

/// Most features of a model.
pub const FEATURES: usize = 256;

/// Most reference bins of a feature or of the score.
pub const BINS: usize = 32;

/// Most rows of one request.
pub const ROWS: u32 = 100_000;

/// Longest duration of a request or a stage, in nanoseconds: a day.
pub const DURATION_NANOS: u64 = 86_400_000_000_000;
