//! What `docs/operations.md` says of backups and of log rotation.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::fixture::Running;

/// An event of one request.
const LINE: &str = r#"{"portent":1,"time":"2026-01-02T03:04:05.678901Z","app":"a","request_id":"r","method":"POST","route":"/predict","status":200,"ns":{"total":42000}}"#;

/// Longer than the time between two looks at the followed files.
const LOOK: Duration = Duration::from_millis(600);

#[test]
fn a_backup_reads_on_where_it_was_taken() {
    let place = Place::new();
    let log = place.log("x_stdout.txt");
    write(&log, 10);
    let running = place.serve("state", "logs");
    wait_for(&running, 10);
    place.back_up("state", "live");
    write(&log, 5);
    wait_for(&running, 15);
    assert_eq!(running.stop(), Some(0));
    place.back_up("state", "cold");
    write(&log, 3);
    // The trial that shows that a copy is whole counts nothing, and takes nothing away from it.
    for (backup, held) in [("live", 10), ("cold", 15)] {
        let trial = place.trial(backup);
        wait_for(&trial, held);
        assert_eq!(trial.stop(), Some(0));
        let restored = place.serve(backup, "logs");
        wait_for(&restored, 18);
        assert!(restored.scrape().contains("\nportent_events_duplicate_total 0\n"));
    }
}

#[test]
fn copied_logs_are_other_logs() {
    let place = Place::new();
    write(&place.log("x_stdout.txt"), 10);
    let running = place.serve("state", "logs");
    wait_for(&running, 10);
    assert_eq!(running.stop(), Some(0));
    place.back_up("logs", "elsewhere");
    wait_for(&place.serve("state", "elsewhere"), 20);
}

#[test]
fn rotation_by_renaming_loses_nothing() {
    let place = Place::new();
    let log = place.log("x_stdout.txt");
    write(&log, 10);
    let running = place.serve("state", "logs");
    wait_for(&running, 10);
    let rotated = place.log("x_stdout.txt.1");
    fs::rename(&log, &rotated).unwrap();
    // A program that holds the file open keeps writing into it.
    write(&rotated, 5);
    write(&log, 7);
    wait_for(&running, 22);
    assert_eq!(running.stop(), Some(0));
    write(&log, 2);
    fs::rename(&log, place.log("x_stdout.txt.2")).unwrap();
    write(&log, 6);
    wait_for(&place.serve("state", "logs"), 30);
}

#[test]
fn rotation_by_truncating_keeps_what_was_read() {
    let place = Place::new();
    let log = place.log("x_stdout.txt");
    write(&log, 10);
    let running = place.serve("state", "logs");
    wait_for(&running, 10);
    fs::copy(&log, place.log("x_stdout.txt.1")).unwrap();
    File::options().write(true).open(&log).unwrap().set_len(0).unwrap();
    std::thread::sleep(LOOK);
    write(&log, 3);
    wait_for(&running, 13);
    fs::copy(&log, place.log("copy_stdout.txt")).unwrap();
    wait_for(&running, 16);
}

/// A folder with logs and states.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.0.path().join("logs")).unwrap();
        place
    }

    fn log(&self, name: &str) -> PathBuf {
        self.0.path().join("logs").join(name)
    }

    /// An aggregator over a state and the logs of a folder.
    fn serve(&self, state: &str, logs: &str) -> Running {
        let (state, logs) = (self.0.path().join(state), self.0.path().join(logs).join("*_stdout.txt"));
        Running::serve(&["--state", state.to_str().unwrap(), "--tail", logs.to_str().unwrap()])
    }

    /// An aggregator over a state alone.
    fn trial(&self, state: &str) -> Running {
        Running::serve(&["--state", self.0.path().join(state).to_str().unwrap()])
    }

    /// Copies a folder of files.
    fn back_up(&self, from: &str, to: &str) {
        let to = self.0.path().join(to);
        fs::create_dir(&to).unwrap();
        for entry in fs::read_dir(self.0.path().join(from)).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

fn write(log: &Path, lines: usize) {
    let mut file = OpenOptions::new().append(true).create(true).open(log).unwrap();
    file.write_all(format!("{LINE}\n").repeat(lines).as_bytes()).unwrap();
}

/// Waits until so many requests are counted, and sees that it stays at that.
#[track_caller]
fn wait_for(running: &Running, requests: usize) {
    let line = format!(
        "api_requests_total{{app=\"a\",method=\"POST\",endpoint=\"/predict\",status_code=\"200\"}} {requests}"
    );
    running.wait_for(&line);
    std::thread::sleep(LOOK);
    running.wait_for(&line);
}
