//! Errors of opening a journal, and of keeping what is appended to it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a journal cannot be opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
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

/// Storage cannot keep records at present. Nothing becomes durable until a checkpoint has been written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("storage has failed: {reason}")]
pub struct StorageFailed {
    /// The path and the reason, in words.
    pub reason: String,
}

impl JournalError {
    /// Turns an error of the operating system into one that names the file.
    pub(crate) fn io(path: &Path, action: &'static str) -> impl Fn(io::Error) -> Self {
        move |error| Self::Io { path: path.to_owned(), action, error }
    }

    pub(crate) fn corrupt(path: &Path, offset: u64, reason: impl Into<String>) -> Self {
        Self::Corrupt { path: path.to_owned(), offset, reason: reason.into() }
    }
}

fn directory_of(path: &Path) -> &Path {
    path.parent().unwrap_or(path)
}
