//! `[[alias]]`: from tables of the configuration file to [`AliasFamily`].

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::alias::{Alias, AliasFamily, AliasLabel, Condition, LabelSource, source_labels};
use crate::families::{self, Family, Kind};

/// Most `[[alias]]` tables.
const ALIASES: usize = 64;

/// Most labels of an alias.
const LABELS: usize = 16;

/// Most values that a condition or the renaming of a label lists.
const VALUES: usize = 256;

/// Longest value, in bytes.
const VALUE_BYTES: usize = 128;

/// Longest name of an alias or of its label, in bytes.
const NAME_BYTES: usize = 128;

/// Longest help, in bytes.
const HELP_BYTES: usize = 512;

/// The key that stands for every value that is not listed.
const REST: &str = "*";

/// Prefixes of names of this program's own families.
const OWN_PREFIXES: [&str; 2] = ["portent_", "process_"];

/// Suffixes of names of samples that are not the name of a gauge.
const SAMPLE_SUFFIXES: [&str; 5] = ["_total", "_count", "_sum", "_bucket", "_created"];

/// One `[[alias]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AliasTable {
    name: Spanned<String>,
    family: Spanned<String>,
    help: Option<Spanned<String>>,
    #[serde(default, rename = "where")]
    conditions: BTreeMap<Spanned<String>, Spanned<OneOrMany>>,
    labels: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    values: BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Spanned<String>>>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "not a text or a list of texts")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

/// A broken rule, and the byte of the file where it is broken.
type Broken = (usize, String);

/// Checks the tables and joins those of one name.
pub(super) fn families(tables: &[Spanned<AliasTable>], problems: &mut Vec<Broken>) -> Vec<AliasFamily> {
    if let Some(surplus) = tables.get(ALIASES) {
        problems.push((surplus.span().start, "more than 64 aliases".to_owned()));
    }
    let mut families = Vec::new();
    for (index, table) in tables.iter().take(ALIASES).enumerate() {
        let name = &table.get_ref().name;
        let checked = alias(table.get_ref()).and_then(|alias| {
            let joined = join(&mut families, alias);
            joined.map_err(|rule| vec![(name.span().start, format!("name: {rule}"))])
        });
        // An alias is called by its name, or by its number if the name is illegal.
        let title = if is_name(name.get_ref()) { name.get_ref().clone() } else { (index + 1).to_string() };
        let broken = checked.err().unwrap_or_default().into_iter();
        problems.extend(broken.map(|(place, rule)| (place, format!("alias {title}: {rule}"))));
    }
    families
}

/// Checks an alias by itself. If every rule holds, it is a family with one member.
fn alias(table: &AliasTable) -> Result<AliasFamily, Vec<Broken>> {
    let mut problems = Vec::new();
    let Some(family) = families::ALL.iter().copied().find(|known| known.name == table.family.get_ref())
    else {
        return Err(vec![broken(&table.family, "family: no family has this name")]);
    };
    if family.name == families::SERIES.name {
        return Err(vec![broken(&table.family, "family: it counts aliases too, so it has none")]);
    }
    let name = table.name.get_ref();
    problems.extend(name_rule(name, family.kind).err().map(|rule| broken(&table.name, rule)));
    let help = table.help.as_ref().map_or(family.help, |help| help.get_ref());
    if help.is_empty() || help.len() > HELP_BYTES || help.contains(char::is_control) {
        let place = table.help.as_ref().unwrap_or(&table.name);
        problems.push(broken(place, "help: not one line of 1 to 512 bytes"));
    }
    let (label_names, labels) = all(labels(table, family).into_iter(), &mut problems).into_iter().unzip();
    let conditions = table.conditions.iter().map(|(label, values)| condition(label, values, family));
    let conditions = all(conditions, &mut problems);
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(AliasFamily {
        name: name.clone(),
        kind: family.kind,
        help: help.to_owned(),
        unit: unit(name, family),
        label_names,
        replaces: name == family.name,
        members: vec![Alias { family, labels, conditions }],
    })
}

fn name_rule(name: &str, kind: Kind) -> Result<(), &'static str> {
    if !is_name(name) {
        return Err("name: not [a-zA-Z_][a-zA-Z0-9_]* of at most 128 characters");
    }
    if OWN_PREFIXES.iter().any(|prefix| name.starts_with(prefix)) {
        return Err("name: portent_ and process_ are for this program's own families");
    }
    match kind {
        Kind::Counter if name.strip_suffix("_total").is_none_or(str::is_empty) => {
            Err("name: the family is a counter, whose name ends in _total")
        }
        Kind::Gauge | Kind::Histogram | Kind::Info
            if SAMPLE_SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) =>
        {
            Err(
                "name: the family is no counter, so it does not end in _total, _count, _sum, _bucket or _created",
            )
        }
        _ => Ok(()),
    }
}

/// The labels with their names, ascending.
fn labels(table: &AliasTable, family: &Family) -> Vec<Result<(String, AliasLabel), Broken>> {
    if let Some(surplus) = table.labels.keys().nth(LABELS) {
        return vec![Err(broken(surplus, "labels: more than 16"))];
    }
    if let Some(unknown) = table.values.keys().find(|label| !table.labels.contains_key(*label)) {
        return vec![Err(broken(unknown, "values: the alias has no such label"))];
    }
    let label = |(name, value)| {
        let source = label_source(name, value, family)?;
        let (mut values, mut rest) = (BTreeMap::new(), None);
        if let Some((key, pairs)) = table.values.get_key_value(name) {
            check_values(key, pairs, &source)?;
            values = pairs.iter().map(|(from, to)| (from.get_ref().clone(), to.get_ref().clone())).collect();
            rest = values.remove(REST);
        }
        Ok((name.get_ref().clone(), AliasLabel { source, values, rest }))
    };
    table.labels.iter().map(label).collect()
}

fn label_source(
    name: &Spanned<String>,
    value: &Spanned<String>,
    family: &Family,
) -> Result<LabelSource, Broken> {
    let (label, text) = (name.get_ref(), value.get_ref());
    if !is_name(label) {
        let rule = "labels: a name is [a-zA-Z_][a-zA-Z0-9_]* of at most 128 characters";
        return Err(broken(name, rule));
    }
    if label.starts_with("__") || ["le", "quantile"].contains(&label.as_str()) {
        return Err(broken(name, "labels: le, quantile and names that begin with __ are reserved"));
    }
    let refuse = |rule: &str| broken(value, format!("label {label}: {rule}"));
    match text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) {
        Some(source) => source_index(source, family).map(LabelSource::Label).map_err(|rule| refuse(&rule)),
        None if is_value(text) && !text.contains(['{', '}']) => Ok(LabelSource::Constant(text.clone())),
        None => Err(refuse(
            "neither the name of a label in braces nor a constant of 1 to 128 bytes without braces",
        )),
    }
}

fn check_values(
    name: &Spanned<String>,
    pairs: &BTreeMap<Spanned<String>, Spanned<String>>,
    source: &LabelSource,
) -> Result<(), Broken> {
    let refuse =
        |place: &Spanned<String>, rule| Err(broken(place, format!("values of {}: {rule}", name.get_ref())));
    if matches!(source, LabelSource::Constant(_)) {
        return refuse(name, "the label is a constant");
    }
    if pairs.len() > VALUES {
        return refuse(name, "more than 256");
    }
    match pairs.iter().find(|(from, to)| !is_value(from.get_ref()) || !is_value(to.get_ref())) {
        Some((from, _)) => refuse(from, "not 1 to 128 bytes"),
        None => Ok(()),
    }
}

fn condition(
    label: &Spanned<String>,
    values: &Spanned<OneOrMany>,
    family: &Family,
) -> Result<Condition, Broken> {
    let index = source_index(label.get_ref(), family);
    let index = index.map_err(|rule| broken(label, format!("where: {rule}")))?;
    let any_of = match values.get_ref() {
        OneOrMany::One(value) => vec![value.clone()],
        OneOrMany::Many(values) => values.clone(),
    };
    if !(1..=VALUES).contains(&any_of.len()) || !any_of.iter().all(|value| is_value(value)) {
        return Err(broken(values, "where: not 1 to 256 values of 1 to 128 bytes"));
    }
    Ok(Condition { index, any_of })
}

/// Adds an alias, which has one member, to the families so far. No name may be taken twice.
fn join(families: &mut Vec<AliasFamily>, alias: AliasFamily) -> Result<(), String> {
    let names = reserved(&alias.name, alias.open_metrics_name(), alias.kind);
    let is_taken = |name: &str, open_metrics_name: &str, kind| {
        reserved(name, open_metrics_name, kind).iter().any(|name| names.contains(name))
    };
    let mut others = families::ALL.iter().filter(|family| !(alias.replaces && family.name == alias.name));
    if let Some(family) = others.find(|family| is_taken(family.name, family.open_metrics_name(), family.kind))
    {
        return Err(format!("clashes with the family {}", family.name));
    }
    if let Some(family) = families.iter_mut().find(|family| family.name == alias.name) {
        return merge(family, alias);
    }
    if let Some(family) =
        families.iter().find(|family| is_taken(&family.name, family.open_metrics_name(), family.kind))
    {
        return Err(format!("clashes with alias {}", family.name));
    }
    families.push(alias);
    Ok(())
}

fn merge(family: &mut AliasFamily, alias: AliasFamily) -> Result<(), String> {
    let is_same = (family.kind, family.unit) == (alias.kind, alias.unit)
        && family.help == alias.help
        && family.label_names == alias.label_names;
    if !is_same {
        return Err("another alias of this name has another kind, unit, help or other labels".to_owned());
    }
    // Histograms are added up bucket by bucket, so their bounds have to be the same.
    let source = |family: &AliasFamily| family.members.first().map(|member| member.family.name);
    if alias.kind == Kind::Histogram && source(family) != source(&alias) {
        return Err("another alias of this name is of another histogram".to_owned());
    }
    family.members.extend(alias.members);
    Ok(())
}

/// Every name that a family takes for itself or its samples, in any format.
fn reserved(name: &str, open_metrics_name: &str, kind: Kind) -> Vec<String> {
    let suffixes: &[&str] = match kind {
        Kind::Counter => &["_created"],
        Kind::Histogram => &["_bucket", "_sum", "_count", "_created"],
        Kind::Gauge | Kind::Info => &[],
    };
    let samples = suffixes.iter().map(|suffix| format!("{open_metrics_name}{suffix}"));
    [name.to_owned(), open_metrics_name.to_owned()].into_iter().chain(samples).collect()
}

/// OpenMetrics has a unit only if the name ends in it.
fn unit(name: &str, family: &Family) -> &'static str {
    let name = if family.kind == Kind::Counter { name.strip_suffix("_total").unwrap_or(name) } else { name };
    let named = name.strip_suffix(family.unit).is_some_and(|rest| rest.ends_with('_'));
    if named { family.unit } else { "" }
}

/// Index of a label in [`source_labels`], or the labels that there are.
fn source_index(label: &str, family: &Family) -> Result<usize, String> {
    let labels = source_labels(family);
    labels.iter().position(|known| *known == label).ok_or_else(|| {
        let labels = if labels.is_empty() { "none".to_owned() } else { labels.join(", ") };
        format!("no such label of {}, which has {labels}", family.name)
    })
}

/// The values, once all results have been looked at.
fn all<T>(results: impl Iterator<Item = Result<T, Broken>>, problems: &mut Vec<Broken>) -> Vec<T> {
    results.filter_map(|result| result.map_err(|problem| problems.push(problem)).ok()).collect()
}

fn broken<T>(place: &Spanned<T>, rule: impl Into<String>) -> Broken {
    (place.span().start, rule.into())
}

fn is_name(name: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = name.starts_with(|first: char| !first.is_ascii_digit());
    begins && name.bytes().all(is_legal) && name.len() <= NAME_BYTES
}

/// An empty value would be no label at all.
fn is_value(text: &str) -> bool {
    (1..=VALUE_BYTES).contains(&text.len())
}
