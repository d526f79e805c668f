//! The journal on a real disk. The submodules have a simulated one that fails.

mod crashes;
mod damage;
mod simulated_disk;

use tokio_util::sync::CancellationToken;

use self::simulated_disk::SimulatedDisk;
use super::*;

/// The directory on a simulated disk.
const DIRECTORY: &str = "state";

/// Options under which a checkpoint is due early.
const OPTIONS: Options = Options { log_bytes: 1000 };

/// Opens the directory on a simulated disk. Nobody writes, except the test.
fn open_on(
    disk: &SimulatedDisk,
    replay: &mut dyn FnMut(Replay<'_>) -> Result<(), String>,
) -> Result<Shared, JournalError> {
    let store = Store::new(Path::new(DIRECTORY), Arc::new(disk.clone()));
    Shared::open(store, OPTIONS.log_bytes, None, replay)
}

fn durable(journal: &Journal, lsn: Lsn) -> Result<(), StorageFailed> {
    journal.shared.wait_blocking(|progress| progress.is_durable(lsn))
}

fn open(directory: &Path) -> (Journal, Vec<Vec<u8>>) {
    let mut seen = Vec::new();
    let journal = Journal::open(directory, OPTIONS, |_| {}, &mut |replay| {
        let (Replay::Checkpoint(bytes) | Replay::Record(bytes)) = replay;
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
    let lsn = journal.append(b"");
    durable(&journal, lsn).unwrap();
    journal.append(b"three");
    journal.close().unwrap();
    drop(journal);

    let (journal, seen) = open(&directory);
    assert_eq!(seen, [&b"one"[..], b"", b"three"]);
    journal.begin_checkpoint().unwrap().write(b"all three").unwrap();
    journal.append(b"four");
    drop(journal);
    assert_eq!(open(&directory).1, [&b"all three"[..], b"four"]);
    let names = std::fs::read_dir(&directory).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<_> = names.collect();
    names.sort();
    assert_eq!(names, ["checkpoint-0000000000000001", "lock", "log-0000000000000001"]);
}

#[test]
fn directory_and_files_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let outer = tempfile::tempdir().unwrap();
    let directory = outer.path().join("state");
    let (journal, _) = open(&directory);
    journal.begin_checkpoint().unwrap().write(b"").unwrap();
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
    let second = Journal::open(directory.path(), OPTIONS, |_| {}, &mut |_| Ok(()));
    assert!(matches!(second, Err(JournalError::Locked { path }) if path == directory.path().join("lock")));
    let checkpoint = journal.begin_checkpoint().unwrap();
    drop(journal);
    // The checkpoint could still write.
    let third = Journal::open(directory.path(), OPTIONS, |_| {}, &mut |_| Ok(()));
    assert!(matches!(third, Err(JournalError::Locked { .. })));
    drop(checkpoint);
    open(directory.path());
}

#[test]
fn a_torn_tail_is_cut_and_counted() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, _) = open(directory.path());
    let lsn = journal.append(b"one");
    durable(&journal, lsn).unwrap();
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
    durable(&journal, before).unwrap();
    assert_eq!(durable(&journal, after).unwrap_err().reason, "the journal is closed");
    assert!(journal.room_blocking().is_err());
    assert!(journal.begin_checkpoint().is_none());
    drop(journal);
    assert_eq!(open(directory.path()).1, [b"before"]);
}

/// A record that is too long fails the journal; the checkpoint that contains its change ends the failure.
#[test]
fn a_record_that_is_too_long_is_a_failure_to_recover_from() {
    let directory = tempfile::tempdir().unwrap();
    let (journal, _) = open(directory.path());
    let too_long = vec![0; files::PAYLOAD_BYTES];
    let first = journal.append(&too_long);
    assert!(durable(&journal, first).is_err());
    assert!(journal.room_blocking().is_err());
    assert!(journal.status().failed.is_some());

    let checkpoint = journal.begin_checkpoint().unwrap();
    let behind = journal.append(&too_long);
    assert!(checkpoint.write(b"spoilt").is_err(), "a record behind the boundary is lost");
    assert!(durable(&journal, behind).is_err());

    let checkpoint = journal.begin_checkpoint().unwrap();
    let behind = journal.append(b"behind");
    assert!(journal.begin_checkpoint().is_none(), "one at a time");
    checkpoint.write(b"checkpoint").unwrap();
    durable(&journal, behind).unwrap();
    let status = journal.status();
    assert_eq!((status.failed, status.checkpoints), (None, 2));
    drop(journal);
    assert_eq!(open(directory.path()).1, [&b"checkpoint"[..], b"behind"]);
}

#[tokio::test]
async fn many_tasks_share_syncs_while_checkpoints_are_written() {
    let directory = tempfile::tempdir().unwrap();
    let (syncs, on_sync) = counted_syncs();
    let journal = Arc::new(Journal::open(directory.path(), OPTIONS, on_sync, &mut |_| Ok(())).unwrap());
    let appended = Arc::new(Mutex::new(0_u64));
    let mut tasks = Vec::new();
    for _ in 0..16 {
        let (journal, appended) = (Arc::clone(&journal), Arc::clone(&appended));
        tasks.push(tokio::spawn(async move {
            for _ in 0..20 {
                journal.room().await.unwrap();
                let lsn = {
                    let mut appended = appended.lock().unwrap();
                    *appended += 1;
                    journal.append(&appended.to_le_bytes())
                };
                journal.durable(lsn).await.unwrap();
            }
        }));
    }
    let done = CancellationToken::new();
    let checkpoints =
        tokio::spawn(write_checkpoints(Arc::clone(&journal), Arc::clone(&appended), done.clone()));
    for task in tasks {
        task.await.unwrap();
    }
    done.cancel();
    checkpoints.await.unwrap();
    journal.close().unwrap();
    let status = journal.status();
    let syncs = syncs.lock().unwrap().len();
    assert!((1..320).contains(&syncs), "{syncs} syncs for 320 records");
    assert!(status.checkpoints > 0);
    assert_eq!(status.errors, 0);
    drop(journal);
    let (_, seen) = open(directory.path());
    assert_eq!(seen.last().unwrap(), &320_u64.to_le_bytes());
}

/// How long each sync took, and the callback that notes it.
fn counted_syncs() -> (Arc<Mutex<Vec<Duration>>>, impl FnMut(Duration) + Clone + Send + 'static) {
    let syncs = Arc::<Mutex<Vec<Duration>>>::default();
    let noted = Arc::clone(&syncs);
    (syncs, move |duration| noted.lock().unwrap().push(duration))
}

async fn write_checkpoints(journal: Arc<Journal>, appended: Arc<Mutex<u64>>, done: CancellationToken) {
    while done.run_until_cancelled(journal.checkpoint_due()).await.is_some() {
        let (checkpoint, state) = {
            let appended = appended.lock().unwrap();
            (journal.begin_checkpoint().unwrap(), *appended)
        };
        let write = move || checkpoint.write(&state.to_le_bytes());
        tokio::task::spawn_blocking(write).await.unwrap().unwrap();
    }
}

/// Appended records per second, on the disk of the temporary directory:
/// `cargo test --release -p portent-journal tests::measure -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
#[allow(clippy::print_stdout, reason = "the figures are what it is for")]
fn measure() {
    const RECORDS: usize = 2_000_000;
    const WAITERS: usize = 64;
    let directory = tempfile::tempdir_in(std::env::var_os("MEASURE_IN").unwrap_or(".".into())).unwrap();
    let record = [b'r'; 300];
    let large = Options { log_bytes: 4 << 30 };
    let (syncs, on_sync) = counted_syncs();
    let open = || Journal::open(directory.path(), large, on_sync.clone(), &mut |_| Ok(())).unwrap();
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
    syncs.lock().unwrap().clear();
    let before = Instant::now();
    runtime.block_on(async {
        let each = RECORDS / 40 / WAITERS;
        let waiter = |journal: Arc<Journal>| async move {
            for _ in 0..each {
                let lsn = journal.append(&record);
                journal.durable(lsn).await.unwrap();
            }
        };
        let waiters: Vec<_> = (0..WAITERS).map(|_| tokio::spawn(waiter(Arc::clone(&journal)))).collect();
        for waiter in waiters {
            waiter.await.unwrap();
        }
    });
    print("64 waiters", RECORDS / 40, before);
    let syncs = syncs.lock().unwrap();
    let mean = syncs.iter().sum::<Duration>() / syncs.len().max(1) as u32;
    println!("{} syncs, {mean:?} each", syncs.len());
}
