//! Properties of any text, and of any valid file.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;
use crate::alias::source_labels;
use crate::families::Family;

/// Pieces of configuration files, to get further than arbitrary text does.
const PIECES: &[&str] = &[
    "[[alias]]\n",
    "[alias.labels]\n",
    "[alias.values.a]\n",
    "[limits]\n",
    "name = 'a_total'\n",
    "name = 'app_info'\n",
    "family = 'app_info'\n",
    "family = 'predictions_total'\n",
    "help = 'é'\n",
    "where = { app = ['x', 'y'] }\n",
    "where.app = 'x'\n",
    "gauge_expiry = '1h'\n",
    "apps = 5\n",
    "a = '{app}'\n",
    "a = \"*\"\n",
    "'*' = 'z'\n",
    "\u{feff}",
    "\r\n",
    "=",
    "{",
];

/// The label of an alias: a source label by number or a constant, and new names for values.
type Label = (Result<prop::sample::Index, String>, BTreeMap<String, String>);

fn label() -> impl Strategy<Value = Label> {
    let constant = "[a-zA-Z0-9/ ._-]{1,12}";
    let source = prop_oneof![any::<prop::sample::Index>().prop_map(Ok), constant.prop_map(Err)];
    let new_names = prop::collection::btree_map("[a-c]|\\*", "[A-Z]{1,3}", 0..4);
    (source, new_names)
}

fn valid_file(family: &Family, labels: &BTreeMap<String, Label>, condition: Option<&str>) -> String {
    let suffix = if family.kind == Kind::Counter { "_total" } else { "" };
    let sources = source_labels(family);
    let mut text = alias(&format!("new_name{suffix}"), family.name, "");
    if let (Some(value), Some(label)) = (condition, sources.first()) {
        text += &format!("where = {{ {label} = \"{value}\" }}\n");
    }
    text += "[alias.labels]\n";
    let mut values = String::new();
    for (name, (source, new_names)) in labels {
        match source {
            Ok(index) if !sources.is_empty() => {
                text += &format!("{name} = \"{{{}}}\"\n", index.get(&sources));
                values += &format!("[alias.values.{name}]\n");
                new_names.iter().for_each(|(from, to)| values += &format!("\"{from}\" = \"{to}\"\n"));
            }
            Ok(_) => text += &format!("{name} = \"none\"\n"),
            Err(constant) => text += &format!("{name} = \"{constant}\"\n"),
        }
    }
    text + &values
}

/// Families that can have an alias.
fn aliased() -> Vec<&'static Family> {
    families::ALL.iter().copied().filter(|family| family.name != families::SERIES.name).collect()
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        Config::parse(&text).ok();
    }

    #[test]
    fn any_sequence_of_pieces_is_read_or_refused(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..20)) {
        let text = pieces.concat();
        let end = (text.lines().count() + 1, text.chars().count() + 1);
        if let Err(problems) = Config::parse(&text) {
            prop_assert!(!problems.as_slice().is_empty());
            for problem in problems.as_slice() {
                prop_assert!(problem.line >= 1 && problem.line <= end.0, "{problem}");
                prop_assert!(problem.column >= 1 && problem.column <= end.1, "{problem}");
                prop_assert!(!problem.rule.is_empty() && !problem.rule.contains('\n'), "{problem}");
            }
        }
    }

    /// Where the conditions hold, every label has a value; where they do not, the series is left out.
    #[test]
    fn a_valid_alias_maps_every_label(
        family in prop::sample::select(aliased()),
        labels in prop::collection::btree_map("[a-k][a-z0-9_]{0,8}", label(), 0..8),
        condition in prop::option::of("[a-c]"),
        values in prop::collection::vec("[a-d]", 8),
    ) {
        let config = Config::parse(&valid_file(family, &labels, condition.as_deref()));
        prop_assert!(config.is_ok(), "{config:?}");
        let config = config.unwrap();
        let [family] = &config.aliases[..] else { panic!("{config:?}") };
        let [member] = family.members.as_slice() else { panic!("{config:?}") };
        prop_assert_eq!(family.label_names.iter().collect::<BTreeSet<_>>(), labels.keys().collect::<BTreeSet<_>>());
        let values: Vec<_> = values.iter().map(String::as_str).take(source_labels(member.family).len()).collect();
        let holds = condition.is_none() || values.is_empty() || condition.as_deref() == values.first().copied();
        let mapped = member.map(&values);
        prop_assert_eq!(mapped.is_some(), holds);
        if let Some(mapped) = mapped {
            prop_assert_eq!(mapped.len(), labels.len());
            prop_assert!(mapped.iter().all(|value| !value.is_empty()));
        }
    }
}
