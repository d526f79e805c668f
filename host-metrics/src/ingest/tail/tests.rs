use std::fs::{self, OpenOptions};
use std::io::Write as _;

use tempfile::TempDir;

use super::*;
use portent_counts::models::ModelStore;
use portent_counts::registry::{Registry, Rejection, Way};
use portent_counts::testing::{event, invalid_event, line};
use portent_exposition::Config;

struct Fixture {
    directory: TempDir,
    tailer: Tailer,
}

impl Fixture {
    /// Follows `*.log` in an empty directory, without patience for files that are gone.
    fn new() -> Self {
        Self::with_linger(Duration::ZERO)
    }

    fn with_linger(linger: Duration) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = TailOptions {
            patterns: vec![directory.path().join("*.log").display().to_string()],
            interval: Duration::ZERO,
            linger,
        };
        let aggregator = Aggregator::new(ModelStore::open(Vec::new()).unwrap(), &[], Config::default());
        Self { directory, tailer: Tailer::new(options, aggregator) }
    }

    /// Counts are kept in a directory from here on, and what was counted before is forgotten.
    fn keeping(linger: Duration) -> Self {
        let mut fixture = Self::with_linger(linger);
        fixture.restart();
        fixture
    }

    /// Ends the aggregator and starts another one over the same state and files.
    fn restart(&mut self) {
        // Dropping the old one gives the directory free.
        let nobody = Aggregator::new(ModelStore::open(Vec::new()).unwrap(), &[], Config::default());
        self.tailer = Tailer::new(self.tailer.options.clone(), nobody);
        let library = ModelStore::open(Vec::new()).unwrap();
        let (directory, options) = (self.path("state"), portent_journal::Options::default());
        let kept = Aggregator::open(library, &[], Config::default(), &directory, options).unwrap();
        self.tailer = Tailer::new(self.tailer.options.clone(), kept);
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Looks at the files and returns the number of events counted so far.
    fn look(&mut self) -> u64 {
        self.tailer.look();
        self.registry().ingest.received(Way::Tail)
    }

    fn registry(&self) -> Registry {
        self.tailer.aggregator.snapshot().registry
    }
}

fn append(path: &Path, bytes: &[u8]) {
    OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(bytes).unwrap();
}

fn events(number: usize) -> Vec<u8> {
    line(&event()).repeat(number)
}

#[test]
fn files_that_exist_are_read_from_their_start_and_new_ones_as_they_come() {
    let mut fixture = Fixture::new();
    append(&fixture.path("a.log"), &events(3));
    assert_eq!(fixture.look(), 3);
    append(&fixture.path("b.log"), &events(2));
    append(&fixture.path("a.log"), &events(1));
    append(&fixture.path("other.txt"), &events(9));
    assert_eq!(fixture.look(), 6);
    assert_eq!(fixture.look(), 6, "nothing new");
    assert_eq!(fixture.tailer.aggregator.snapshot().tail_files, 2);
}

#[test]
fn a_torn_line_waits_for_its_newline() {
    let mut fixture = Fixture::new();
    let (path, line) = (fixture.path("a.log"), events(1));
    for byte in line.chunks(7) {
        assert_eq!(fixture.look(), 0);
        append(&path, byte);
    }
    assert_eq!(fixture.look(), 1);
    assert_eq!(fixture.registry().ingest.ignored, 0);
}

#[test]
fn lines_of_others_are_ignored_and_broken_ones_refused() {
    let mut fixture = Fixture::new();
    let mut text = b"hello\n\n{\"level\":\"info\"}\n".to_vec();
    text.extend(line(&invalid_event()));
    text.extend(
        b"{\"portent\":1,\"nonsense\":true}\n{\"portent\":9,\"app\":\"a\"}\n  {\"portent\":1}\n\xff\xfe\n",
    );
    text.extend(events(1));
    text.extend(vec![b'x'; 100_000]);
    text.extend(b"\n{\"portent\":1,\"app\":\"");
    text.extend(vec![b'x'; 100_000]);
    text.extend(b"\"}\n");
    text.extend(events(1));
    append(&fixture.path("a.log"), &text);
    assert_eq!(fixture.look(), 3);
    let intake = fixture.registry().ingest;
    assert_eq!(intake.ignored, 6);
    let reasons = [Rejection::Malformed, Rejection::Version, Rejection::TooLong, Rejection::Rule];
    assert_eq!(reasons.map(|reason| intake.rejected(reason)), [1, 1, 1, 0]);
}

/// The old file is read to its end, the new one from its start, whether or not the pattern matches both.
#[test]
fn rotation_by_renaming_loses_and_repeats_nothing() {
    for rotated in ["a.1.log", "a.log.1"] {
        let mut fixture = Fixture::with_linger(Duration::from_secs(60));
        let path = fixture.path("a.log");
        append(&path, &events(2));
        assert_eq!(fixture.look(), 2);
        append(&path, &events(3));
        fs::rename(&path, fixture.path(rotated)).unwrap();
        append(&path, &events(4));
        assert_eq!(fixture.look(), 9, "{rotated}");
        // The writer may still have the old file open.
        append(&fixture.path(rotated), &events(1));
        assert_eq!(fixture.look(), 10, "{rotated}");
    }
}

#[test]
fn a_truncated_file_is_read_from_its_start() {
    let mut fixture = Fixture::new();
    let path = fixture.path("a.log");
    append(&path, &events(3));
    append(&path, b"{\"portent\":1,\"app\":");
    assert_eq!(fixture.look(), 3);
    fs::write(&path, events(1)).unwrap();
    assert_eq!(fixture.look(), 4);
    assert_eq!(fixture.registry().ingest.rejected(Rejection::Torn), 1);
    fs::write(&path, b"").unwrap();
    assert_eq!(fixture.look(), 4);
    append(&path, &events(2));
    assert_eq!(fixture.look(), 6);
}

/// By its length alone, such a file seems only to have grown.
#[test]
fn a_file_truncated_and_grown_past_the_offset_is_noticed() {
    let mut fixture = Fixture::new();
    let path = fixture.path("a.log");
    append(&path, &events(1));
    assert_eq!(fixture.look(), 1);
    let mut other = event();
    other.request_id = "another-request-with-a-longer-name".into();
    fs::write(&path, line(&other).repeat(3)).unwrap();
    assert_eq!(fixture.look(), 4);
}

/// The inode of a file that is held open cannot be given to its successor.
#[test]
fn a_file_removed_and_made_anew_is_another_file() {
    let mut fixture = Fixture::new();
    let path = fixture.path("a.log");
    for round in 1..=5 {
        append(&path, &events(2));
        assert_eq!(fixture.look(), round * 2);
        fs::remove_file(&path).unwrap();
    }
    fixture.look();
    assert_eq!(fixture.tailer.aggregator.snapshot().tail_files, 0);
}

#[test]
fn what_a_file_gained_before_it_was_removed_is_read() {
    let mut fixture = Fixture::new();
    let path = fixture.path("a.log");
    append(&path, b"");
    fixture.look();
    append(&path, &events(2));
    append(&path, b"{\"portent\":1,");
    fs::remove_file(&path).unwrap();
    assert_eq!(fixture.look(), 2);
    assert_eq!(fixture.registry().ingest.rejected(Rejection::Torn), 1);
}

#[test]
fn files_are_bounded_in_number_and_pipes_are_left_alone() {
    let mut fixture = Fixture::with_linger(Duration::from_secs(60));
    let status = std::process::Command::new("mkfifo").arg(fixture.path("pipe.log")).status();
    assert!(status.is_ok_and(|status| status.success()));
    for number in 0..FILES + 2 {
        append(&fixture.path(&format!("{number}.log")), &events(1));
    }
    assert_eq!(fixture.look(), FILES as u64);
    // A file that is gone makes room at once for one that waits.
    let followed = fixture.tailer.find().keys().next().copied();
    assert!(followed.is_some());
    fs::remove_file(fixture.path("0.log")).unwrap();
    fs::remove_file(fixture.path("1.log")).unwrap();
    fixture.look();
    assert_eq!(fixture.tailer.followers.len(), FILES);
}

#[test]
fn a_restart_reads_on_where_the_last_run_ended() {
    let mut fixture = Fixture::keeping(Duration::from_secs(60));
    let (path, other) = (fixture.path("a.log"), fixture.path("b.log"));
    append(&path, &events(3));
    append(&other, &events(1));
    assert_eq!(fixture.look(), 4);
    fixture.restart();
    assert_eq!(fixture.look(), 4);
    append(&path, &events(2));
    fixture.restart();
    append(&other, &events(1));
    append(&fixture.path("c.log"), &events(1));
    assert_eq!(fixture.look(), 8);
}

/// What was read of it before is not counted again once it can be opened.
#[test]
fn a_file_that_cannot_be_opened_at_first_is_read_on_later() {
    let mut fixture = Fixture::keeping(Duration::from_secs(60));
    let path = fixture.path("a.log");
    append(&path, &events(3));
    assert_eq!(fixture.look(), 3);
    fixture.restart();
    let identity = identify(&path).unwrap();
    fixture.tailer.adopt(identity, &fixture.directory.path().join("nothing-here"));
    append(&path, &events(1));
    assert_eq!(fixture.look(), 4);
}

#[test]
fn a_line_torn_by_a_restart_is_counted_once() {
    let mut fixture = Fixture::keeping(Duration::ZERO);
    let (path, line) = (fixture.path("a.log"), events(1));
    for bytes in line.chunks(100) {
        assert_eq!(fixture.look(), 0);
        append(&path, bytes);
        fixture.look();
        fixture.restart();
    }
    assert_eq!(fixture.look(), 1);
    let intake = fixture.registry().ingest;
    assert_eq!((intake.ignored, intake.rejected(Rejection::Torn)), (0, 0));
}

/// The rest of a file that was renamed while nothing followed it is read, whatever its name is by then.
#[test]
fn rotation_during_a_restart_loses_and_repeats_nothing() {
    for rotated in ["a.1.log", "a.log.1"] {
        let mut fixture = Fixture::keeping(Duration::from_secs(60));
        let path = fixture.path("a.log");
        append(&path, &events(2));
        assert_eq!(fixture.look(), 2);
        append(&path, &events(3));
        fs::rename(&path, fixture.path(rotated)).unwrap();
        append(&path, &events(4));
        fixture.restart();
        assert_eq!(fixture.look(), 9, "{rotated}");
        fixture.restart();
        assert_eq!(fixture.look(), 9, "{rotated}");
    }
}

/// A rotation that compresses can give the copy the inode of what it removes.
#[test]
fn another_file_with_the_inode_of_one_that_is_gone_is_not_read_for_it() {
    let mut fixture = Fixture::keeping(Duration::from_secs(60));
    let path = fixture.path("a.log");
    append(&path, &events(3));
    assert_eq!(fixture.look(), 3);
    // The same inode under a name that nobody asked for, with events that were counted before.
    fs::rename(&path, fixture.path("a.log.1.gz")).unwrap();
    let mut other = event();
    other.request_id = "another".into();
    fs::write(fixture.path("a.log.1.gz"), line(&other).repeat(6)).unwrap();
    fixture.restart();
    assert_eq!(fixture.look(), 3);
    assert!(fixture.tailer.aggregator.file_positions().is_empty());
}

#[test]
fn a_file_replaced_or_truncated_during_a_restart_is_read_from_its_start() {
    let mut fixture = Fixture::keeping(Duration::ZERO);
    let path = fixture.path("a.log");
    append(&path, &events(3));
    append(&path, b"{\"portent\":1,\"app\":");
    assert_eq!(fixture.look(), 3);
    // The same inode, by truncation or by chance.
    let mut other = event();
    other.request_id = "another".into();
    fs::write(&path, line(&other).repeat(6)).unwrap();
    fixture.restart();
    assert_eq!(fixture.look(), 9);
    assert_eq!(fixture.registry().ingest.rejected(Rejection::Torn), 1);
    fs::remove_file(&path).unwrap();
    fixture.restart();
    assert_eq!(fixture.look(), 9);
    append(&path, &events(1));
    assert_eq!(fixture.look(), 10);
    fixture.restart();
    assert_eq!(fixture.look(), 10);
    assert_eq!(fixture.tailer.aggregator.file_positions().len(), 1);
}

/// Log files of Kubernetes' nodes.
#[test]
fn lines_framed_by_a_container_runtime_are_counted() {
    let mut fixture = Fixture::keeping(Duration::ZERO);
    let path = fixture.path("a.log");
    let line = String::from_utf8(events(1)).unwrap();
    let (first, last) = line.trim_end().split_at(100);
    let frame =
        |stream: &str, tag: &str, part: &str| format!("2026-01-02T03:04:05.678Z {stream} {tag} {part}\n");
    append(&path, frame("stdout", "F", line.trim_end()).as_bytes());
    append(&path, frame("stdout", "P", first).as_bytes());
    append(&path, frame("stderr", "F", "a message of another stream").as_bytes());
    assert_eq!(fixture.look(), 1);
    fixture.restart();
    append(&path, frame("stdout", "F", last).as_bytes());
    assert_eq!(fixture.look(), 2);
    assert_eq!(fixture.registry().ingest.ignored, 1);
}

#[tokio::test]
async fn files_are_read_to_their_end_before_following_ends() {
    let fixture = Fixture::new();
    let (options, aggregator) = (fixture.tailer.options.clone(), fixture.tailer.aggregator.clone());
    let shutdown = CancellationToken::new();
    let (caught_up, is_caught_up) = oneshot::channel();
    let options = TailOptions { interval: Duration::from_secs(3600), ..options };
    let following = tokio::spawn(follow(options, aggregator, caught_up, shutdown.clone()));
    is_caught_up.await.unwrap();
    append(&fixture.path("a.log"), &events(5));
    shutdown.cancel();
    following.await.unwrap().unwrap();
    assert_eq!(fixture.registry().ingest.received(Way::Tail), 5);
}
