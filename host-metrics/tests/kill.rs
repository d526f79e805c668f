//! Killed again and again: whatever was acknowledged or written to a file is counted, once, and no counter falls.
//!
//! The real program is ended with SIGKILL at random moments, while it starts and shuts down too, while senders
//! deliver by HTTP and writers fill and rotate followed files. Every scrape in between is held against what was
//! acknowledged (the least) and what was sent (the most); at the end both are the same, series by series.
//!
//! `PORTENT_KILLS` is the number of kills: 20, or 200 with `cargo xtask test --all`. `PORTENT_KILL_SEED` determines what
//! is sent and when the program is killed, except for the timing of the machine.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a step that fails is a test that fails")]

#[path = "kill/events.rs"]
mod events;
#[path = "kill/files.rs"]
mod files;
#[path = "support/http.rs"]
mod http;
#[path = "kill/ledger.rs"]
mod ledger;
#[path = "kill/random.rs"]
mod random;
#[path = "support/running.rs"]
mod running;
#[path = "support/samples.rs"]
mod samples;
#[path = "kill/senders.rs"]
mod senders;

use std::path::Path;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use events::Zoo;
use files::Rotation;
use ledger::{AbortOnPanic, Ledger};
use portent_tests::external;
use random::Random;
use running::{Addresses, Running};

/// The artefact that the aggregator knows.
const ARTEFACT: &str = "../models/heart-disease.portent";

/// Longest that the program runs before it is killed, in milliseconds.
const LIFE: u64 = 140;

#[expect(clippy::print_stdout, reason = "how to repeat the run")]
#[test]
fn nothing_is_lost_or_counted_twice_when_the_program_is_killed() {
    let kills = if external::is_left_to_all("kill loop of 200 (20 were run)") { 20 } else { 200 };
    let (kills, seed) = (setting("PORTENT_KILLS", kills), setting("PORTENT_KILL_SEED", 1));
    println!("PORTENT_KILLS={kills} PORTENT_KILL_SEED={seed}");
    let directory = tempfile::tempdir().unwrap();
    let ledger = Ledger::new(Zoo::new(&std::fs::read(ARTEFACT).unwrap()));
    let begun = Instant::now();
    let (running, rotations) = kill_under_load(&ledger, directory.path(), kills, Random::new(seed));
    let addresses = ledger.addresses().unwrap();
    check_end(&ledger, &addresses);
    let state = addresses.status()["state"].take();
    println!("{kills} kills in {:?}, files rotated {rotations:?} times, {state}", begun.elapsed());
    // What ended by itself starts with the same counts.
    assert!(running.terminate().success());
    let running = start(&ledger, directory.path());
    check_end(&ledger, &ledger.addresses().unwrap());
    assert!(running.terminate().success());
}

/// Returns the program in its last life, with everything acknowledged, and how often either file was rotated.
fn kill_under_load(ledger: &Ledger, directory: &Path, kills: u64, mut random: Random) -> (Running, [u64; 2]) {
    thread::scope(|scope| {
        let _abort = AbortOnPanic(ledger);
        let senders = ["a", "b", "c"].map(|name| {
            let random = random.fork();
            scope.spawn(move || senders::send(ledger, name, random))
        });
        let writers = [("r.log", Rotation::Rename), ("t.log", Rotation::Truncate)].map(|(file, rotation)| {
            let (path, random) = (directory.join(file), random.fork());
            scope.spawn(move || files::write(ledger, &path, rotation, random))
        });
        scope.spawn(|| scrape_often(ledger));
        for _ in 0..kills {
            live_and_be_killed(ledger, directory, &mut random);
        }
        let running = start(ledger, directory);
        ledger.is_over.store(true, Ordering::Relaxed);
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        (running, writers.map(|writer| writer.join().unwrap()))
    })
}

/// One life of the program, and its end.
fn live_and_be_killed(ledger: &Ledger, directory: &Path, random: &mut Random) {
    assert!(!ledger.is_aborted(), "see the other thread");
    if random.chance(15) {
        let running = Running::spawn(&mut program(directory), &directory.join("log"));
        sleep(Duration::from_millis(random.below(60)));
        return running.kill();
    }
    let running = start(ledger, directory);
    sleep(Duration::from_millis(random.below(LIFE)));
    if random.chance(30) {
        running.signal("TERM");
        sleep(Duration::from_millis(random.below(50)));
        running.kill();
    } else if random.chance(50) {
        // What a scrape has shown must be there after a kill that follows at once.
        let addresses = ledger.addresses().unwrap();
        ledger.scrape_and(&addresses, || running.kill());
    } else {
        running.kill();
    }
    ledger.set_addresses(None);
}

fn start(ledger: &Ledger, directory: &Path) -> Running {
    let mut running = Running::spawn(&mut program(directory), &directory.join("log"));
    ledger.set_addresses(Some(running.addresses()));
    running
}

fn program(directory: &Path) -> Command {
    let mut command = running::serve();
    command.args(["--models", ARTEFACT, "--tail-interval-ms", "10", "--state-log", "1"]);
    command.arg("--state").arg(directory.join("state"));
    command.arg("--tail").arg(directory.join("*.log"));
    command
}

fn scrape_often(ledger: &Ledger) {
    let _abort = AbortOnPanic(ledger);
    while ledger.goes_on() {
        ledger.addresses().map(|addresses| ledger.scrape(&addresses));
        sleep(Duration::from_millis(50));
    }
}

/// Everything that was sent is counted, and nothing else.
fn check_end(ledger: &Ledger, addresses: &Addresses) {
    let mut difference = None;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(20) {
        difference = ledger.difference(&ledger.scrape(addresses).unwrap());
        if difference.is_none() {
            return;
        }
        sleep(Duration::from_millis(50));
    }
    panic!("{difference:?}");
}

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}
