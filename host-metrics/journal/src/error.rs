//! What can go wrong at the start, and after it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a journal cannot be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StateError {
    /// Another process, or another journal of this one, holds the directory.
    #[error("{}: held by another process; end it, or give this one a directory of its own", .path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("{}: cannot {action}: {error}", .path.display())]
    Io {
        /// File or directory.
        path: PathBuf,
        /// What was tried, as a verb.
        action: &'static str,
        /// The operating system's reason.
        error: io::Error,
    },
    /// The file does not hold what was written.
    #[error(
        "{}: corrupt at byte {offset}: {reason}; to start from zero move {} away, to keep what is intact see \
         docs/state.md",
        .path.display(), directory_of(.path).display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// Where in the file, in bytes from its start.
        offset: u64,
        /// The rule that is broken.
        reason: String,
    },
    /// The file was written by a newer program.
    #[error(
        "{}: format version {found}, but this program reads version {supported}; run the newer program, or move {} \
         away to start from zero",
        .path.display(), directory_of(.path).display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// Version of the file.
        found: u32,
        /// Version that this program reads and writes.
        supported: u32,
    },
}

/// Storage cannot keep what it is given, for now: nothing is durable until a snapshot has been written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("storage has failed: {reason}")]
pub struct StorageFailed {
    /// The path and the reason, in words.
    pub reason: String,
}

fn directory_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}
