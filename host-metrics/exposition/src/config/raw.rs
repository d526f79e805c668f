//! The shape of the configuration file.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

/// The file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    pub(super) limits: RawLimits,
    pub(super) gauge_expiry: Option<Spanned<String>>,
    pub(super) alias: Vec<Spanned<RawAlias>>,
}

/// `[limits]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawLimits {
    pub(super) apps: Option<Spanned<usize>>,
    /// Without effect since there is one limit for all families.
    pub(super) series_per_family: Option<IgnoredAny>,
    pub(super) series: Option<Spanned<u64>>,
}

/// One `[[alias]]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAlias {
    pub(super) name: Spanned<String>,
    pub(super) family: Spanned<String>,
    pub(super) help: Option<Spanned<String>>,
    #[serde(default, rename = "where")]
    pub(super) conditions: BTreeMap<Spanned<String>, Spanned<OneOrMany>>,
    pub(super) labels: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub(super) values: BTreeMap<Spanned<String>, BTreeMap<Spanned<String>, Spanned<String>>>,
}

/// A value, or any of a list of values.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "not a text or a list of texts")]
pub(super) enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl OneOrMany {
    pub(super) fn as_slice(&self) -> &[String] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Many(values) => values,
        }
    }
}
