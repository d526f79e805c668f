//! Damaged, missing and foreign files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use proptest::prelude::*;

use super::simulated_disk::SimulatedDisk;
use super::{DIRECTORY, open_on};
use crate::fuzz_support::{is_checkpoint, read_log, reseal};
use crate::{Checkpoint, JournalError, Replay};

const LOG: &str = "log-0000000000000001";
const CHECKPOINT: &str = "checkpoint-0000000000000001";

/// Frames in the log; each has one record.
const FRAMES: usize = 4;

fn path(name: &str) -> PathBuf {
    Path::new(DIRECTORY).join(name)
}

/// The replayed texts.
fn open(disk: &SimulatedDisk) -> Result<Vec<String>, JournalError> {
    let mut seen = Vec::new();
    let replay = &mut |replay: Replay<'_>| {
        let (Replay::Checkpoint(bytes) | Replay::Record(bytes)) = replay;
        seen.push(String::from_utf8(bytes.to_vec()).map_err(|_| "not UTF-8".to_owned())?);
        Ok(())
    };
    open_on(disk, replay)?;
    Ok(seen)
}

/// A disk with a checkpoint, and a log with several frames behind it.
fn written() -> SimulatedDisk {
    let disk = SimulatedDisk::default();
    let replay = &mut |_: Replay<'_>| Ok(());
    let shared = Arc::new(open_on(&disk, replay).unwrap());
    let perform = || {
        let job = shared.progress().next_job().unwrap();
        shared.perform(job, &mut |_| {});
    };
    let checkpoint = Checkpoint::begin(&shared).unwrap();
    perform();
    checkpoint.write(b"checkpoint").unwrap();
    for frame in 0..FRAMES {
        shared.append(format!("record {frame}").as_bytes());
        perform();
    }
    disk
}

/// What [`written`] holds, with a number of its frames.
fn texts(frames: usize) -> Vec<String> {
    let records = (0..frames).map(|frame| format!("record {frame}"));
    std::iter::once("checkpoint".to_owned()).chain(records).collect()
}

/// The disk of [`written`] with one file changed.
fn with(name: &str, change: impl FnOnce(&mut Vec<u8>)) -> SimulatedDisk {
    let disk = written();
    let mut bytes = disk.files()[&path(name)].clone();
    change(&mut bytes);
    disk.put(&path(name), &bytes);
    disk
}

fn length(name: &str) -> usize {
    written().files()[&path(name)].len()
}

/// The file and the offset that the start calls corrupt.
fn corrupt_at(disk: &SimulatedDisk) -> (PathBuf, u64) {
    match open(disk).unwrap_err() {
        JournalError::Corrupt { path, offset, .. } => (path, offset),
        error => panic!("{error}"),
    }
}

#[test]
fn an_undamaged_directory_is_replayed() {
    assert_eq!(open(&written()).unwrap(), texts(FRAMES));
}

#[test]
fn every_flipped_bit_of_a_log_is_found() {
    let frame_bytes = 24 + 4 + "record 0".len() + 8;
    let last_frame = length(LOG) - frame_bytes;
    for at in 0..length(LOG) {
        for bit in 0..8 {
            let disk = with(LOG, |bytes| bytes[at] ^= 1 << bit);
            if at >= last_frame {
                assert_eq!(open(&disk).unwrap(), texts(FRAMES - 1), "byte {at}");
                assert_eq!(disk.files()[&path(LOG)].len(), last_frame, "the tail is cut");
                continue;
            }
            let frame = at.checked_sub(36).map_or(0, |behind| 36 + behind / frame_bytes * frame_bytes);
            assert_eq!(corrupt_at(&disk), (path(LOG), frame as u64), "byte {at}");
        }
    }
}

#[test]
fn every_flipped_bit_of_a_checkpoint_is_found() {
    for at in 0..length(CHECKPOINT) {
        for bit in 0..8 {
            let disk = with(CHECKPOINT, |bytes| bytes[at] ^= 1 << bit);
            assert_eq!(corrupt_at(&disk).0, path(CHECKPOINT), "byte {at}");
        }
    }
}

#[test]
fn a_shortened_log_ends_at_a_frame_and_a_shortened_checkpoint_is_refused() {
    for length in 0..length(LOG) {
        let seen = open(&with(LOG, |bytes| bytes.truncate(length))).unwrap();
        assert_eq!(seen, texts(length.saturating_sub(36) / 44));
    }
    for length in 0..length(CHECKPOINT) {
        assert_eq!(corrupt_at(&with(CHECKPOINT, |bytes| bytes.truncate(length))).0, path(CHECKPOINT));
    }
}

#[test]
fn a_missing_file_is_named() {
    let disk = written();
    disk.put(&path("log-0000000000000003"), b"");
    assert_eq!(corrupt_at(&disk).0, path("log-0000000000000002"));

    let bytes = written().files();
    let log_alone = SimulatedDisk::default();
    log_alone.put(&path(LOG), &bytes[&path(LOG)]);
    assert!(
        open(&log_alone)
            .unwrap_err()
            .to_string()
            .contains("the checkpoint that this log continues is missing")
    );

    let checkpoint_alone = SimulatedDisk::default();
    checkpoint_alone.put(&path(CHECKPOINT), &bytes[&path(CHECKPOINT)]);
    assert_eq!(corrupt_at(&checkpoint_alone).0, path(LOG));
    // With files from before it, it is a recovery that was cut short.
    checkpoint_alone.put(&path("log-0000000000000000"), b"whatever");
    assert_eq!(open(&checkpoint_alone).unwrap(), texts(0));
}

#[test]
fn only_the_newest_log_may_be_torn() {
    let torn = with(LOG, |bytes| bytes.truncate(bytes.len() - 1));
    torn.put(&path("log-0000000000000002"), b"");
    let offset = length(LOG) as u64 - 44;
    assert_eq!(corrupt_at(&torn), (path(LOG), offset));
    let empty = with(LOG, Vec::clear);
    empty.put(&path("log-0000000000000002"), b"");
    assert_eq!(corrupt_at(&empty), (path(LOG), 0));
}

#[test]
fn a_later_version_is_not_called_corrupt() {
    for (name, checksum_from_end) in [(LOG, None), (CHECKPOINT, Some(8))] {
        let disk = with(name, |bytes| {
            bytes[8] = 2;
            let at = checksum_from_end.map_or(28, |from_end: usize| bytes.len() - from_end);
            let checksum = twox_hash::XxHash64::oneshot(0, &bytes[..at]);
            bytes[at..at + 8].copy_from_slice(&checksum.to_le_bytes());
        });
        let error = open(&disk).unwrap_err();
        assert!(matches!(error, JournalError::Version { found: 2, supported: 1, .. }), "{error}");
    }
}

#[test]
fn what_the_owner_refuses_is_corrupt_at_its_place() {
    let disk = written();
    let replay = &mut |replay: Replay<'_>| match replay {
        Replay::Record(b"record 2") => Err("a rule".to_owned()),
        _ => Ok(()),
    };
    let refused = open_on(&disk, replay);
    let error = refused.err().unwrap().to_string();
    let place = 36 + 2 * 44 + 24;
    assert!(error.contains(&format!("corrupt at byte {place}: a rule; to start from zero move")), "{error}");
}

#[test]
fn foreign_files_are_passed_over() {
    let disk = written();
    let names =
        ["log-1", "log-000000000000000G", "checkpoint-ffffffffffffffff", "notes", "log-0000000000000009.bak"];
    names.iter().for_each(|name| disk.put(&path(name), b"foreign"));
    disk.put(&path("checkpoint.tmp"), b"unfinished");
    assert_eq!(open(&disk).unwrap(), texts(FRAMES));
    let left = disk.files();
    assert!(names.iter().all(|name| left.contains_key(&path(name))));
    assert!(!left.contains_key(&path("checkpoint.tmp")));
}

proptest! {
    /// Zeros, or anything else, where the next frame would begin are a tail to be cut.
    #[test]
    fn any_tail_is_cut(tail in prop_oneof![
        prop::collection::vec(any::<u8>(), 1..200),
        (1_usize..70_000).prop_map(|length| vec![0; length]),
    ]) {
        let disk = with(LOG, |bytes| bytes.extend(&tail));
        prop_assert_eq!(open(&disk).unwrap(), texts(FRAMES));
        prop_assert_eq!(disk.files()[&path(LOG)].len(), length(LOG));
    }

    /// A later frame is found wherever it stands, also across the parts that are searched at once.
    #[test]
    fn a_frame_behind_damage_is_found(damage in 65_400_usize..65_600) {
        let disk = with(LOG, |bytes| {
            let last = bytes.split_off(bytes.len() - 44);
            bytes.extend(vec![0; damage]);
            bytes.extend(last);
        });
        prop_assert_eq!(corrupt_at(&disk), (path(LOG), (length(LOG) - 44) as u64));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_log(&bytes);
        prop_assert!(!is_checkpoint(&bytes));
        read_log(&reseal(&bytes));
    }
}

#[test]
fn a_resealed_frame_is_read() {
    assert_eq!(read_log(&reseal(b"\x01\0\0\0a\x02\0\0\0bb")), 2);
}
