//! Aliases of one name are one family, and no name is taken twice.

use super::check::Report;
use super::names;
use crate::alias::AliasFamily;
use crate::families::Kind;

/// Adds an alias, which has one member, to the families so far; `place` is the byte where its name stands.
pub(super) fn join(
    families: &mut Vec<AliasFamily>,
    alias: AliasFamily,
    place: usize,
    report: &mut Report<'_>,
) {
    if let Err(rule) = try_join(families, alias) {
        report.refuse::<()>(place, &format!("name: {rule}"));
    }
}

fn try_join(families: &mut Vec<AliasFamily>, alias: AliasFamily) -> Result<(), String> {
    let names = reserved(&alias);
    let own = alias.members.iter().map(|member| member.family.name).find(|_| alias.replaces);
    if let Some(family) = names::holder(&names, own) {
        return Err(format!("clashes with the family {}", family.name));
    }
    for family in &mut *families {
        if family.name == alias.name {
            return merge(family, alias);
        }
        if reserved(family).iter().any(|name| names.contains(name)) {
            return Err(format!("clashes with alias {}", family.name));
        }
    }
    families.push(alias);
    Ok(())
}

fn merge(family: &mut AliasFamily, alias: AliasFamily) -> Result<(), String> {
    let head = |family: &AliasFamily| (family.kind, family.unit);
    let source = |family: &AliasFamily| family.members.first().map(|member| member.family.name);
    if head(family) != head(&alias) || family.help != alias.help || family.label_names != alias.label_names {
        return Err("another alias of this name has another kind, unit, help or other labels".to_owned());
    }
    // Histograms are added up bucket by bucket, so their bounds have to be the same.
    if alias.kind == Kind::Histogram && source(family) != source(&alias) {
        return Err("another alias of this name is of another histogram".to_owned());
    }
    family.members.extend(alias.members);
    Ok(())
}

fn reserved(alias: &AliasFamily) -> Vec<String> {
    names::reserved(&alias.name, alias.open_metrics_name(), alias.kind)
}
