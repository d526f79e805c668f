//! The state directory when the disk is full, in use, damaged or of another version, and when there is none.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a step that fails is a test that fails")]

#[path = "support/http.rs"]
mod http;
#[path = "support/lines.rs"]
mod lines;
#[path = "support/running.rs"]
mod running;
#[path = "support/samples.rs"]
mod samples;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use lines::{line, requests};
use portent_tests::external;
use running::{Addresses, Running, SERVE, wait_until};
use samples::{Samples, counters, fallen};
use twox_hash::XxHash64;

/// Makes what a write would add beyond 8 blocks fail with `EFBIG` instead of ending the process. The limit is a
/// soft one, so that it may be raised.
const FULL_DISK: &str = "trap '' XFSZ; ulimit -S -f 8; exec \"$0\" \"$@\"";

/// A delivery of two events of an application of its own, so that the state grows with each.
fn body(sequence: u64) -> String {
    line(&format!("app-{sequence}"), "/predict", 200) + &line(&format!("app-{sequence}"), "/health", 200)
}

fn keeping(directory: &Path) -> Command {
    let mut command = running::serve();
    command.arg("--state").arg(directory.join("state")).args(["--state-log", "1"]);
    command
}

fn start(command: &mut Command, directory: &Path) -> (Running, Addresses) {
    let mut running = Running::spawn(command, &directory.join("log"));
    let addresses = running.addresses();
    (running, addresses)
}

/// A scrape, in which no counter is lower than in the one before.
fn scrape(addresses: &Addresses, before: &mut Samples) {
    let answer = addresses.get("/metrics");
    assert_eq!(answer.status, 200);
    let now = counters(&answer.body);
    assert_eq!(fallen(before, &now), None);
    *before = now;
}

/// Delivers until nothing can be kept any more, not even a snapshot. Returns the number that is refused.
fn deliver_until_full(addresses: &Addresses, scraped: &mut Samples) -> u64 {
    let errors = || addresses.status()["state"]["errors"].as_u64().unwrap();
    for sequence in 1..10_000 {
        let before = errors();
        loop {
            let answer = addresses.deliver("full", sequence, body(sequence).as_bytes());
            scrape(addresses, scraped);
            if answer.status == 200 {
                break;
            }
            assert_eq!(answer.status, 503, "{}", answer.body);
            assert!(answer.head.contains("\r\nretry-after: 1"), "{}", answer.head);
            if errors() >= before + 3 {
                return sequence;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }
    panic!("the disk was never full");
}

#[test]
fn a_full_disk_loses_nothing_and_counts_nothing_twice() {
    let Some(prlimit) = external::program("prlimit") else { return };
    let directory = tempfile::tempdir().unwrap();
    let (file, mut scraped) = (directory.path().join("a.log"), Samples::new());
    let mut command = Command::new("sh");
    command.args(["-c", FULL_DISK, env!("CARGO_BIN_EXE_host-metrics")]).args(SERVE);
    command.args(keeping(directory.path()).get_args().skip(SERVE.len())).arg("--tail").arg(&file);
    let (running, addresses) = start(&mut command, directory.path());
    let refused = deliver_until_full(&addresses, &mut scraped);
    let ready = addresses.get("/readyz");
    assert_eq!((ready.status, ready.body.as_str()), (503, "storage failed\n"));
    let status = addresses.status();
    let reason = status["state"]["failed"].as_str().unwrap();
    assert!(reason.contains("/state/") && reason.contains("File too large"), "{reason}");
    // What is written to a file meanwhile waits there.
    std::fs::write(&file, line("tailed", "/predict", 200)).unwrap();
    let answer = addresses.deliver("full", refused + 1, body(refused + 1).as_bytes());
    assert_eq!(answer.status, 503);
    scrape(&addresses, &mut scraped);
    let pid = running.child.id().to_string();
    let raised = Command::new(prlimit).args(["--pid", &pid, "--fsize=unlimited:unlimited"]).status();
    assert!(raised.unwrap().success());
    wait_until("storage recovers", || addresses.get("/readyz").status == 200);
    for sequence in 1..=refused + 1 {
        let answer = addresses.deliver("full", sequence, body(sequence).as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    wait_until("the file is read", || requests(&addresses.get("/metrics").body) == 2 * (refused + 1) + 1);
    scrape(&addresses, &mut scraped);
    assert!(addresses.status()["state"]["failed"].is_null());
    // What is acknowledged after the recovery survives as well.
    running.kill();
    let (running, addresses) = start(&mut keeping(directory.path()), directory.path());
    scrape(&addresses, &mut scraped);
    assert_eq!(requests(&addresses.get("/metrics").body), 2 * (refused + 1) + 1);
    assert!(running.terminate().success());
}

#[test]
fn a_directory_in_use_is_not_shared() {
    let directory = tempfile::tempdir().unwrap();
    let (_running, _) = start(&mut keeping(directory.path()), directory.path());
    let output = keeping(directory.path()).output().unwrap();
    assert_refused(&output, &["/state/lock: held by another process; end it, or give this one a directory"]);
}

#[test]
fn damage_is_named_with_its_place_and_the_way_out() {
    let directory = tempfile::tempdir().unwrap();
    let (running, addresses) = start(&mut keeping(directory.path()), directory.path());
    // Beyond a MiB of log there is a snapshot, and a log behind it.
    let snapshots = || addresses.status()["state"]["snapshots"].as_u64().unwrap();
    for sequence in 1.. {
        let body: String = (0..64).map(|app| body(app * 7 + sequence)).collect();
        assert_eq!(addresses.deliver("many", sequence, body.as_bytes()).status, 200);
        if snapshots() > 0 {
            break;
        }
    }
    for sequence in 1..4 {
        assert_eq!(addresses.deliver("few", sequence, body(sequence).as_bytes()).status, 200);
    }
    running.kill();
    for prefix in ["log-", "checkpoint-"] {
        let path = newest(&directory.path().join("state"), prefix);
        let intact = std::fs::read(&path).unwrap();
        let mut damaged = intact.clone();
        // In the first frame of the log, which intact ones follow.
        damaged[70] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        let output = keeping(directory.path()).output().unwrap();
        let place = format!("{}: corrupt at byte ", path.display());
        assert_refused(
            &output,
            &[&place, "to start from zero move ", "/state away, to keep what is intact see"],
        );
        std::fs::write(&path, intact).unwrap();
    }
    let (running, _) = start(&mut keeping(directory.path()), directory.path());
    assert!(running.terminate().success());
}

#[test]
fn a_newer_version_is_refused_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let (running, addresses) = start(&mut keeping(directory.path()), directory.path());
    assert_eq!(addresses.deliver("a", 1, body(1).as_bytes()).status, 200);
    assert!(running.terminate().success());
    let path = newest(&directory.path().join("state"), "log-");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[8..12].copy_from_slice(&2_u32.to_le_bytes());
    let checksum = XxHash64::oneshot(0, &bytes[..28]);
    bytes[28..36].copy_from_slice(&checksum.to_le_bytes());
    std::fs::write(&path, bytes).unwrap();
    let output = keeping(directory.path()).output().unwrap();
    let expected = format!(
        "{}: format version 2, but this program reads version 1; run the newer program, or move",
        path.display()
    );
    assert_refused(&output, &[&expected]);
}

#[test]
fn without_a_directory_counts_begin_at_zero() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let (running, addresses) = start(&mut running::serve(), directory.path());
        assert_eq!(requests(&addresses.get("/metrics").body), 0);
        assert_eq!(addresses.deliver("a", 1, body(1).as_bytes()).status, 200);
        assert!(addresses.deliver("a", 1, body(1).as_bytes()).body.contains("\"duplicate\":true"));
        assert_eq!(requests(&addresses.get("/metrics").body), 2);
        assert!(addresses.status()["state"].is_null());
        assert!(running.log().contains("a restart begins at zero"));
        assert!(running.terminate().success());
    }
}

/// Status 1, and one line that says why.
#[track_caller]
fn assert_refused(output: &Output, parts: &[&str]) {
    let errors = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = errors.lines().filter(|line| line.starts_with("host-metrics: ")).collect();
    assert_eq!((output.status.code(), lines.len()), (Some(1), 1), "{errors}");
    parts.iter().for_each(|part| assert!(lines[0].contains(part), "{errors}"));
}

fn newest(directory: &Path, prefix: &str) -> PathBuf {
    let paths = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
    paths.filter(|path| name(path).starts_with(prefix)).max().unwrap()
}
