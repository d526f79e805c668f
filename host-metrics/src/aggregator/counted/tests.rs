//! Exactly once, against a reference that cannot be wrong: whatever is sent, split, repeated and crashed into,
//! the counts are those of a list of all events that were acknowledged, each once.

use std::collections::BTreeSet;
use std::path::Path;

use portent_event::{Event, Line};
use proptest::prelude::*;

use super::*;
use crate::ingest::deliveries::{Delivery, Verdict};
use crate::ingest::lines::Found;
use crate::registry::Way;
use crate::testing::{NOW, any_event, line, models};

/// What happens to the aggregator.
#[derive(Clone, Debug)]
enum Step {
    /// A sender delivers these events under this identity, perhaps not for the first time.
    Deliver { source: u8, sequence: u64 },
    /// A followed file gains an event, or a part of one.
    Write { file: usize, event: Box<Event<'static>>, torn: bool },
    /// A followed file is read for this many bytes at most.
    Read { file: usize, bytes: usize },
    /// What was recorded becomes durable.
    Sync,
    /// The state is written as a checkpoint, and the records before it are thrown away.
    Checkpoint,
    /// The process is killed; this many records that were not durable are there all the same.
    Crash { kept: usize },
}

/// A disk, an aggregator, and the files it follows.
#[derive(Default)]
struct World {
    counted: Counted,
    checkpoint: Option<Vec<u8>>,
    records: Vec<Vec<u8>>,
    durable: usize,
    /// Deliveries in `records`, for the reference.
    delivered: Vec<(usize, u8, u64)>,
    acknowledged: BTreeSet<(u8, u64)>,
    files: [Vec<u8>; 2],
}

fn identity(file: usize) -> FileIdentity {
    let mut out = Encoder::default();
    out.number(1_u8);
    out.number(file as u64);
    FileIdentity::decode(&mut Decoder::new(&out.finish())).unwrap()
}

/// The events of a delivery follow from its identity, as those of a repeat do.
fn delivery_events(source: u8, sequence: u64) -> Vec<Event<'static>> {
    let route = portent_event::Route::ALL[sequence as usize % portent_event::Route::ALL.len()];
    let app = if source.is_multiple_of(2) { "demo" } else { "second" };
    let one = Event { app: app.into(), route, predictions: Vec::new(), ..crate::testing::event() };
    vec![one.clone(), Event { status: 422, ..one }]
}

fn counts(events: &[Event<'_>], way: Way) -> Registry {
    let mut counts = Registry::default();
    for event in events {
        counts.intake.receive(way, 1);
        counts.apply(event, &models(), NOW);
    }
    counts
}

impl World {
    fn step(&mut self, step: Step) {
        match step {
            Step::Deliver { source, sequence } => self.deliver(source, sequence),
            Step::Write { file, event, torn } => {
                let line = line(&event);
                // The rest of a torn line comes with the next one: together they are two lines.
                let end = if torn { line.len() / 2 } else { line.len() };
                let begun = self.files[file].iter().rev().take_while(|byte| **byte != b'\n').count();
                if begun == 0 {
                    self.files[file].extend_from_slice(&line[..end]);
                } else {
                    self.files[file].extend_from_slice(b"\n");
                }
            }
            Step::Read { file, bytes } => self.read(file, bytes),
            Step::Sync => self.sync(),
            Step::Checkpoint => {
                self.sync();
                self.checkpoint = Some(self.counted.encode());
                self.records.clear();
                self.delivered.clear();
                self.durable = 0;
            }
            Step::Crash { kept } => {
                self.records.truncate(self.durable + kept);
                let records = self.records.len();
                for (_, source, sequence) in self.delivered.iter().filter(|(at, ..)| *at < records) {
                    self.acknowledged.insert((*source, *sequence));
                }
                self.delivered.retain(|(at, ..)| *at < records);
                self.durable = records;
                self.counted = Counted::default();
                let checkpoint = self.checkpoint.iter().map(|bytes| Replay::Checkpoint(bytes));
                let records = self.records.iter().map(|bytes| Replay::Record(bytes));
                checkpoint.chain(records).for_each(|replay| self.counted.replay(replay).unwrap());
            }
        }
    }

    fn deliver(&mut self, source: u8, sequence: u64) {
        let name = format!("source-{source}");
        let delivery = Delivery { source: &name, sequence, oldest_event: NOW, arrived: NOW };
        if self.counted.deliveries.verdict(&delivery) == Verdict::New {
            let counts = counts(&delivery_events(source, sequence), Way::Http);
            self.delivered.push((self.records.len(), source, sequence));
            self.commit(Change { counts, origin: Origin::Delivery((&delivery).into()) });
        } else {
            assert!(
                self.acknowledged.contains(&(source, sequence))
                    || self.delivered.iter().any(|(_, s, n)| (*s, *n) == (source, sequence))
            );
        }
    }

    fn read(&mut self, file: usize, bytes: usize) {
        let start = || FilePosition::start(Path::new("/log"));
        let mut position = self.counted.files.get(&identity(file)).cloned().unwrap_or_else(start);
        let (mut read, mut ignored) = (Vec::new(), 0);
        let rest = self.files[file].get(position.offset() as usize..).unwrap();
        position.take(&rest[..bytes.min(rest.len())], |found| match found {
            Found::Whole(line) => match Line::decode(line) {
                Ok(Line::Event(event)) => read.push(counts(&[event], Way::Tail)),
                _ => ignored += 1,
            },
            Found::TooLong { .. } => unreachable!(),
        });
        let mut counts = Registry::default();
        counts.intake.ignored = ignored;
        read.iter().for_each(|more| counts.merge(more));
        self.commit(Change { counts, origin: Origin::File(identity(file), position) });
    }

    fn commit(&mut self, change: Change) {
        self.records.push(self.counted.record(&change));
        self.counted.apply(change);
    }

    fn sync(&mut self) {
        self.durable = self.records.len();
        for (_, source, sequence) in self.delivered.drain(..) {
            self.acknowledged.insert((source, sequence));
        }
    }

    /// What the counts must be.
    fn reference(&self) -> Registry {
        let mut reference = Registry::default();
        for (source, sequence) in &self.acknowledged {
            reference.merge(&counts(&delivery_events(*source, *sequence), Way::Http));
        }
        for file in &self.files {
            let whole =
                file.split_inclusive(|byte| *byte == b'\n').filter_map(|line| line.strip_suffix(b"\n"));
            for line in whole {
                match Line::decode(line) {
                    Ok(Line::Event(event)) => reference.merge(&counts(&[event], Way::Tail)),
                    _ => reference.intake.ignored += 1,
                }
            }
        }
        reference
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    let delivery = (0_u8..3, 0_u64..6).prop_map(|(source, sequence)| Step::Deliver { source, sequence });
    let write = (0_usize..2, any_event(), any::<bool>()).prop_map(|(file, event, torn)| Step::Write {
        file,
        event: Box::new(event),
        torn,
    });
    let read = (0_usize..2, 1_usize..1500).prop_map(|(file, bytes)| Step::Read { file, bytes });
    prop_oneof![
        4 => delivery, 4 => write, 4 => read,
        2 => Just(Step::Sync), 1 => Just(Step::Checkpoint), 2 => (0_usize..4).prop_map(|kept| Step::Crash { kept }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn everything_acknowledged_is_counted_once(steps in prop::collection::vec(any_step(), 0..60)) {
        let mut world = World::default();
        steps.into_iter().for_each(|step| world.step(step));
        (0..2).for_each(|file| world.step(Step::Read { file, bytes: usize::MAX }));
        world.step(Step::Sync);
        world.step(Step::Crash { kept: 0 });
        let bytes = |registry: &Registry| {
            let mut out = Encoder::default();
            registry.encode(&mut out, &|_| false);
            out.finish()
        };
        prop_assert_eq!(bytes(&world.counted.registry), bytes(&world.reference()));
    }
}
