//! Recognising a delivery that comes again.
//!
//! A delivery is identified by its sender's source and a sequence number. The memory holds the last 1,024 sequence numbers
//! of at least the 65,536 sources heard last. A delivery outside of it could be new or a repeat, so it is refused:
//!
//! * if its sequence number is more than 1,024 below the highest of its source, or
//! * if its events are not newer than the last delivery of any source that had to be forgotten.
//!
//! Sources are in generations. Only the newest generation changes. A source that is heard again moves there, and the
//! oldest generation is forgotten as a whole. So a copy of the memory for a checkpoint shares nearly everything.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use hashbrown::HashTable;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Sequence numbers remembered per source.
const SEQUENCES: u64 = 1024;

/// Words of the bit set that remembers them.
const WORDS: usize = (SEQUENCES / 64) as usize;

/// Sources of a generation.
const GENERATION: usize = 8192;

/// Generations remembered beside the newest: together they hold 65,536 sources.
const GENERATIONS: usize = 8;

/// Identity of a delivery, and its place in time.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// The sender: random per instance.
    pub source: Arc<str>,
    /// Number of the delivery, from that sender.
    pub sequence: u64,
    /// Time of the oldest event in it, in nanoseconds.
    pub oldest_event: u64,
    /// Time of its arrival, in nanoseconds.
    pub arrived: u64,
}

/// Whether a delivery is new, by its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not seen before.
    New,
    /// Seen before.
    Repeated,
    /// Unknown: it could be new or a repeat.
    OutsideWindow,
}

/// The deliveries of the recent past.
#[derive(Clone, Debug)]
pub struct Dedup {
    newest: Generation,
    /// Earlier generations, the oldest last. A source that was heard again is in several; the first counts.
    earlier: VecDeque<Arc<Generation>>,
    /// Nothing forgotten is newer than this.
    horizon: u64,
    /// Sources of a generation.
    capacity: usize,
    /// The random key of the hashes, so that nobody can choose names that collide.
    key: RandomState,
}

/// Sources, found by the hash of their name: one hash serves for every generation.
type Generation = HashTable<(Arc<str>, Source)>;

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Source {
    highest: u64,
    /// Bit `s % 1024` is set if `s` was seen, for the last 1,024 numbers up to the highest.
    seen: [u64; WORDS],
    /// The horizon when this source was heard first.
    horizon: u64,
    newest: u64,
}

impl Default for Dedup {
    fn default() -> Self {
        Self::with_capacity(GENERATION)
    }
}

impl Dedup {
    fn with_capacity(capacity: usize) -> Self {
        Self {
            newest: Generation::default(),
            earlier: VecDeque::new(),
            horizon: 0,
            capacity,
            key: RandomState::new(),
        }
    }

    /// Says whether a delivery is new.
    #[must_use]
    pub fn verdict(&self, delivery: &Delivery) -> Verdict {
        let known = self.find(self.key.hash_one(&delivery.source), &delivery.source);
        let horizon = known.map_or(self.horizon, |source| source.horizon);
        match known.map_or(Verdict::New, |source| source.verdict(delivery.sequence)) {
            Verdict::New if delivery.oldest_event <= horizon && horizon > 0 => Verdict::OutsideWindow,
            verdict => verdict,
        }
    }

    /// Remembers a delivery that is new.
    pub fn remember(&mut self, delivery: &Delivery) {
        let (name, hash) = (&delivery.source, self.key.hash_one(&delivery.source));
        if let Some((_, source)) = self.newest.find_mut(hash, |(other, _)| other == name) {
            return source.remember(delivery);
        }
        let known = self.find(hash, name).cloned();
        let mut source = known.unwrap_or_else(|| Source::new(delivery.sequence, self.horizon));
        source.remember(delivery);
        if self.newest.len() >= self.capacity {
            self.begin_generation();
        }
        let Self { newest, key, .. } = self;
        newest.insert_unique(hash, (Arc::clone(name), source), |(name, _)| key.hash_one(name));
    }

    /// Number of sources remembered; one heard again after a while may count twice.
    #[must_use]
    pub fn sources(&self) -> usize {
        self.newest.len() + self.earlier.iter().map(|generation| generation.len()).sum::<usize>()
    }

    fn find(&self, hash: u64, name: &str) -> Option<&Source> {
        let mut generations = [&self.newest].into_iter().chain(self.earlier.iter().map(|earlier| &**earlier));
        generations
            .find_map(|generation| generation.find(hash, |(other, _)| **other == *name))
            .map(|(_, source)| source)
    }

    /// Closes the newest generation, and forgets the oldest if there are too many.
    fn begin_generation(&mut self) {
        let closed = std::mem::take(&mut self.newest);
        if !closed.is_empty() {
            self.earlier.push_front(Arc::new(closed));
        }
        if self.earlier.len() > GENERATIONS
            && let Some(forgotten) = self.earlier.pop_back()
        {
            let newest = forgotten.iter().map(|(_, source)| source.newest).max();
            self.horizon = self.horizon.max(newest.unwrap_or_default());
        }
    }
}

impl Serialize for Dedup {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let generations = self.earlier.iter().rev().map(|generation| &**generation).chain([&self.newest]);
        let sorted = |generation: &Generation| {
            // In order, so that equal memories are equal bytes.
            let mut sources: Vec<_> = generation.iter().cloned().collect();
            sources.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
            sources
        };
        (self.horizon, generations.map(sorted).collect::<Vec<_>>()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Dedup {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (horizon, generations) = <(u64, Vec<Vec<(Arc<str>, Source)>>)>::deserialize(deserializer)?;
        let mut dedup = Self { horizon, ..Self::default() };
        for generation in generations {
            dedup.begin_generation();
            let Self { newest, key, .. } = &mut dedup;
            let hash = |(name, _): &(Arc<str>, Source)| key.hash_one(name);
            generation.into_iter().for_each(|source| _ = newest.insert_unique(hash(&source), source, hash));
        }
        Ok(dedup)
    }
}

impl Source {
    fn new(sequence: u64, horizon: u64) -> Self {
        Self { highest: sequence, seen: [0; WORDS], horizon, newest: 0 }
    }

    fn remember(&mut self, delivery: &Delivery) {
        // The sender's clock may be ahead of ours: then its events lie behind their arrival.
        self.newest = self.newest.max(delivery.arrived).max(delivery.oldest_event);
        self.set(delivery.sequence);
    }

    fn verdict(&self, sequence: u64) -> Verdict {
        if sequence > self.highest {
            return Verdict::New;
        }
        if self.highest - sequence >= SEQUENCES {
            return Verdict::OutsideWindow;
        }
        let (word, bit) = place(sequence);
        if self.seen[word] & bit == 0 { Verdict::New } else { Verdict::Repeated }
    }

    fn set(&mut self, sequence: u64) {
        // Numbers that the window moved past give their bits to those that came in.
        for passed in (self.highest.saturating_add(1)..=sequence).take(SEQUENCES as usize) {
            let (word, bit) = place(passed);
            self.seen[word] &= !bit;
        }
        self.highest = self.highest.max(sequence);
        let (word, bit) = place(sequence);
        self.seen[word] |= bit;
    }
}

/// Word and bit of a sequence number.
fn place(sequence: u64) -> (usize, u64) {
    let slot = sequence % SEQUENCES;
    ((slot / 64) as usize, 1 << (slot % 64))
}

#[cfg(test)]
mod tests;
