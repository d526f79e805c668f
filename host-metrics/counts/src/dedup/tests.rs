use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

impl Dedup {
    fn admit(&mut self, delivery: &Delivery) -> Verdict {
        let verdict = self.verdict(delivery);
        if verdict == Verdict::New {
            self.remember(delivery);
        }
        verdict
    }
}

fn delivery(source: &str, sequence: u64, at: u64) -> Delivery {
    Delivery { source: source.into(), sequence, oldest_event: at, arrived: at }
}

#[test]
fn a_repeat_is_recognised_in_any_order() {
    let mut dedup = Dedup::default();
    let sequences = [5, 3, 5, 0, 1023, 3, 1024, 0, 2000, 976, 977];
    let verdicts = sequences.map(|sequence| dedup.admit(&delivery("a", sequence, 1)));
    use Verdict::{New, OutsideWindow, Repeated};
    let expected = [New, New, Repeated, New, New, Repeated, New, OutsideWindow, New, OutsideWindow, New];
    assert_eq!(verdicts, expected);
    assert_eq!(dedup.admit(&delivery("b", 5, 1)), New);
    assert_eq!(dedup.admit(&delivery("a", u64::MAX, 1)), New);
    assert_eq!(dedup.admit(&delivery("a", u64::MAX, 1)), Repeated);
}

/// Once a source had to be forgotten, what is not newer than its last delivery is refused.
#[test]
fn what_may_have_been_forgotten_is_refused() {
    let mut dedup = Dedup::with_capacity(1);
    let names: Vec<String> = (0..=GENERATIONS + 1).map(|number| format!("s{number}")).collect();
    for (name, at) in names.iter().zip(10..) {
        assert_eq!(dedup.admit(&delivery(name, at, at)), Verdict::New);
    }
    assert_eq!(dedup.sources(), GENERATIONS + 1);
    // Forgotten, so it could be a repeat.
    assert_eq!(dedup.admit(&delivery("s0", 10, 10)), Verdict::OutsideWindow);
    assert_eq!(dedup.admit(&delivery("s1", 11, 11)), Verdict::Repeated);
    assert_eq!(dedup.admit(&delivery("s0", 11, 50)), Verdict::New);
    // Known again, but its number 10 was forgotten all the same.
    assert_eq!(dedup.admit(&delivery("s0", 10, 10)), Verdict::OutsideWindow);
    assert_eq!(dedup.sources(), GENERATIONS + 1);
}

/// A source that is heard again and again outlives many that are heard once.
#[test]
fn a_source_heard_again_is_remembered() {
    let mut dedup = Dedup::with_capacity(2);
    for round in 0..100_u64 {
        assert_eq!(dedup.admit(&delivery("a", round, 1)), Verdict::New);
        dedup.admit(&delivery(&format!("s{round}"), 0, 1_000 + round));
    }
    assert_eq!(dedup.admit(&delivery("a", 0, 1)), Verdict::Repeated);
}

proptest! {
    /// With little memory and any order, no delivery is ever counted twice.
    #[test]
    fn nothing_is_admitted_twice(sent in prop::collection::vec((0_usize..14, 0_u64..2000, any::<bool>()), 0..300)) {
        let mut dedup = Dedup::with_capacity(1);
        let mut admitted = HashSet::new();
        for (at, (source, sequence, restarts)) in sent.into_iter().enumerate() {
            if restarts {
                let read: Dedup = postcard::from_bytes(&postcard::to_stdvec(&dedup).unwrap()).unwrap();
                dedup = Dedup { capacity: 1, ..read };
            }
            let name = &format!("s{source}");
            // The events of a delivery keep their time however often it is sent.
            let arrived = sequence.max(at as u64);
            let delivery = Delivery { source: (**name).into(), sequence, oldest_event: sequence, arrived };
            if dedup.admit(&delivery) == Verdict::New {
                prop_assert!(admitted.insert((source, sequence)));
            }
        }
    }
}
