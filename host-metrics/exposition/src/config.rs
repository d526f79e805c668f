//! The optional configuration file, in TOML: limits, the expiry of gauges, and aliases of families.

mod aliases;

use std::fmt::Display;
use std::fs::File;
use std::io::Read as _;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use portent_counts::series_limits::Limits;
use serde::Deserialize;
use serde::de::IgnoredAny;
use toml::Spanned;

use crate::alias::AliasFamily;

/// Largest configuration file, in bytes: 1 MiB.
pub const FILE_BYTES: u64 = 1 << 20;

/// Most problems that are reported of one file.
const PROBLEMS: usize = 32;

/// Most characters of a message of the TOML reader that are kept.
const SYNTAX_CHARACTERS: usize = 200;

/// The configuration. Every value has passed every rule.
#[derive(Clone, Debug)]
pub struct Config {
    /// Limits on the number of series.
    pub limits: Limits,
    /// Gauges and info of an application without events for this long are not exposed; 24 hours by default.
    pub gauge_expiry: Duration,
    /// Other names of families, in order of their first mention; each name once.
    pub aliases: Vec<AliasFamily>,
}

/// Why a configuration file is refused. Each problem is one line of the message.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read {}: {error}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        error: std::io::Error,
    },
    /// The file is larger than [`FILE_BYTES`].
    #[error("{}: larger than 1 MiB", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// The file breaks rules.
    #[error("{}", lines(path, problems))]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The broken rules, in order of their places.
        problems: Vec<Problem>,
    },
}

/// A broken rule and its place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {rule}")]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The rule, in one line.
    pub rule: String,
}

/// The shape of the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Tables {
    limits: LimitsTable,
    gauge_expiry: Option<Spanned<String>>,
    alias: Vec<Spanned<aliases::AliasTable>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsTable {
    apps: Option<Spanned<usize>>,
    /// Without effect since one limit covers all families.
    series_per_family: Option<IgnoredAny>,
    series: Option<Spanned<u64>>,
}

impl Default for Config {
    fn default() -> Self {
        let gauge_expiry = Duration::from_secs(24 * 60 * 60);
        Self { limits: Limits::default(), gauge_expiry, aliases: Vec::new() }
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
        let parsed = match str::from_utf8(&bytes) {
            Ok(text) => Self::parse(text),
            Err(error) => {
                let broken = vec![(error.valid_up_to(), "not UTF-8".to_owned())];
                Err(problems(&String::from_utf8_lossy(&bytes), broken))
            }
        };
        parsed.map_err(|problems| ConfigError::Invalid { path: path.to_owned(), problems })
    }

    /// Checks the text of a configuration file.
    ///
    /// # Errors
    /// The problems of the text: the first one if it is not TOML of the right shape, else all broken rules, at most
    /// 32.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let tables: Tables = toml::from_str(text).map_err(|error| {
            let message = error.message().replace('\n', ", ").replace(char::is_control, " ");
            let rule = message.chars().take(SYNTAX_CHARACTERS).collect();
            problems(text, vec![(error.span().map_or(0, |span| span.start), rule)])
        })?;
        if tables.limits.series_per_family.is_some() {
            tracing::warn!(
                "limits.series_per_family has no effect any more: limits.series bounds the series of all families"
            );
        }
        let (default, mut broken) = (Self::default(), Vec::new());
        let LimitsTable { apps, series, .. } = tables.limits;
        let config = Self {
            limits: Limits {
                apps: within("apps", apps, 1..=10_000, &mut broken).unwrap_or(default.limits.apps),
                series: within("series", series, 1_000..=10_000_000, &mut broken)
                    .unwrap_or(default.limits.series),
            },
            gauge_expiry: gauge_expiry(tables.gauge_expiry, &mut broken).unwrap_or(default.gauge_expiry),
            aliases: aliases::families(&tables.alias, &mut broken),
        };
        if broken.is_empty() { Ok(config) } else { Err(problems(text, broken)) }
    }
}

fn within<T: Copy + PartialOrd + Display>(
    key: &str,
    limit: Option<Spanned<T>>,
    range: RangeInclusive<T>,
    broken: &mut Vec<(usize, String)>,
) -> Option<T> {
    let limit = limit?;
    if !range.contains(limit.get_ref()) {
        let rule = format!("limits.{key}: not a number from {} to {}", range.start(), range.end());
        broken.push((limit.span().start, rule));
    }
    Some(limit.into_inner())
}

fn gauge_expiry(text: Option<Spanned<String>>, broken: &mut Vec<(usize, String)>) -> Option<Duration> {
    let range = Duration::from_secs(60)..=Duration::from_secs(365 * 24 * 60 * 60);
    let text = text?;
    let duration = humantime::parse_duration(text.get_ref()).ok().filter(|value| range.contains(value));
    if duration.is_none() {
        let rule = "gauge_expiry: not a duration from 1m to 365d, such as 24h".to_owned();
        broken.push((text.span().start, rule));
    }
    duration
}

/// Rules that are broken at bytes of a text as problems, in order of their places.
fn problems(text: &str, mut broken: Vec<(usize, String)>) -> Vec<Problem> {
    broken.sort();
    let problem = |(offset, rule)| {
        let before = text.get(..offset).unwrap_or_default();
        let last = before.rsplit('\n').next().unwrap_or_default();
        Problem { line: 1 + before.matches('\n').count(), column: 1 + last.chars().count(), rule }
    };
    broken.into_iter().take(PROBLEMS).map(problem).collect()
}

fn lines(path: &Path, problems: &[Problem]) -> String {
    let lines: Vec<_> = problems.iter().map(|problem| format!("{}:{problem}", path.display())).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests;
