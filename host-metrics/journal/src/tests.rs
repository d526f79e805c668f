//! The journal on a real disk; the submodules have one that fails.

mod crashes;
mod damage;
mod simulated_disk;

use std::sync::Arc;
use std::time::Instant;

use tokio_util::sync::CancellationToken;

use super::*;

/// Where the files of a simulated disk are.
const DIRECTORY: &str = "state";

/// Options under which a snapshot is wanted early.
const OPTIONS: Options = Options { log_bytes: 1000 };

fn open(directory: &Path) -> (Journal, Vec<Vec<u8>>) {
    let mut seen = Vec::new();
    let journal = Journal::open(directory, OPTIONS, &mut |replay| {
        let (Replay::Snapshot(bytes) | Replay::Record(bytes)) = replay;
        seen.push(bytes.to_vec());
        Ok(())
    });
    (journal.unwrap(), seen)
}

#[test]
fn a_restart_replays_everything_once() {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path().join("new/state");
    let (journal, seen) = open(&directory);
    assert!(seen.is_empty());
    journal.append(b"one");
    let mark = journal.append(b"");
    journal.durable_blocking(mark).unwrap();
    journal.append(b"three");
    journal.close().unwrap();
    drop(journal);

    let (journal, seen) = open(&directory);
    assert_eq!(seen, [&b"one"[..], b"", b"three"]);
    journal.rotate().unwrap().finish(b"all three").unwrap();
    journal.append(b"four");
    drop(journal);
    assert_eq!(open(&directory).1, [&b"all three"[..], b"four"]);
    let names = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["lock", "log-0000000000000001", "snapshot-0000000000000001"]);
}

#[test]
fn directory_and_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let outer = tempfile::tempdir().unwrap();
    let directory = outer.path().join("state");
    let (journal, _) = open(&directory);
    journal.rotate().unwrap().finish(b"").unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for entry in std::fs::read_dir(&directory).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn a_directory_is_opened_once() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, _) = open(directory.path());
    let second = Journal::open(directory.path(), OPTIONS, &mut |_| Ok(()));
    assert!(matches!(second, Err(StateError::Locked { path }) if path == directory.path().join("lock")));
    let rotation = journal.rotate().unwrap();
    drop(journal);
    // The rotation could still write.
    let third = Journal::open(directory.path(), OPTIONS, &mut |_| Ok(()));
    assert!(matches!(third, Err(StateError::Locked { .. })));
    drop(rotation);
    open(directory.path());
}

#[test]
fn a_torn_tail_is_cut_and_counted() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, _) = open(directory.path());
    let mark = journal.append(b"one");
    journal.durable_blocking(mark).unwrap();
    journal.append(b"two");
    drop(journal);
    let log = directory.path().join("log-0000000000000000");
    let bytes = std::fs::read(&log).unwrap();
    std::fs::write(&log, &bytes[..bytes.len() - 3]).unwrap();
    let (journal, seen) = open(directory.path());
    assert_eq!(seen, [b"one"]);
    assert!(journal.status().torn_bytes_cut > 0);
    journal.append(b"again");
    drop(journal);
    let (journal, seen) = open(directory.path());
    assert_eq!(seen, [&b"one"[..], b"again"]);
    assert_eq!(journal.status().torn_bytes_cut, 0);
}

#[test]
fn a_closed_journal_keeps_nothing_more() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, _) = open(directory.path());
    let before = journal.append(b"before");
    journal.close().unwrap();
    let after = journal.append(b"after");
    journal.durable_blocking(before).unwrap();
    assert_eq!(journal.durable_blocking(after).unwrap_err().reason, "the journal is closed");
    assert!(journal.room_blocking().is_err());
    assert!(journal.rotate().is_none());
    drop(journal);
    assert_eq!(open(directory.path()).1, [b"before"]);
}

/// A record beyond all bounds fails the journal; the snapshot that holds what it said recovers it.
#[test]
fn a_record_that_is_too_long_is_a_failure_to_recover_from() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, _) = open(directory.path());
    let too_long = vec![0; format::PAYLOAD_BYTES];
    let first = journal.append(&too_long);
    assert!(journal.durable_blocking(first).is_err());
    assert!(journal.room_blocking().is_err());
    assert!(journal.status().failed.is_some());

    let rotation = journal.rotate().unwrap();
    let behind = journal.append(&too_long);
    assert!(rotation.finish(b"spoilt").is_err(), "a record behind the boundary is lost");
    assert!(journal.durable_blocking(behind).is_err());

    let rotation = journal.rotate().unwrap();
    let behind = journal.append(b"behind");
    assert!(journal.rotate().is_none(), "one at a time");
    rotation.finish(b"snapshot").unwrap();
    journal.durable_blocking(behind).unwrap();
    let status = journal.status();
    assert_eq!((status.failed, status.snapshots), (None, 2));
    drop(journal);
    assert_eq!(open(directory.path()).1, [&b"snapshot"[..], b"behind"]);
}

#[tokio::test]
async fn many_tasks_share_syncs_while_snapshots_are_taken() {
    let directory = tempfile::tempdir().unwrap();
    let journal = Arc::new(open(directory.path()).0);
    let appended = Arc::new(Mutex::new(0_u64));
    let mut tasks = Vec::new();
    for _ in 0..16 {
        let (journal, appended) = (Arc::clone(&journal), Arc::clone(&appended));
        tasks.push(tokio::spawn(async move {
            for _ in 0..20 {
                journal.room().await.unwrap();
                let mark = {
                    let mut appended = appended.lock().unwrap();
                    *appended += 1;
                    journal.append(&appended.to_le_bytes())
                };
                journal.durable(mark).await.unwrap();
            }
        }));
    }
    let done = CancellationToken::new();
    let snapshots = tokio::spawn(take_snapshots(Arc::clone(&journal), Arc::clone(&appended), done.clone()));
    for task in tasks {
        task.await.unwrap();
    }
    done.cancel();
    snapshots.await.unwrap();
    journal.close().unwrap();
    let status = journal.status();
    let syncs: u64 = status.syncs.buckets.iter().sum();
    assert!(syncs < 320, "{syncs} syncs for 320 records");
    assert!(status.snapshots > 0);
    assert_eq!(status.errors, 0);
    drop(journal);
    let (_, seen) = open(directory.path());
    assert_eq!(seen.last().unwrap(), &320_u64.to_le_bytes());
}

async fn take_snapshots(journal: Arc<Journal>, appended: Arc<Mutex<u64>>, done: CancellationToken) {
    while done.run_until_cancelled(journal.wait_wants_snapshot()).await.is_some() {
        let (rotation, state) = {
            let appended = appended.lock().unwrap();
            (journal.rotate().unwrap(), *appended)
        };
        let finish = move || rotation.finish(&state.to_le_bytes());
        tokio::task::spawn_blocking(finish).await.unwrap().unwrap();
    }
}

/// Appended records a second, on the disk of the temporary directory:
/// `cargo test --release -p host-metrics --no-default-features state::tests::measure -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
#[allow(clippy::print_stdout, reason = "the figures are what it is for")]
fn measure() {
    const RECORDS: usize = 2_000_000;
    const WAITERS: usize = 64;
    let directory = tempfile::tempdir_in(std::env::var_os("MEASURE_IN").unwrap_or(".".into())).unwrap();
    let record = [b'r'; 300];
    let large = Options { log_bytes: 4 << 30 };
    let open = || Journal::open(directory.path(), large, &mut |_| Ok(())).unwrap();
    let print = |what: &str, records: usize, before: Instant| {
        let seconds = before.elapsed().as_secs_f64();
        println!("{what}: {:.0} records/s", records as f64 / seconds);
    };

    let (journal, before) = (open(), Instant::now());
    for _ in 0..RECORDS {
        journal.room_blocking().unwrap();
        journal.append(&record);
    }
    journal.close().unwrap();
    print("unwaited", RECORDS, before);
    drop(journal);

    let before = Instant::now();
    let journal = Arc::new(open());
    print("replayed", RECORDS, before);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    let before = Instant::now();
    runtime.block_on(async {
        let each = RECORDS / 40 / WAITERS;
        let waiter = |journal: Arc<Journal>| async move {
            for _ in 0..each {
                let mark = journal.append(&record);
                journal.durable(mark).await.unwrap();
            }
        };
        let waiters: Vec<_> = (0..WAITERS).map(|_| tokio::spawn(waiter(Arc::clone(&journal)))).collect();
        for waiter in waiters {
            waiter.await.unwrap();
        }
    });
    print("64 waiters", RECORDS / 40, before);
    let syncs = journal.status().syncs;
    let count: u64 = syncs.buckets.iter().sum();
    println!("{count} syncs, {} us each", syncs.sum_nano / u128::from(count.max(1)) / 1000);
}
