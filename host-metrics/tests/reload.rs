//! Reading the configuration again, while events are counted.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a step that fails is a test that fails")]

#[path = "support/http.rs"]
mod http;
#[path = "support/lines.rs"]
mod lines;
#[path = "support/running.rs"]
mod running;

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Answer;
use lines::{line, requests};
use running::{Addresses, Running, wait_until};

const FIRST: &str = "gauge_expiry = '2h'\n";

const SECOND: &str = "limits.apps = 1\n[[alias]]\nname = 'old_requests_total'\nfamily = 'api_requests_total'\n\
                      [alias.labels]\napplication = '{app}'\n";

const WRONG: &str = "limits.apps = 0\n";

const STAYS: &str = "the configuration stays as it was";

fn reload(addresses: &Addresses) -> Answer {
    http::post(&addresses.metrics, "/-/reload").unwrap()
}

fn apps_limit(addresses: &Addresses) -> u64 {
    addresses.status()["limits"]["apps"].as_u64().unwrap()
}

#[test]
fn a_good_file_takes_effect_and_a_bad_one_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("config.toml");
    std::fs::write(&file, FIRST).unwrap();
    let mut command = running::serve();
    let mut running = Running::spawn(command.arg("--config").arg(&file), &directory.path().join("log"));
    let addresses = running.addresses();
    assert_eq!(apps_limit(&addresses), 256);
    let is_over = AtomicBool::new(false);
    let delivered = std::thread::scope(|scope| {
        let sender = scope.spawn(|| deliver_until(&is_over, &addresses));
        let steps = std::panic::AssertUnwindSafe(|| change_often(&running, &addresses, &file));
        let changed = std::panic::catch_unwind(steps);
        is_over.store(true, Ordering::Relaxed);
        changed.unwrap();
        sender.join().unwrap()
    });
    // Beyond the one application that is allowed now, others are counted under one name.
    assert_eq!(addresses.deliver("late", 1, line("late", "/predict", 200).as_bytes()).status, 200);
    let scraped = addresses.get("/metrics").body;
    assert_eq!(requests(&scraped), delivered + 1);
    assert!(scraped.contains("api_requests_total{app=\"other\",method=\"POST\",endpoint=\"/predict\""));
    assert!(!scraped.contains("app=\"late\""));
    assert!(running.terminate().success());
}

/// Both ways to reload, with a good file and with a bad one.
fn change_often(running: &Running, addresses: &Addresses, file: &Path) {
    std::fs::write(file, SECOND).unwrap();
    running.signal("HUP");
    wait_until("the signal has taken effect", || apps_limit(addresses) == 1);
    assert_eq!(addresses.status()["aliases"], serde_json::json!(["old_requests_total"]));
    assert_eq!(addresses.status()["reloaded"]["ok"], true);

    std::fs::write(file, WRONG).unwrap();
    let refused = reload(addresses);
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains(":1:15: limits.apps: not a number from 1 to 10000"), "{}", refused.body);
    let stayed = || running.log().matches(STAYS).count();
    assert_eq!((stayed(), apps_limit(addresses)), (1, 1));
    assert_eq!(addresses.status()["reloaded"]["ok"], false);
    running.signal("HUP");
    wait_until("the signal is refused", || stayed() == 2);
    assert_eq!((apps_limit(addresses), addresses.get("/readyz").status), (1, 200));

    std::fs::remove_file(file).unwrap();
    assert_eq!((reload(addresses).status, stayed(), apps_limit(addresses)), (422, 3, 1));

    std::fs::write(file, FIRST).unwrap();
    let taken = reload(addresses);
    assert_eq!((taken.status, taken.body.trim_end()), (200, "{\"reloaded\":true}"));
    assert_eq!((apps_limit(addresses), addresses.status()["aliases"].clone()), (256, serde_json::json!([])));
    std::fs::write(file, SECOND).unwrap();
    assert_eq!((reload(addresses).status, apps_limit(addresses)), (200, 1));
    assert_eq!(http::get(&addresses.metrics, "/-/reload").unwrap().status, 405);
}

/// Delivers one event after another. Returns how many, all of them acknowledged.
fn deliver_until(is_over: &AtomicBool, addresses: &Addresses) -> u64 {
    let mut sequence = 0;
    while !is_over.load(Ordering::Relaxed) {
        sequence += 1;
        let answer = addresses.deliver("steady", sequence, line("steady", "/predict", 200).as_bytes());
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    sequence
}

/// A signal that comes as soon as anybody can know of the program does not end it.
#[test]
fn the_signal_is_waited_for_from_the_start() {
    let directory = tempfile::tempdir().unwrap();
    for run in 1..=20 {
        let mut running = Running::spawn(&mut running::serve(), &directory.path().join("log"));
        running.addresses();
        running.signal("HUP");
        let reloads = || running.log().matches("configuration read again").count();
        wait_until("the signal has taken effect", || reloads() == run);
        assert!(running.terminate().success());
    }
}

#[test]
fn a_file_is_checked_without_running_anything() {
    let directory = tempfile::tempdir().unwrap();
    let cases = [(FIRST, 0), (SECOND, 0), ("", 0), (WRONG, 64), ("limits = 3\n", 64), ("nonsense", 64)];
    for (index, (text, status)) in cases.into_iter().enumerate() {
        let file = directory.path().join(index.to_string());
        std::fs::write(&file, text).unwrap();
        assert_eq!(check(&file), Some(status), "{text}");
    }
    assert_eq!(check(&directory.path().join("absent")), Some(64));
    assert_eq!(check(directory.path()), Some(64));
}

fn check(file: &Path) -> Option<i32> {
    let output = Command::new(env!("CARGO_BIN_EXE_host-metrics")).arg("check-config").arg(file).output();
    let output = output.unwrap();
    // One stream speaks, the other is silent.
    assert_ne!(output.stdout.is_empty(), output.stderr.is_empty());
    output.status.code()
}
