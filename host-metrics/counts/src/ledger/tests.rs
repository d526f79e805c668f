//! Exactly once, against a reference that cannot be wrong: whatever is sent, split, repeated and crashed into,
//! the counts are those of a list of all events that were acknowledged, each once.

use std::collections::BTreeSet;
use std::path::Path;

use portent_event::{Event, Line};
use proptest::prelude::*;

use super::*;
use crate::dedup::{Delivery, Verdict};
use crate::lines::Found;
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
    counted: Ledger,
    checkpoint: Option<Vec<u8>>,
    records: Vec<Vec<u8>>,
    durable: usize,
    /// Deliveries in `records`, for the reference.
    delivered: Vec<(usize, u8, u64)>,
    acknowledged: BTreeSet<(u8, u64)>,
    files: [Vec<u8>; 2],
}

fn identity(file: usize) -> FileIdentity {
    postcard::from_bytes(&[1, u8::try_from(file).unwrap()]).unwrap()
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
        counts.ingest.receive(way, 1);
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
                self.checkpoint = Some(self.counted.checkpoint());
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
                let checkpoint = self.checkpoint.as_deref();
                self.counted = checkpoint.map(|bytes| Ledger::restore(bytes).unwrap()).unwrap_or_default();
                self.records.iter().for_each(|record| self.counted.replay(record).unwrap());
            }
        }
    }

    fn deliver(&mut self, source: u8, sequence: u64) {
        let name = format!("source-{source}");
        let delivery = Delivery { source: name.into(), sequence, oldest_event: NOW, arrived: NOW };
        if self.counted.dedup.verdict(&delivery) == Verdict::New {
            let counts = counts(&delivery_events(source, sequence), Way::Http);
            self.delivered.push((self.records.len(), source, sequence));
            self.commit(counts, Origin::Delivery(delivery));
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
        counts.ingest.ignored = ignored;
        read.iter().for_each(|more| counts.merge(more));
        self.commit(counts, Origin::File(identity(file), position));
    }

    fn commit(&mut self, counts: Registry, origin: Origin) {
        self.records.extend(self.counted.commit(counts, origin, NOW, true));
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
                    _ => reference.ingest.ignored += 1,
                }
            }
        }
        reference
    }
}

fn counted(events: &[Event<'_>]) -> (Ledger, Vec<Vec<u8>>) {
    let (mut ledger, mut records) = (Ledger::default(), Vec::new());
    for event in events {
        let counts = counts(std::slice::from_ref(event), Way::Http);
        records.extend(ledger.commit(counts, Origin::Anonymous, NOW, true));
    }
    (ledger, records)
}

fn replayed<'a>(records: impl IntoIterator<Item = &'a Vec<u8>>) -> Result<Ledger, InvalidRecord> {
    let mut ledger = Ledger::default();
    records.into_iter().try_for_each(|record| ledger.replay(record))?;
    Ok(ledger)
}

#[test]
fn a_model_is_described_once() {
    let (ledger, records) = counted(&[crate::testing::event(), crate::testing::event()]);
    assert!(records[1].len() + 50 < records[0].len(), "{} {}", records[0].len(), records[1].len());
    let read = replayed(&records).unwrap();
    assert_eq!(read.checkpoint(), ledger.checkpoint());
    assert_eq!(read.registry.models().next().unwrap().digest, crate::testing::digest("1"));
    let error = replayed(&records[1..]).unwrap_err();
    assert_eq!(error.to_string(), "counts of a model that was not described before");
}

/// Exemplars and the durations of the last seconds are not kept.
#[test]
fn a_checkpoint_is_read_as_it_was_written() {
    let unknown = Event { app: "second".into(), ..crate::testing::event() };
    let (mut ledger, _) = counted(&[crate::testing::event(), unknown]);
    let delivery = Delivery { source: "a".into(), sequence: 3, oldest_event: 1, arrived: 2 };
    ledger.commit(Registry::default(), Origin::Delivery(delivery.clone()), NOW, false);
    let position = FilePosition::start(Path::new("/log"));
    ledger.commit(Registry::default(), Origin::File(identity(1), position), NOW, false);
    let read = Ledger::restore(&ledger.checkpoint()).unwrap();
    assert_eq!(read.checkpoint(), ledger.checkpoint());
    assert_eq!(read.dedup.verdict(&delivery), Verdict::Repeated);
    assert_eq!(read.files, ledger.files);
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
        let bytes = |registry: &Registry| postcard::to_stdvec(registry).unwrap();
        prop_assert_eq!(bytes(&world.counted.registry), bytes(&world.reference()));
    }

    /// However events are split into deliveries, and in whatever order those are merged, the counts are the same.
    #[test]
    fn merging_is_counting_all(
        events in prop::collection::vec(any_event(), 0..20), size in 1_usize..5, reversed in any::<bool>(),
    ) {
        let mut deltas: Vec<_> = events.chunks(size).map(|events| counts(events, Way::Http)).collect();
        if reversed {
            deltas.reverse();
        }
        let (mut merged, mut whole) = (Registry::default(), Registry::default());
        deltas.iter().for_each(|delta| merged.merge(delta));
        whole.merge(&counts(&events, Way::Http));
        let bytes = |registry: &Registry| postcard::to_stdvec(registry).unwrap();
        prop_assert_eq!(bytes(&merged), bytes(&whole));
    }

    #[test]
    fn damaged_bytes_end_in_an_error_or_in_counts(
        events in prop::collection::vec(any_event(), 1..4), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let (ledger, records) = counted(&events);
        for (bytes, read) in [
            (&records[0], (|bytes| Ledger::default().replay(bytes)) as fn(&[u8]) -> Result<(), InvalidRecord>),
            (&ledger.checkpoint(), |bytes| Ledger::restore(bytes).map(|_| ())),
        ] {
            let (mut bytes, at) = (bytes.clone(), at.index(bytes.len()));
            bytes[at] = byte;
            read(&bytes).ok();
            read(&bytes[..at]).unwrap_err();
        }
    }
}
