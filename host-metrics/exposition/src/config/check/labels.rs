//! The rules of an alias about labels: where their values come from, and which series are taken.

use std::collections::BTreeMap;

use toml::Spanned;

use super::Report;
use crate::alias::{AliasLabel, Condition, LabelSource, source_labels};
use crate::config::names;
use crate::config::raw::RawAlias;
use crate::families::Family;

/// Most labels of an alias.
const LABELS: usize = 16;

/// Most values that a condition or the renaming of a label lists.
const VALUES: usize = 256;

/// Longest value, in bytes.
const VALUE_BYTES: usize = 128;

/// The key that stands for every value that is not listed.
const REST: &str = "*";

/// The labels of the alias with their names, ascending.
pub(super) fn labels(
    raw: &RawAlias,
    family: &Family,
    report: &mut Report<'_>,
) -> Option<Vec<(String, AliasLabel)>> {
    if let Some(surplus) = raw.labels.keys().nth(LABELS) {
        return report.refuse(surplus.span().start, "labels: more than 16");
    }
    if let Some(unknown) = raw.values.keys().find(|label| !raw.labels.contains_key(*label)) {
        return report.refuse(unknown.span().start, "values: the alias has no such label");
    }
    let labels = raw.labels.iter().map(|(name, value)| {
        let label = label(name, value, family, report)?;
        let label = match raw.values.get_key_value(name) {
            Some((key, values)) => renamed(key, label, values, report)?,
            None => label,
        };
        Some((name.get_ref().clone(), label))
    });
    all(labels)
}

/// The conditions of the alias.
pub(super) fn conditions(raw: &RawAlias, family: &Family, report: &mut Report<'_>) -> Option<Vec<Condition>> {
    let conditions = raw.conditions.iter().map(|(label, values)| {
        let Some(index) = index(label.get_ref(), family) else {
            return report.refuse(label.span().start, &format!("where: {}", offered(family)));
        };
        let any_of = values.get_ref().as_slice();
        if any_of.is_empty() || any_of.len() > VALUES || !any_of.iter().all(|value| is_value(value)) {
            return report.refuse(values.span().start, "where: not 1 to 256 values of 1 to 128 bytes");
        }
        Some(Condition { index, any_of: any_of.to_vec() })
    });
    all(conditions)
}

fn label(
    name: &Spanned<String>,
    value: &Spanned<String>,
    family: &Family,
    report: &mut Report<'_>,
) -> Option<AliasLabel> {
    let (name, place) = (name.get_ref(), name.span().start);
    if !names::is_name(name) {
        return report.refuse(place, "labels: a name is [a-zA-Z_][a-zA-Z0-9_]* of at most 128 characters");
    }
    if names::is_reserved_label(name) {
        return report.refuse(place, "labels: le, quantile and names that begin with __ are reserved");
    }
    let (text, place) = (value.get_ref(), value.span().start);
    let template = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
    let source = match template {
        Some(source) => match index(source, family) {
            Some(index) => LabelSource::Label(index),
            None => return report.refuse(place, &format!("label {name}: {}", offered(family))),
        },
        None if is_value(text) && !text.contains(['{', '}']) => LabelSource::Constant(text.clone()),
        None => {
            let rule =
                "neither the name of a label in braces nor a constant of 1 to 128 bytes without braces";
            return report.refuse(place, &format!("label {name}: {rule}"));
        }
    };
    Some(AliasLabel { source, values: BTreeMap::new(), rest: None })
}

fn renamed(
    name: &Spanned<String>,
    label: AliasLabel,
    raw: &BTreeMap<Spanned<String>, Spanned<String>>,
    report: &mut Report<'_>,
) -> Option<AliasLabel> {
    let (name, place) = (name.get_ref(), name.span().start);
    if matches!(label.source, LabelSource::Constant(_)) {
        return report.refuse(place, &format!("values of {name}: the label is a constant"));
    }
    if raw.len() > VALUES {
        return report.refuse(place, &format!("values of {name}: more than 256"));
    }
    let wrong = raw.iter().find(|(from, to)| !is_value(from.get_ref()) || !is_value(to.get_ref()));
    if let Some((from, _)) = wrong {
        return report.refuse(from.span().start, &format!("values of {name}: not 1 to 128 bytes"));
    }
    let pairs = raw.iter().map(|(from, to)| (from.get_ref().clone(), to.get_ref().clone()));
    let mut values: BTreeMap<_, _> = pairs.collect();
    let rest = values.remove(REST);
    Some(AliasLabel { values, rest, ..label })
}

/// Every item, once all of them have been looked at.
fn all<T>(items: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let items: Vec<_> = items.collect();
    items.into_iter().collect()
}

fn index(label: &str, family: &Family) -> Option<usize> {
    source_labels(family).iter().position(|known| *known == label)
}

/// What an unknown source label is told.
fn offered(family: &Family) -> String {
    let labels = source_labels(family);
    let labels = if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
    format!("no such label of {}, which has {labels}", family.name)
}

/// An empty value would be no label at all.
fn is_value(text: &str) -> bool {
    (1..=VALUE_BYTES).contains(&text.len())
}
