//! Events from files: every line that a followed file gains is counted.
//!
//! A file is known by device and inode for as long as it is held open, so it can be renamed without being
//! read again, and its inode cannot be given to another file meanwhile. Files that exist at the start are
//! read from their beginning: the counts are in memory, and that makes them anew.

mod follower;

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

use self::follower::Follower;
use crate::Aggregator;
use crate::scrape::Readiness;

/// Most files followed at once.
const FILES: usize = 256;

/// How files are followed.
#[derive(Clone, Debug)]
pub struct TailOptions {
    /// Paths and glob patterns.
    pub patterns: Vec<String>,
    /// Time between two looks.
    pub interval: Duration,
    /// How long a file that was renamed away or removed is still read after it last grew.
    pub linger: Duration,
}

/// Device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Identity {
    device: u64,
    inode: u64,
}

/// The files being followed.
#[derive(Debug)]
struct Tailer {
    options: TailOptions,
    aggregator: Aggregator,
    followers: BTreeMap<Identity, Follower>,
    warned_of_limit: bool,
}

/// Follows files until `shutdown` is cancelled, then reads them to their end. Ready once what was there at
/// the start is read.
///
/// # Errors
/// If a look at the files panics.
pub(crate) async fn follow(
    options: TailOptions,
    aggregator: Aggregator,
    readiness: Readiness,
    shutdown: CancellationToken,
) -> Result<(), JoinError> {
    let interval = options.interval;
    let mut tailer = Tailer::new(options, aggregator);
    loop {
        let last = shutdown.is_cancelled();
        tailer = tokio::task::spawn_blocking(move || {
            tailer.look();
            tailer
        })
        .await?;
        readiness.set_started();
        if last {
            return Ok(());
        }
        shutdown.run_until_cancelled(tokio::time::sleep(interval)).await;
    }
}

impl Tailer {
    fn new(options: TailOptions, aggregator: Aggregator) -> Self {
        Self { options, aggregator, followers: BTreeMap::new(), warned_of_limit: false }
    }

    /// Reads everything that is new.
    fn look(&mut self) {
        let paths = self.find();
        // What a file held before it was renamed or removed is read before its successor.
        for (identity, follower) in &mut self.followers {
            follower.set_present(paths.contains_key(identity));
            follower.read(&self.aggregator);
        }
        let linger = self.options.linger;
        self.followers.retain(|_, follower| !follower.give_up(linger, &self.aggregator));
        for (identity, path) in paths {
            self.adopt(identity, &path);
        }
        self.aggregator.set_tail_files(self.followers.len() as u64);
    }

    /// The regular files that match now. Others, such as pipes, could block the reader.
    fn find(&self) -> BTreeMap<Identity, PathBuf> {
        let patterns = self.options.patterns.iter();
        let paths = patterns.filter_map(|pattern| glob::glob(pattern).ok()).flatten().filter_map(Result::ok);
        paths
            .filter_map(|path| {
                let metadata = std::fs::metadata(&path).ok().filter(Metadata::is_file)?;
                Some((Identity::of(&metadata), path))
            })
            .collect()
    }

    fn adopt(&mut self, identity: Identity, path: &Path) {
        if self.followers.contains_key(&identity) {
            return;
        }
        if self.followers.len() >= FILES && !self.make_room() {
            if !std::mem::replace(&mut self.warned_of_limit, true) {
                tracing::warn!(limit = FILES, path = %path.display(), "too many files to follow");
            }
            return;
        }
        match Follower::open(path, identity) {
            Ok(mut follower) => {
                tracing::info!(path = %path.display(), "following");
                follower.read(&self.aggregator);
                self.followers.insert(identity, follower);
            }
            Err(error) => tracing::debug!(path = %path.display(), %error, "cannot follow"),
        }
    }

    /// Gives up the absent file that has been silent for the longest.
    fn make_room(&mut self) -> bool {
        let absent = self.followers.iter().filter_map(|(identity, f)| Some((f.absent_since()?, *identity)));
        let longest: Option<(Instant, Identity)> = absent.min();
        longest.is_some_and(|(_, identity)| {
            self.followers.remove(&identity).inspect(|follower| follower.close(&self.aggregator)).is_some()
        })
    }
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

#[cfg(test)]
mod tests;
