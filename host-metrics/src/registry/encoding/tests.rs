use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::models::Models;
use crate::testing::{NOW, any_event, digest, event, models};

fn bytes(registry: &Registry) -> Vec<u8> {
    let mut out = Encoder::default();
    registry.encode(&mut out, &|_| false);
    out.finish()
}

fn read(bytes: &[u8]) -> Result<Registry, DecodeError> {
    let mut from = Decoder::new(bytes);
    let registry = Registry::decode(&mut from, &|_| None)?;
    from.finish()?;
    Ok(registry)
}

fn counted(events: &[portent_event::Event<'_>]) -> Registry {
    let mut registry = Registry::default();
    events.iter().for_each(|event| registry.apply(event, &models(), NOW));
    registry
}

#[test]
fn counts_of_a_described_model_name_it_by_its_digest() {
    let registry = counted(&[event()]);
    let mut out = Encoder::default();
    registry.encode(&mut out, &|_| true);
    let short = out.finish();
    assert!(short.len() + 50 < bytes(&registry).len(), "{}", short.len());
    assert!(read(&short).unwrap_err().rule.contains("not described before"));
    let cards: BTreeMap<_, _> = models().iter().map(|card| (card.digest, Arc::clone(card))).collect();
    let found = Registry::decode(&mut Decoder::new(&short), &|digest| cards.get(digest).cloned()).unwrap();
    assert_eq!(bytes(&found), bytes(&registry));
    assert_eq!(found.cards().next().unwrap().digest, digest("1"));
}

#[test]
fn counts_of_a_model_that_nobody_described_need_no_names() {
    let mut registry = Registry::default();
    registry.apply(&event(), &Models::default(), NOW);
    assert_eq!(bytes(&read(&bytes(&registry)).unwrap()), bytes(&registry));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_is_read(events in prop::collection::vec(any_event(), 0..20)) {
        let registry = counted(&events);
        prop_assert_eq!(bytes(&read(&bytes(&registry)).unwrap()), bytes(&registry));
    }

    /// However events are split into deliveries, and in whatever order those are merged, the counts are the same.
    #[test]
    fn merging_is_counting_all(
        events in prop::collection::vec(any_event(), 0..20), size in 1_usize..5, reversed in any::<bool>(),
    ) {
        let mut deltas: Vec<Registry> = events.chunks(size).map(counted).collect();
        if reversed {
            deltas.reverse();
        }
        let (mut merged, mut whole) = (Registry::default(), Registry::default());
        deltas.iter().for_each(|delta| merged.merge(&read(&bytes(delta)).unwrap()));
        whole.merge(&counted(&events));
        prop_assert_eq!(bytes(&merged), bytes(&whole));
    }

    #[test]
    fn damaged_bytes_end_in_an_error_or_in_counts(
        events in prop::collection::vec(any_event(), 1..4), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = bytes(&counted(&events));
        let at = at.index(bytes.len());
        bytes[at] = byte;
        read(&bytes).ok();
        read(&bytes[..at]).unwrap_err();
    }
}
