//! `check-config`.

use std::path::PathBuf;

use clap::Args;

use crate::config::{Config, ConfigError};

/// Options of `check-config`.
#[derive(Args, Clone, Debug)]
pub struct CheckConfigArgs {
    /// The configuration file.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

impl CheckConfigArgs {
    /// Checks the file, and says in one line what it holds.
    ///
    /// # Errors
    /// [`ConfigError`] says why the file would be refused.
    pub fn check(&self) -> Result<String, ConfigError> {
        let config = Config::load(&self.file)?;
        let aliases: usize = config.aliases.iter().map(|family| family.members.len()).sum();
        let limits = config.limits;
        Ok(format!(
            "{}: ok: {aliases} aliases, at most {} applications, {} series a family, {} series in all, \
             gauges expire after {}",
            self.file.display(),
            limits.apps,
            limits.series_per_family,
            limits.series,
            humantime::format_duration(config.gauge_expiry),
        ))
    }
}
