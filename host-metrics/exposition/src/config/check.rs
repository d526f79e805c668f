//! The rules of one alias.

mod labels;

use toml::Spanned;

use super::names;
use super::problem::Problems;
use super::raw::RawAlias;
use crate::alias::{Alias, AliasFamily};
use crate::families::{self, Family, Kind};

/// Longest help, in bytes.
const HELP_BYTES: usize = 512;

/// How names of this program's own families begin.
const OWN_PREFIXES: [&str; 2] = ["portent_", "process_"];

/// How names of samples end that are not the name of a gauge.
const SAMPLE_SUFFIXES: [&str; 5] = ["_total", "_count", "_sum", "_bucket", "_created"];

/// Where the problems of one alias go.
#[derive(Debug)]
pub(super) struct Report<'a> {
    text: &'a str,
    problems: &'a mut Problems,
    title: String,
}

impl<'a> Report<'a> {
    /// An alias is called by its name, or by its number in the file if the name is illegal.
    pub(super) fn new(
        text: &'a str,
        problems: &'a mut Problems,
        number: usize,
        raw: &Spanned<RawAlias>,
    ) -> Self {
        let name = raw.get_ref().name.get_ref();
        let title = if names::is_name(name) { name.clone() } else { number.to_string() };
        Self { text, problems, title }
    }

    /// Reports a broken rule at a byte of the text; `None` stands for what is not there then.
    pub(super) fn refuse<T>(&mut self, offset: usize, rule: &str) -> Option<T> {
        self.problems.add(self.text, offset, &format!("alias {}: {rule}", self.title));
        None
    }
}

/// Checks an alias by itself: a family with one member, if every rule holds.
pub(super) fn alias(raw: &RawAlias, report: &mut Report<'_>) -> Option<AliasFamily> {
    let Some(family) = names::family(raw.family.get_ref()) else {
        return report.refuse(raw.family.span().start, "family: no family has this name");
    };
    if family.name == families::SERIES.name {
        return report.refuse(raw.family.span().start, "family: it counts aliases too, so it has none");
    }
    // Everything is checked before anything that is missing ends the function.
    let name = name(&raw.name, family, report);
    let help = help(raw.help.as_ref(), family, report);
    let labels = labels::labels(raw, family, report);
    let conditions = labels::conditions(raw, family, report);
    let (label_names, labels) = labels?.into_iter().unzip();
    let name = name?;
    Some(AliasFamily {
        kind: family.kind,
        help: help?,
        unit: unit(&name, family),
        label_names,
        replaces: name == family.name,
        members: vec![Alias { family, labels, conditions: conditions? }],
        name,
    })
}

fn name(raw: &Spanned<String>, family: &Family, report: &mut Report<'_>) -> Option<String> {
    match name_rule(raw.get_ref(), family.kind) {
        Ok(()) => Some(raw.get_ref().clone()),
        Err(rule) => report.refuse(raw.span().start, rule),
    }
}

fn name_rule(name: &str, kind: Kind) -> Result<(), &'static str> {
    if !names::is_name(name) {
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

fn help(raw: Option<&Spanned<String>>, family: &Family, report: &mut Report<'_>) -> Option<String> {
    let Some(raw) = raw else { return Some(family.help.to_owned()) };
    let help = raw.get_ref();
    if help.is_empty() || help.len() > HELP_BYTES || help.contains(char::is_control) {
        return report.refuse(raw.span().start, "help: not one line of 1 to 512 bytes");
    }
    Some(help.clone())
}

/// OpenMetrics has a unit only where the name ends in it.
fn unit(name: &str, family: &Family) -> &'static str {
    let name = if family.kind == Kind::Counter { name.strip_suffix("_total").unwrap_or(name) } else { name };
    let named = name.strip_suffix(family.unit).is_some_and(|rest| rest.ends_with('_'));
    if named { family.unit } else { "" }
}
