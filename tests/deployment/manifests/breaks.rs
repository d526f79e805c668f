//! Every rule finds what it is there for: real renderings, each broken in one place.

mod behaviour;
mod references;

use std::collections::BTreeSet;

use super::objects::Objects;
use super::{RULES, faults, rendering};

/// Components, what is replaced in their rendering, by what, the rule that has to find it, and in which
/// words.
type Break = (&'static [&'static str], &'static str, &'static str, &'static str, &'static str);

/// Every break.
fn breaks() -> impl Iterator<Item = &'static Break> {
    references::BREAKS.iter().chain(behaviour::BREAKS)
}

#[test]
fn every_rule_finds_what_it_is_there_for() {
    let mut missed = Vec::new();
    for (components, from, to, rule, words) in breaks() {
        let Some(text) = rendering::combination(components) else { return };
        let text = text.unwrap();
        assert!(text.contains(from), "nothing to break: {from:?} with {components:?}");
        let faults = faults(&Objects::read(&text.replace(from, to)));
        let begins = format!("{rule}: ");
        if !faults.iter().any(|fault| fault.starts_with(&begins) && fault.contains(words)) {
            missed.push(format!("{from:?} → {to:?} gives {faults:#?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn no_rule_is_without_a_break() {
    let broken: BTreeSet<_> = breaks().map(|(_, _, _, rule, _)| *rule).collect();
    let rules: BTreeSet<_> = RULES.iter().map(|(name, _)| *name).collect();
    assert_eq!(broken, rules);
}
