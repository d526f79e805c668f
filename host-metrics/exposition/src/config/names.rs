//! Names: which are legal, which are taken, and what labels a family offers to aliases.

use crate::families::{self, Family, Kind};

/// Longest name of an alias or of its label, in bytes.
const NAME_BYTES: usize = 128;

/// The family with this name.
pub(super) fn family(name: &str) -> Option<&'static Family> {
    families::ALL.iter().copied().find(|family| family.name == name)
}

/// A family that reserves one of the names, apart from the one called `except`.
pub(super) fn holder(names: &[String], except: Option<&str>) -> Option<&'static Family> {
    let mut others = families::ALL.iter().copied().filter(|family| Some(family.name) != except);
    others.find(|family| {
        let reserved = reserved(family.name, family.open_metrics_name(), family.kind);
        reserved.iter().any(|name| names.contains(name))
    })
}

/// Every name that a family takes for itself or its samples, in any format.
pub(super) fn reserved(name: &str, open_metrics_name: &str, kind: Kind) -> Vec<String> {
    let suffixes: &[&str] = match kind {
        Kind::Counter => &["_created"],
        Kind::Histogram => &["_bucket", "_sum", "_count", "_created"],
        Kind::Gauge | Kind::Info => &[],
    };
    let samples = suffixes.iter().map(|suffix| format!("{open_metrics_name}{suffix}"));
    [name.to_owned(), open_metrics_name.to_owned()].into_iter().chain(samples).collect()
}

/// Whether this is a name: `[a-zA-Z_][a-zA-Z0-9_]*`, at most 128 characters.
pub(super) fn is_name(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = name.starts_with(|first: char| !first.is_ascii_digit());
    begins && name.bytes().all(legal) && name.len() <= NAME_BYTES
}

/// Whether Prometheus or a format has a meaning of its own for a label of this name.
pub(super) fn is_reserved_label(name: &str) -> bool {
    name.starts_with("__") || ["le", "quantile"].contains(&name)
}
