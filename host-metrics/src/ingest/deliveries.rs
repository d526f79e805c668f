//! Recognising a delivery that comes again.
//!
//! A delivery is named by its sender's source and a sequence number. What is remembered is bounded: the
//! last 1,024 sequence numbers of at least the 65,536 sources heard last. A delivery from outside of that could
//! be new or a repeat; it is refused, never guessed:
//!
//! * its sequence number is more than 1,024 below the highest of its source, or
//! * its events are not newer than the last delivery of any source that had to be forgotten.
//!
//! Sources are kept in generations. Only the newest changes; a source that is heard again moves there, and the
//! oldest generation is forgotten as a whole. So a copy of the memory, as a snapshot of the state needs it,
//! shares nearly everything.

mod name;

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use self::name::{Name, NameMap, Named, Sought};
use crate::codec::{DecodeError, Decoder, Encoder};

/// Sequence numbers remembered per source.
const SEQUENCES: u64 = 1024;

/// Words of the bit set that remembers them.
const WORDS: usize = (SEQUENCES / 64) as usize;

/// Sources of a generation.
const GENERATION: usize = 8192;

/// Generations remembered beside the newest: together they hold 65,536 sources.
const GENERATIONS: usize = 8;

/// Identity of a delivery, and its place in time.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// The sender: random per instance.
    pub source: &'a str,
    /// Number of the delivery, from that sender.
    pub sequence: u64,
    /// Time of the oldest event in it, in nanoseconds.
    pub oldest_event: u64,
    /// Time of its arrival, in nanoseconds.
    pub arrived: u64,
}

/// What an identity says about a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not seen before.
    New,
    /// Seen before.
    Repeated,
    /// Cannot be told.
    OutsideWindow,
}

/// The deliveries of the recent past.
#[derive(Clone, Debug)]
pub struct Deliveries {
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

type Generation = NameMap<Source>;

#[derive(Clone, Debug)]
struct Source {
    highest: u64,
    /// Bit `s % 1024` is set if `s` was seen, for the last 1,024 numbers up to the highest.
    seen: [u64; WORDS],
    /// What could have been forgotten when this source was heard first.
    horizon: u64,
    newest: u64,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self::with_capacity(GENERATION)
    }
}

impl Deliveries {
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
    pub fn verdict(&self, delivery: &Delivery<'_>) -> Verdict {
        let known = self.find(self.sought(delivery.source));
        let horizon = known.map_or(self.horizon, |source| source.horizon);
        match known.map_or(Verdict::New, |source| source.verdict(delivery.sequence)) {
            Verdict::New if delivery.oldest_event <= horizon && horizon > 0 => Verdict::OutsideWindow,
            verdict => verdict,
        }
    }

    /// Remembers a delivery that is new.
    pub fn remember(&mut self, delivery: &Delivery<'_>) {
        let sought = self.sought(delivery.source);
        let known = self.newest.get_mut(&sought as &dyn Named);
        if let Some(source) = known {
            return source.remember(delivery);
        }
        let known = self.find(sought).cloned();
        let mut source = known.unwrap_or_else(|| Source::new(delivery.sequence, self.horizon));
        source.remember(delivery);
        if self.newest.len() >= self.capacity {
            self.begin_generation();
        }
        self.newest.insert(sought.into(), source);
    }

    /// Number of sources remembered; one heard again after a while may count twice.
    #[must_use]
    pub fn sources(&self) -> usize {
        self.newest.len() + self.earlier.iter().map(|generation| generation.len()).sum::<usize>()
    }

    /// Writes what is remembered.
    pub(crate) fn encode(&self, out: &mut Encoder) {
        out.number(self.horizon);
        let generations = self.earlier.iter().rev().map(|generation| &**generation);
        let generations: Vec<_> = generations.chain([&self.newest]).collect();
        out.list(generations.into_iter(), |out, generation| {
            // In order, so that equal memories are equal bytes.
            let mut sources: Vec<_> = generation.iter().collect();
            sources.sort_unstable_by_key(|(name, _)| name.text());
            out.list(sources.into_iter(), |out, (name, source)| {
                out.text(name.text());
                [source.highest, source.horizon, source.newest].into_iter().for_each(|time| out.number(time));
                out.counts(&source.seen);
            });
        });
    }

    /// Reads what was remembered.
    pub(crate) fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let mut deliveries = Self { horizon: from.number()?, ..Self::default() };
        let generations = from.list(|from| {
            let key = &deliveries.key;
            let sources = from.list(|from| {
                let text = from.text()?;
                Ok((Name::from(Sought { hash: key.hash_one(text), text }), Source::decode(from)?))
            })?;
            Ok(sources.into_iter().collect::<Generation>())
        })?;
        for generation in generations {
            deliveries.begin_generation();
            deliveries.newest = generation;
        }
        Ok(deliveries)
    }

    fn sought<'a>(&self, text: &'a str) -> Sought<'a> {
        Sought { hash: self.key.hash_one(text), text }
    }

    fn find(&self, source: Sought<'_>) -> Option<&Source> {
        let generations = [&self.newest].into_iter().chain(self.earlier.iter().map(|earlier| &**earlier));
        generations.into_iter().find_map(|generation| generation.get(&source as &dyn Named))
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
            let newest = forgotten.values().map(|source| source.newest).max();
            self.horizon = self.horizon.max(newest.unwrap_or_default());
        }
    }
}

impl Source {
    fn new(sequence: u64, horizon: u64) -> Self {
        Self { highest: sequence, seen: [0; WORDS], horizon, newest: 0 }
    }

    fn decode(from: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let (highest, horizon, newest) = (from.number()?, from.number()?, from.number()?);
        let mut source = Self { highest, seen: [0; WORDS], horizon, newest };
        from.counts(&mut source.seen)?;
        Ok(source)
    }

    fn remember(&mut self, delivery: &Delivery<'_>) {
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
