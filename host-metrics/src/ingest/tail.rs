//! Events from files: every line that a followed file gains is counted.
//!
//! A file is known by device and inode for as long as it is held open, so it can be renamed without being
//! read again, and its inode cannot be given to another file meanwhile. How far each file is read is kept with
//! the counts: after a restart reading goes on there, wherever in its directory the file is by then. Files that
//! are not known are read from their beginning.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use portent_counts::file_position::{FileIdentity, FilePosition};
use portent_counts::registry::Limit;
use tokio::sync::oneshot;
use tokio::task::JoinError;
use tokio_util::sync::CancellationToken;

use super::follower::Follower;
use crate::aggregator::Aggregator;

/// Most files followed at once.
const FILES: usize = 1024;

/// Most entries of a directory that are searched for a renamed file.
const ENTRIES: usize = 65_536;

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

/// The files being followed.
#[derive(Debug)]
struct Tailer {
    options: TailOptions,
    aggregator: Aggregator,
    followers: BTreeMap<FileIdentity, Follower>,
    /// Files that an earlier run followed and that were not found yet.
    known: BTreeMap<FileIdentity, FilePosition>,
    /// Files ignored because there are too many.
    ignored: BTreeSet<FileIdentity>,
}

/// Follows files until `shutdown` is cancelled, then reads them to their end. Tells `is_caught_up` once the bytes that were
/// there at the start are read.
///
/// # Errors
/// If a look at the files panics.
pub(crate) async fn follow(
    options: TailOptions,
    aggregator: Aggregator,
    is_caught_up: oneshot::Sender<()>,
    shutdown: CancellationToken,
) -> Result<(), JoinError> {
    let interval = options.interval;
    let mut tailer = Tailer::new(options, aggregator);
    let mut is_caught_up = Some(is_caught_up);
    loop {
        let last = shutdown.is_cancelled();
        tailer = tokio::task::spawn_blocking(move || {
            tailer.look();
            tailer
        })
        .await?;
        // Nobody may be waiting.
        is_caught_up.take().map(|waiting| waiting.send(()).ok());
        if last {
            return Ok(());
        }
        shutdown.run_until_cancelled(tokio::time::sleep(interval)).await;
    }
}

impl Tailer {
    fn new(options: TailOptions, aggregator: Aggregator) -> Self {
        let known = aggregator.file_positions();
        let (followers, ignored) = (BTreeMap::new(), BTreeSet::new());
        Self { options, aggregator, followers, known, ignored }
    }

    /// Reads everything that is new.
    fn look(&mut self) {
        let paths = self.find();
        self.find_renamed(&paths);
        // A file that was renamed or removed is read before its successor.
        for (identity, follower) in &mut self.followers {
            follower.set_present(paths.contains_key(identity));
            follower.read(&self.aggregator);
        }
        let linger = self.options.linger;
        self.followers.retain(|_, follower| {
            let is_over = follower.is_over(linger);
            if is_over {
                follower.close(&self.aggregator);
            }
            !is_over
        });
        self.ignored.retain(|identity| paths.contains_key(identity));
        for (identity, path) in paths {
            self.adopt(identity, &path);
        }
        let lag = self.followers.values().map(Follower::lag).sum();
        self.aggregator.set_tail(self.followers.len() as u64, lag);
    }

    /// The regular files that match now. Others, such as pipes, could block the reader.
    fn find(&self) -> BTreeMap<FileIdentity, PathBuf> {
        let patterns = self.options.patterns.iter();
        let paths = patterns.filter_map(|pattern| glob::glob(pattern).ok()).flatten().filter_map(Result::ok);
        paths.filter_map(|path| Some((identify(&path)?, path))).collect()
    }

    /// At the first look: files that were renamed while nothing followed them are read to their end too. Another
    /// file may have the number of one that is gone, such as the compressed copy that a rotation makes of it.
    fn find_renamed(&mut self, paths: &BTreeMap<FileIdentity, PathBuf>) {
        let missing: Vec<_> = self.known.keys().filter(|known| !paths.contains_key(known)).copied().collect();
        for identity in missing {
            let Some(position) = self.known.remove(&identity) else { continue };
            let found = siblings(position.path())
                .find(|path| identify(path) == Some(identity) && Follower::is_of(path, identity, &position));
            match found {
                Some(path) => self.follow(identity, &path, position),
                None => {
                    tracing::warn!(path = %position.path().display(), "gone, with whatever was not read");
                    self.aggregator.forget_file(identity, false);
                }
            }
        }
    }

    fn adopt(&mut self, identity: FileIdentity, path: &Path) {
        if self.followers.contains_key(&identity) {
            return;
        }
        if self.followers.len() >= FILES && !self.make_room() {
            if self.ignored.insert(identity) {
                tracing::warn!(limit = FILES, path = %path.display(), "too many files to follow");
                self.aggregator.hit(Limit::TailFiles);
            }
            return;
        }
        let position = self.known.remove(&identity).unwrap_or_else(|| FilePosition::start(path));
        self.follow(identity, path, position);
    }

    fn follow(&mut self, identity: FileIdentity, path: &Path, position: FilePosition) {
        match Follower::open(path, identity, position.clone()) {
            Ok(mut follower) => {
                tracing::info!(path = %path.display(), "following");
                follower.read(&self.aggregator);
                self.followers.insert(identity, follower);
            }
            Err(error) => {
                tracing::debug!(path = %path.display(), %error, "cannot follow");
                // The next look tries again, and must not begin at the start.
                if position.offset() > 0 {
                    self.known.insert(identity, position);
                }
            }
        }
    }

    /// Gives up the absent file that has been silent for the longest.
    fn make_room(&mut self) -> bool {
        let absent = self.followers.iter().filter_map(|(identity, f)| Some((f.absent_since()?, *identity)));
        let longest: Option<(Instant, FileIdentity)> = absent.min();
        longest.is_some_and(|(_, identity)| {
            self.followers.remove(&identity).inspect(|follower| follower.close(&self.aggregator)).is_some()
        })
    }
}

fn identify(path: &Path) -> Option<FileIdentity> {
    std::fs::metadata(path).ok().filter(Metadata::is_file).map(|metadata| FileIdentity::of(&metadata))
}

/// The entries of the directory that a path lies in.
fn siblings(path: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = path.parent().and_then(|directory| std::fs::read_dir(directory).ok());
    entries.into_iter().flatten().take(ENTRIES).filter_map(|entry| Some(entry.ok()?.path()))
}

#[cfg(test)]
mod tests;
