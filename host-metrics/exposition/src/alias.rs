//! An alias, checked: a family under another name and with other labels.

use std::collections::BTreeMap;

use crate::families::{self, Family, Kind};

/// The aliases of one name, which together are one family of the exposition. Series of its members that have
/// equal labels are one series: their values are added up, but those of an info stay 1.
#[derive(Clone, Debug)]
pub struct AliasFamily {
    /// Full name as in text format 0.0.4, with `_total` if it is a counter.
    pub name: String,
    /// Type of the aliased families. [`Kind::Info`] is exposed as a gauge of exactly this name, in every
    /// format: see [`Self::exposed_kind`].
    pub kind: Kind,
    /// The meaning of a sample, in one line.
    pub help: String,
    /// Unit of the aliased families if it is also part of this name, else empty.
    pub unit: &'static str,
    /// Label names, in the order of [`Alias::map`].
    pub label_names: Vec<String>,
    /// Whether this takes the place of the family of the same name, which is the family of every member.
    pub replaces: bool,
    /// The sources of the series, in the order of the file; at least one.
    pub members: Vec<Alias>,
}

/// How the series of one family become series of an alias.
#[derive(Clone, Debug)]
pub struct Alias {
    /// The aliased family.
    pub family: &'static Family,
    /// The labels, in the order of [`AliasFamily::label_names`].
    pub labels: Vec<AliasLabel>,
    /// All of these must hold for a series to be exposed.
    pub conditions: Vec<Condition>,
}

/// How a label gets its value.
#[derive(Clone, Debug)]
pub struct AliasLabel {
    /// The source.
    pub source: LabelSource,
    /// New values by source value; a value that is not listed becomes [`Self::rest`].
    pub values: BTreeMap<String, String>,
    /// The new value for values that are not listed; without it they stay.
    pub rest: Option<String>,
}

/// The source of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LabelSource {
    /// This value, which is not empty.
    Constant(String),
    /// A label of the family, by its index in [`source_labels`].
    Label(usize),
}

/// A source label that must have one of some values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Index in [`source_labels`].
    pub index: usize,
    /// The values.
    pub any_of: Vec<String>,
}

impl AliasFamily {
    /// Type under which this is exposed: an info as a gauge, anything else as itself.
    #[must_use]
    pub fn exposed_kind(&self) -> Kind {
        match self.kind {
            Kind::Info => Kind::Gauge,
            Kind::Counter | Kind::Gauge | Kind::Histogram => self.kind,
        }
    }

    /// Name in OpenMetrics. `_total` belongs to the samples alone there.
    #[must_use]
    pub fn open_metrics_name(&self) -> &str {
        match self.kind {
            Kind::Counter => self.name.strip_suffix("_total").unwrap_or(&self.name),
            Kind::Gauge | Kind::Histogram | Kind::Info => &self.name,
        }
    }
}

impl Alias {
    /// The label values of the alias for a series of the family, whose values are given in the order of
    /// [`source_labels`]. `None` if a condition does not hold, or if values are missing.
    #[must_use]
    pub fn map<'a>(&'a self, source_values: &[&'a str]) -> Option<Vec<&'a str>> {
        let holds = |condition: &Condition| {
            source_values
                .get(condition.index)
                .is_some_and(|value| condition.any_of.iter().any(|v| v == value))
        };
        if !self.conditions.iter().all(holds) {
            return None;
        }
        self.labels.iter().map(|label| label.value(source_values)).collect()
    }
}

impl AliasLabel {
    fn value<'a>(&'a self, source_values: &[&'a str]) -> Option<&'a str> {
        match &self.source {
            LabelSource::Constant(value) => Some(value),
            LabelSource::Label(index) => {
                let value = source_values.get(*index)?;
                let renamed = self.values.get(*value).or(self.rest.as_ref());
                Some(renamed.map_or(value, String::as_str))
            }
        }
    }
}

/// Labels that are counted but not exposed with the family itself; aliases may use them.
#[must_use]
pub fn hidden_labels(family: &Family) -> &'static [&'static str] {
    if family.name == families::API_REQUEST_DURATION.name { &["status_code"] } else { &[] }
}

/// Labels that an alias of the family may use: those of the family, then the hidden ones.
#[must_use]
pub fn source_labels(family: &Family) -> Vec<&'static str> {
    family.labels.iter().chain(hidden_labels(family)).copied().collect()
}
