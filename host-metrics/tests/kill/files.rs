//! Writers of followed files, which rotate them while they are read.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::events::Batch;
use crate::ledger::{AbortOnPanic, Ledger};
use crate::random::Random;
use crate::samples::Samples;

/// How a file is rotated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rotation {
    /// The file gets another name, is written on for a while, and a new one takes its place.
    Rename,
    /// The file is emptied once all of it was read.
    Truncate,
}

struct Writer<'a> {
    ledger: &'a Ledger,
    random: Random,
    path: PathBuf,
    app: &'static str,
    file: File,
    /// Events written in all, and before the present file.
    written: u64,
    written_before: u64,
    rotations: u64,
}

/// Writes lines until the load is over. Returns how often the file was rotated.
pub(crate) fn write(ledger: &Ledger, path: &Path, rotation: Rotation, random: Random) -> u64 {
    let _abort = AbortOnPanic(ledger);
    let app = match rotation {
        Rotation::Rename => "renamed",
        Rotation::Truncate => "truncated",
    };
    let (path, file) = (path.to_owned(), append_to(path));
    let mut writer = Writer { ledger, random, path, app, file, written: 0, written_before: 0, rotations: 0 };
    while ledger.goes_on() {
        writer.write_lines();
        if writer.random.chance(4) {
            match rotation {
                Rotation::Rename => writer.rename(),
                Rotation::Truncate => writer.truncate(),
            }
        }
        std::thread::sleep(Duration::from_millis(writer.random.below(12)));
    }
    writer.rotations
}

impl Writer<'_> {
    fn write_lines(&mut self) {
        let events = 1 + self.random.below(6);
        let batch = Batch::new(&mut self.random, &self.ledger.zoo, "tail", self.app, events);
        self.ledger.send(&batch.counts);
        self.written += events;
        // In two writes, so that the reader meets lines that have not ended.
        let cut = self.random.below(batch.bytes.len() as u64) as usize;
        self.file.write_all(&batch.bytes[..cut]).unwrap();
        std::thread::sleep(Duration::from_millis(self.random.below(3)));
        self.file.write_all(&batch.bytes[cut..]).unwrap();
    }

    /// A file that was not seen before it lost its name could not be found again, so that comes first.
    fn rename(&mut self) {
        let before = self.written_before;
        if !self.wait_until_counted(|counted, _| counted > before) {
            return;
        }
        self.write_lines();
        self.rotations += 1;
        std::fs::rename(&self.path, self.path.with_extension(self.rotations.to_string())).unwrap();
        self.write_lines();
        self.file = append_to(&self.path);
        self.written_before = self.written;
    }

    /// What was truncated before it was read would be lost, so that comes first.
    fn truncate(&mut self) {
        if self.wait_until_counted(|counted, written| counted == written) {
            self.rotations += 1;
            self.file.set_len(0).unwrap();
        }
    }

    /// Waits for a scrape, which shows only what is durable. `false` if the load ends before.
    fn wait_until_counted(&self, is_enough: impl Fn(u64, u64) -> bool) -> bool {
        while self.ledger.goes_on() {
            let scraped = self.ledger.addresses().and_then(|addresses| self.ledger.scrape(&addresses));
            if scraped.is_some_and(|scraped| is_enough(events_of(self.app, &scraped), self.written)) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(40));
        }
        false
    }
}

fn append_to(path: &Path) -> File {
    File::options().create(true).append(true).open(path).unwrap()
}

/// Events of an application.
fn events_of(app: &str, scraped: &Samples) -> u64 {
    let prefix = format!("api_requests_total{{app=\"{app}\",");
    let counts = scraped.iter().filter(|(series, _)| series.starts_with(&prefix));
    u64::try_from(counts.map(|(_, nano)| nano / 1_000_000_000).sum::<u128>()).unwrap()
}
