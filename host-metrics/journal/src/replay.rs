//! The start: finding the newest snapshot, replaying the logs behind it, and making the directory ready.

use std::sync::Arc;

use super::disk::Disk;
use super::format::{FRAME_HEADER_BYTES, records};
use super::log::{LogEnd, LogReader, Next, Opened};
use super::progress::Counts;
use super::store::{EMPTY_LOG_BYTES, Generations, LogWriter, Store};
use super::{Replay, ReplayFn, StateError, snapshot};

/// A directory that has been replayed, and the log to go on in.
#[derive(Debug)]
pub(super) struct Started {
    pub(super) store: Store,
    pub(super) log: LogWriter,
    pub(super) counts: Counts,
}

/// How the newest log ends.
enum Tail {
    Log(LogEnd),
    /// There is none, or one without a frame and without an intact header.
    Absent,
}

/// Replays what a directory holds.
pub(super) fn start(
    directory: &std::path::Path,
    disk: Arc<dyn Disk>,
    replay: ReplayFn<'_>,
) -> Result<Started, StateError> {
    let store = Store::new(directory, disk);
    store.create_directory()?;
    let found = store.generations()?;
    let first = found.snapshots.last().copied();
    let newest = check_complete(&store, &found)?;
    let mut counts = Counts { generation: newest, ..Counts::default() };
    if let Some(generation) = first {
        counts.snapshot_bytes = replay_snapshot(&store, generation, replay)?;
    }
    let mut tail = Tail::Absent;
    for generation in found.logs.range(first.unwrap_or_default()..).copied() {
        tail = replay_log(&store, generation, generation == newest, replay)?;
        if let Tail::Log(end) = &tail {
            counts.log_bytes += end.length;
            counts.torn_bytes_cut += end.torn;
        }
    }
    // Names first: a file that replaces others must be there for good before a log continues it, and before
    // they go.
    store.sync()?;
    let log = prepare_log(&store, newest, &tail, &mut counts)?;
    store.remove_temporary();
    counts.errors += store.remove_before(first.unwrap_or_default());
    Ok(Started { store, log, counts })
}

/// Checks that no file is missing, and returns the generation of the newest log.
///
/// A snapshot without its log is what a recovery leaves that was cut short; files from before it are then
/// still there, since they go last.
fn check_complete(store: &Store, found: &Generations) -> Result<u64, StateError> {
    let first = found.snapshots.last().copied().unwrap_or_default();
    let missing = |generation, reason: &str| StateError::Corrupt {
        path: store.log_path(generation),
        offset: 0,
        reason: reason.to_owned(),
    };
    let mut expected = first;
    for generation in found.logs.range(first..) {
        if *generation != expected && found.snapshots.is_empty() && expected == 0 {
            return Err(missing(*generation, "the snapshot that this log continues is missing"));
        }
        if *generation != expected {
            return Err(missing(expected, "this log is missing, but a later one is there"));
        }
        expected += 1;
    }
    let before = found.logs.range(..first).next().is_some() || found.snapshots.len() > 1;
    if expected == first && !found.snapshots.is_empty() && !before {
        return Err(missing(first, "the log that continues the snapshot is missing"));
    }
    Ok(expected.saturating_sub(1).max(first))
}

/// Hands a snapshot over and returns the bytes of its file.
fn replay_snapshot(store: &Store, generation: u64, replay: ReplayFn<'_>) -> Result<u64, StateError> {
    let file = store.read_snapshot(generation)?;
    let offset = snapshot::PAYLOAD_AT;
    let payload = file.get(offset as usize..).unwrap_or_default();
    let refused = |reason| StateError::Corrupt { path: store.snapshot_path(generation), offset, reason };
    replay(Replay::Snapshot(payload)).map_err(refused)?;
    Ok(snapshot::file_bytes(payload))
}

fn replay_log(
    store: &Store,
    generation: u64,
    is_newest: bool,
    replay: ReplayFn<'_>,
) -> Result<Tail, StateError> {
    let path = store.log_path(generation);
    let corrupt = |offset, reason: String| StateError::Corrupt { path: path.clone(), offset, reason };
    let mut log = match store.open_log(generation)? {
        Opened::Log(log) => log,
        Opened::TornCreation if is_newest => return Ok(Tail::Absent),
        Opened::TornCreation => {
            return Err(corrupt(
                0,
                "the header of the log is not intact, but a later log is there".to_owned(),
            ));
        }
    };
    let end = replay_frames(&mut log, replay).map_err(|error| match error {
        FrameError::Read(error) => error.at(&path),
        FrameError::Replay(offset, reason) => corrupt(offset, reason),
    })?;
    if end.torn > 0 && !is_newest {
        return Err(corrupt(end.length, "the frame is not intact, but a later log is there".to_owned()));
    }
    if end.torn > 0 {
        let path = path.display();
        tracing::warn!(%path, bytes = end.torn, offset = end.length, "cut the torn tail of the log");
    }
    Ok(Tail::Log(end))
}

/// Why the frames of a log could not be replayed.
pub(super) enum FrameError {
    Read(super::log::ReadError),
    /// The place of a record, in bytes, and what is wrong with it.
    Replay(u64, String),
}

/// Hands over the records of all intact frames.
pub(super) fn replay_frames(log: &mut LogReader, replay: ReplayFn<'_>) -> Result<LogEnd, FrameError> {
    while let Next::Frame(payload, offset) = log.next().map_err(FrameError::Read)? {
        let place = |at: usize| offset + (FRAME_HEADER_BYTES + at) as u64;
        for record in records(payload) {
            let (at, record) = record.map_err(|at| {
                FrameError::Replay(place(at), "a record is longer than its frame".to_owned())
            })?;
            replay(Replay::Record(record)).map_err(|reason| FrameError::Replay(place(at), reason))?;
        }
    }
    Ok(log.end())
}

fn prepare_log(
    store: &Store,
    generation: u64,
    tail: &Tail,
    counts: &mut Counts,
) -> Result<LogWriter, StateError> {
    match tail {
        Tail::Log(end) => store.extend_log(generation, *end),
        Tail::Absent => {
            counts.log_bytes += EMPTY_LOG_BYTES;
            store.create_log(generation)
        }
    }
}
