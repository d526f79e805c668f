//! The optional configuration file, in TOML: limits, the expiry of gauges, and aliases of families.
//!
//! Text becomes a [`Config`] by way of `raw` (the shape of the file) and `check` (the rules of an alias);
//! `group` brings aliases of one name together. A [`Config`] that exists has passed every rule.

mod check;
mod group;
mod names;
mod problem;
mod raw;

use std::fmt::Display;
use std::fs::File;
use std::io::Read as _;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use toml::Spanned;

pub use problem::{Problem, Problems};
use raw::Raw;

use portent_counts::series_limits::Limits;

use crate::alias::AliasFamily;

/// Largest configuration file, in bytes: 1 MiB.
pub const FILE_BYTES: u64 = 1 << 20;

/// Most `[[alias]]` tables.
const ALIASES: usize = 64;

/// What the configuration file says, or would say by default.
#[derive(Clone, Debug)]
pub struct Config {
    /// Bounds of what is counted and exposed.
    pub limits: Limits,
    /// Gauges and info of an application without events for this long are no longer exposed; 24 hours by
    /// default.
    pub gauge_expiry: Duration,
    /// Other names of families, in order of their first mention; no two with the same one.
    pub aliases: Arc<[AliasFamily]>,
}

/// Why a configuration file is refused. Each problem is one line of the message.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// The file is larger than [`FILE_BYTES`].
    #[error("{}: larger than 1 MiB", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file breaks rules.
    #[error("{}", problems.lines(&path.display().to_string()))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problems: Problems,
    },
}

impl Default for Config {
    fn default() -> Self {
        let gauge_expiry = Duration::from_secs(24 * 60 * 60);
        Self { limits: Limits::default(), gauge_expiry, aliases: Arc::default() }
    }
}

impl Config {
    /// Reads and checks a configuration file.
    ///
    /// # Errors
    /// [`ConfigError`] if the file cannot be read, is too large or breaks a rule.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let read_error = |error| ConfigError::Read { path: path.to_owned(), error };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(read_error)?;
        file.take(FILE_BYTES + 1).read_to_end(&mut bytes).map_err(read_error)?;
        if bytes.len() as u64 > FILE_BYTES {
            return Err(ConfigError::TooLarge { path: path.to_owned() });
        }
        let parsed = utf8(&bytes).and_then(Self::parse);
        parsed.map_err(|problems| ConfigError::Invalid { path: path.to_owned(), problems })
    }

    /// Checks the text of a configuration file.
    ///
    /// # Errors
    /// [`Problems`] of the text: the first one if it is not TOML of the right shape, else all rules that are
    /// broken.
    pub fn parse(text: &str) -> Result<Self, Problems> {
        let raw: Raw = toml::from_str(text).map_err(|error| Problems::syntax(text, &error))?;
        let mut problems = Problems::default();
        let config = Self {
            limits: limits(&raw, text, &mut problems),
            gauge_expiry: gauge_expiry(&raw, text, &mut problems),
            aliases: aliases(&raw, text, &mut problems).into(),
        };
        problems.none_or(config)
    }
}

fn utf8(bytes: &[u8]) -> Result<&str, Problems> {
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let valid = String::from_utf8_lossy(valid);
        let mut problems = Problems::default();
        problems.add(&valid, valid.len(), "not UTF-8");
        problems
    })
}

fn limits(raw: &Raw, text: &str, problems: &mut Problems) -> Limits {
    let (limits, default) = (&raw.limits, Limits::default());
    if limits.series_per_family.is_some() {
        tracing::warn!(
            "limits.series_per_family has no effect any more: limits.series bounds the series of all families"
        );
    }
    let mut at = |place, rule: &str| problems.add(text, place, rule);
    Limits {
        apps: within("apps", &limits.apps, 1..=10_000, &mut at).unwrap_or(default.apps),
        series: within("series", &limits.series, 1_000..=10_000_000, &mut at).unwrap_or(default.series),
    }
}

/// A limit, if it is given and within its range; `refuse` is told a byte of the text and the rule.
fn within<T: Copy + PartialOrd + Display>(
    key: &str,
    limit: &Option<Spanned<T>>,
    range: RangeInclusive<T>,
    refuse: &mut impl FnMut(usize, &str),
) -> Option<T> {
    let limit = limit.as_ref()?;
    let number = Some(*limit.get_ref()).filter(|number| range.contains(number));
    if number.is_none() {
        let rule = format!("limits.{key}: not a number from {} to {}", range.start(), range.end());
        refuse(limit.span().start, &rule);
    }
    number
}

fn gauge_expiry(raw: &Raw, text: &str, problems: &mut Problems) -> Duration {
    let range = Duration::from_secs(60)..=Duration::from_secs(365 * 24 * 60 * 60);
    let default = Config::default().gauge_expiry;
    let Some(value) = &raw.gauge_expiry else { return default };
    let duration = humantime::parse_duration(value.get_ref()).ok().filter(|value| range.contains(value));
    duration.unwrap_or_else(|| {
        problems.add(text, value.span().start, "gauge_expiry: not a duration from 1m to 365d, such as 24h");
        default
    })
}

fn aliases(raw: &Raw, text: &str, problems: &mut Problems) -> Vec<AliasFamily> {
    if let Some(surplus) = raw.alias.get(ALIASES) {
        problems.add(text, surplus.span().start, "more than 64 aliases");
    }
    let mut families = Vec::new();
    for (index, alias) in raw.alias.iter().take(ALIASES).enumerate() {
        let mut report = check::Report::new(text, problems, index + 1, alias);
        if let Some(checked) = check::alias(alias.get_ref(), &mut report) {
            group::join(&mut families, checked, alias.get_ref().name.span().start, &mut report);
        }
    }
    families
}

#[cfg(test)]
mod tests;
