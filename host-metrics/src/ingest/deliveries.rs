//! Recognising a delivery that comes again.
//!
//! A delivery is named by its sender's source and a sequence number. What is remembered is bounded: the
//! last 1,024 sequence numbers of the 65,536 sources heard last. A delivery from outside of that could be
//! new or a repeat; it is refused, never guessed:
//!
//! * its sequence number is more than 1,024 below the highest of its source, or
//! * its events are not newer than the last delivery of any source that had to be forgotten.
//!
//! The memory is that of the process: a restart forgets it.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Sequence numbers remembered per source.
const SEQUENCES: u64 = 1024;

/// Words of the bit set that remembers them.
const WORDS: usize = (SEQUENCES / 64) as usize;

/// Sources remembered.
const SOURCES: usize = 65_536;

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
    /// Not seen before, and seen from now on.
    New,
    /// Seen before.
    Repeated,
    /// Cannot be told.
    OutsideWindow,
}

/// The deliveries of the recent past.
#[derive(Debug)]
pub struct Deliveries {
    sources: HashMap<Arc<str>, Source>,
    /// The sources, by the turn in which they were heard last.
    turns: BTreeMap<u64, Arc<str>>,
    next_turn: u64,
    /// Nothing forgotten is newer than this.
    horizon: u64,
    capacity: usize,
}

#[derive(Debug)]
struct Source {
    highest: u64,
    /// Bit `s % 1024` is set if `s` was seen, for the last 1,024 numbers up to the highest.
    seen: [u64; WORDS],
    turn: u64,
    /// What could have been forgotten when this source was heard first.
    horizon: u64,
    newest: u64,
}

impl Default for Deliveries {
    fn default() -> Self {
        Self::with_capacity(SOURCES)
    }
}

impl Deliveries {
    fn with_capacity(capacity: usize) -> Self {
        Self { sources: HashMap::new(), turns: BTreeMap::new(), next_turn: 0, horizon: 0, capacity }
    }

    /// Says whether a delivery is new, and remembers it if it is.
    pub fn admit(&mut self, delivery: &Delivery<'_>) -> Verdict {
        let known = self.sources.get(delivery.source);
        let verdict = known.map_or(Verdict::New, |source| source.verdict(delivery.sequence));
        let horizon = known.map_or(self.horizon, |source| source.horizon);
        match verdict {
            Verdict::New if delivery.oldest_event <= horizon && horizon > 0 => Verdict::OutsideWindow,
            Verdict::New => {
                self.remember(delivery);
                Verdict::New
            }
            Verdict::Repeated | Verdict::OutsideWindow => verdict,
        }
    }

    fn remember(&mut self, delivery: &Delivery<'_>) {
        if !self.sources.contains_key(delivery.source) {
            self.make_room();
        }
        let (name, horizon): (Arc<str>, _) = (delivery.source.into(), self.horizon);
        let new = || Source::new(delivery.sequence, self.next_turn, horizon);
        let source = self.sources.entry(Arc::clone(&name)).or_insert_with(new);
        self.turns.remove(&source.turn);
        self.turns.insert(self.next_turn, name);
        source.turn = self.next_turn;
        self.next_turn += 1;
        // The sender's clock may be ahead of ours: then its events lie behind their arrival.
        source.newest = source.newest.max(delivery.arrived).max(delivery.oldest_event);
        source.set(delivery.sequence);
    }

    /// Forgets the source that was silent for the longest, if there is no room for another.
    fn make_room(&mut self) {
        if self.sources.len() < self.capacity {
            return;
        }
        let Some((_, name)) = self.turns.pop_first() else { return };
        if let Some(source) = self.sources.remove(&name) {
            self.horizon = self.horizon.max(source.newest);
        }
    }
}

impl Source {
    fn new(sequence: u64, turn: u64, horizon: u64) -> Self {
        Self { highest: sequence, seen: [0; WORDS], turn, horizon, newest: 0 }
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
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn delivery(source: &str, sequence: u64, at: u64) -> Delivery<'_> {
        Delivery { source, sequence, oldest_event: at, arrived: at }
    }

    #[test]
    fn a_repeat_is_recognised_in_any_order() {
        let mut deliveries = Deliveries::default();
        let sequences = [5, 3, 5, 0, 1023, 3, 1024, 0, 2000, 976, 977];
        let verdicts = sequences.map(|sequence| deliveries.admit(&delivery("a", sequence, 1)));
        use Verdict::{New, OutsideWindow, Repeated};
        let expected = [New, New, Repeated, New, New, Repeated, New, OutsideWindow, New, OutsideWindow, New];
        assert_eq!(verdicts, expected);
        assert_eq!(deliveries.admit(&delivery("b", 5, 1)), New);
        assert_eq!(deliveries.admit(&delivery("a", u64::MAX, 1)), New);
        assert_eq!(deliveries.admit(&delivery("a", u64::MAX, 1)), Repeated);
    }

    /// Once a source had to be forgotten, what is not newer than its last delivery is refused.
    #[test]
    fn what_may_have_been_forgotten_is_refused() {
        let mut deliveries = Deliveries::with_capacity(2);
        for (source, at) in [("a", 10), ("b", 20), ("a", 30), ("c", 40)] {
            assert_eq!(deliveries.admit(&delivery(source, at, at)), Verdict::New);
        }
        assert_eq!(deliveries.admit(&delivery("b", 20, 20)), Verdict::OutsideWindow);
        assert_eq!(deliveries.admit(&delivery("a", 30, 30)), Verdict::Repeated);
        assert_eq!(deliveries.admit(&delivery("b", 21, 50)), Verdict::New);
        // Known again, but its number 20 was forgotten all the same.
        assert_eq!(deliveries.admit(&delivery("b", 20, 20)), Verdict::OutsideWindow);
        assert_eq!(deliveries.sources.len(), 2);
        assert_eq!(deliveries.turns.len(), 2);
    }

    proptest! {
        /// With little memory and any order, no delivery is ever counted twice.
        #[test]
        fn nothing_is_admitted_twice(sent in prop::collection::vec((0_usize..6, 0_u64..2000), 0..300)) {
            let mut deliveries = Deliveries::with_capacity(3);
            let mut admitted = HashSet::new();
            for (at, (source, sequence)) in sent.into_iter().enumerate() {
                let name = ["a", "b", "c", "d", "e", "f"][source];
                // The events of a delivery keep their time however often it is sent.
                let arrived = sequence.max(at as u64);
                let delivery = Delivery { source: name, sequence, oldest_event: sequence, arrived };
                if deliveries.admit(&delivery) == Verdict::New {
                    prop_assert!(admitted.insert((source, sequence)));
                }
            }
        }
    }
}
