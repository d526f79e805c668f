//! Replaying a directory: the newest checkpoint, then the logs behind it.

use crate::error::JournalError;
use crate::files::{CHECKPOINT_HEADER_BYTES, LOG_HEADER_BYTES, LogReader, checkpoint_bytes, split_record};
use crate::progress::Status;
use crate::store::{Generations, LogWriter, Store};

/// What the start hands to the owner: at most one checkpoint, first, then the records behind it in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay<'a> {
    /// The bytes given to [`Checkpoint::write`](crate::Checkpoint::write).
    Checkpoint(&'a [u8]),
    /// The bytes given to [`Journal::append`](crate::Journal::append).
    Record(&'a [u8]),
}

/// Takes a [`Replay`]. An error is the rule that the bytes break.
pub(crate) type ReplayFn<'a> = &'a mut dyn FnMut(Replay<'_>) -> Result<(), String>;

/// Replays a directory, makes it ready, and opens the log to continue in.
pub(crate) fn replay(store: &Store, replay: ReplayFn<'_>) -> Result<(LogWriter, Status), JournalError> {
    let found = store.generations()?;
    let first = found.checkpoints.last().copied();
    let newest = check_complete(store, &found)?;
    let mut status = Status { generation: newest, ..Status::default() };
    if let Some(generation) = first {
        let payload = store.read_checkpoint(generation)?;
        replay(Replay::Checkpoint(&payload)).map_err(|reason| {
            let path = store.checkpoint_path(generation);
            JournalError::corrupt(&path, CHECKPOINT_HEADER_BYTES as u64, reason)
        })?;
        status.checkpoint_bytes = checkpoint_bytes(payload.len());
    }
    let mut last = None;
    for generation in found.logs.range(first.unwrap_or_default()..).copied() {
        last = replay_log(store, generation, generation == newest, replay)?;
        if let Some(log) = &last {
            status.log_bytes += log.intact;
            status.torn_bytes_cut += log.torn_bytes();
        }
    }
    // Names first. A file that replaces others must exist durably before a log continues it, and before they
    // are removed.
    store.sync()?;
    let log = match last {
        Some(log) => store.extend_log(log)?,
        None => {
            status.log_bytes += LOG_HEADER_BYTES as u64;
            store.create_log(newest)?
        }
    };
    status.errors += store.remove_before(first.unwrap_or_default());
    Ok((log, status))
}

/// Checks that no file is missing, and returns the generation of the newest log.
///
/// A checkpoint without its log is what a recovery leaves that was cut short. Files from before it are then
/// still there, since they are removed last.
fn check_complete(store: &Store, found: &Generations) -> Result<u64, JournalError> {
    let first = found.checkpoints.last().copied().unwrap_or_default();
    let missing = |generation, reason| Err(JournalError::corrupt(&store.log_path(generation), 0, reason));
    let mut expected = first;
    for generation in found.logs.range(first..) {
        if *generation != expected && found.checkpoints.is_empty() && expected == 0 {
            return missing(*generation, "the checkpoint that this log continues is missing");
        }
        if *generation != expected {
            return missing(expected, "this log is missing, but a later one is there");
        }
        expected += 1;
    }
    let before = found.logs.range(..first).next().is_some() || found.checkpoints.len() > 1;
    if expected == first && !found.checkpoints.is_empty() && !before {
        return missing(first, "the log that continues the checkpoint is missing");
    }
    Ok(expected.saturating_sub(1).max(first))
}

/// Replays a log to its end: `None` if its creation was cut short.
fn replay_log(
    store: &Store,
    generation: u64,
    is_newest: bool,
    replay: ReplayFn<'_>,
) -> Result<Option<LogReader>, JournalError> {
    let path = store.log_path(generation);
    let Some(mut log) = store.open_log(generation)? else {
        let reason = "the header of the log is not intact, but a later log is there";
        return if is_newest { Ok(None) } else { Err(JournalError::corrupt(&path, 0, reason)) };
    };
    replay_frames(&mut log, replay)?;
    let torn = log.torn_bytes();
    if torn > 0 && !is_newest {
        let reason = "the frame is not intact, but a later log is there";
        return Err(JournalError::corrupt(&path, log.intact, reason));
    }
    if torn > 0 {
        tracing::warn!(path = %path.display(), bytes = torn, offset = log.intact, "cut the torn tail of the log");
    }
    Ok(Some(log))
}

/// Hands over the records of all intact frames.
pub(crate) fn replay_frames(log: &mut LogReader, replay: ReplayFn<'_>) -> Result<(), JournalError> {
    let path = log.path.clone();
    while let Some((payload, offset)) = log.next()? {
        let mut rest = payload;
        while !rest.is_empty() {
            let place = offset + (payload.len() - rest.len()) as u64;
            let too_long = || JournalError::corrupt(&path, place, "a record is longer than its frame");
            let (record, behind) = split_record(rest).ok_or_else(too_long)?;
            replay(Replay::Record(record)).map_err(|reason| JournalError::corrupt(&path, place, reason))?;
            rest = behind;
        }
    }
    Ok(())
}
