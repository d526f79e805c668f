//! A log that grows and is rotated, for the aggregator to follow.

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;

use super::lines::{APP, Lines};

/// Lines written at once, and the pause after: at most 10,000 lines a second.
const LINES: u64 = 1_000;
const PAUSE: Duration = Duration::from_millis(100);

/// Lines of a file before it is renamed.
const FILE_LINES: u64 = 100_000;

/// Renamed files that are kept. More lines than one file holds are never unread, so that none is lost.
const KEPT: usize = 3;

/// Writes lines to a file, renames it when it is long, and removes it when it is old.
#[derive(Debug)]
pub(super) struct TailWriter {
    directory: PathBuf,
    chunk: String,
    file: File,
    lines: u64,
    renamed: VecDeque<PathBuf>,
    renames: u64,
}

impl TailWriter {
    pub(super) fn new(directory: &Path, lines: &Lines) -> Result<Self> {
        let mut chunk = String::new();
        (0..LINES).for_each(|number| lines.write(&mut chunk, APP, number));
        let file = File::create(directory.join("events.log"))?;
        let directory = directory.to_owned();
        Ok(Self { directory, chunk, file, lines: 0, renamed: VecDeque::new(), renames: 0 })
    }

    /// Writes the next lines, unless too many are unread, and returns their number.
    pub(super) fn write(&mut self, unread: u64) -> Result<u64> {
        std::thread::sleep(PAUSE);
        if unread > FILE_LINES {
            return Ok(0);
        }
        if self.lines >= FILE_LINES {
            self.rename()?;
        }
        self.file.write_all(self.chunk.as_bytes())?;
        self.lines += LINES;
        Ok(LINES)
    }

    fn rename(&mut self) -> Result<()> {
        let path = self.directory.join("events.log");
        let renamed = self.directory.join(format!("events.{}.log", self.renames));
        std::fs::rename(&path, &renamed)?;
        (self.file, self.lines, self.renames) = (File::create(path)?, 0, self.renames + 1);
        self.renamed.push_back(renamed);
        if self.renamed.len() > KEPT
            && let Some(oldest) = self.renamed.pop_front()
        {
            std::fs::remove_file(oldest)?;
        }
        Ok(())
    }
}
