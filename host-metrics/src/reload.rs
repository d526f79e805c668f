//! Reading the configuration again, without losing a count.

use std::path::PathBuf;
use std::sync::Mutex;

use crate::Aggregator;
use crate::clock;
use crate::config::{Config, ConfigError};

/// What can be read again: the configuration file.
#[derive(Debug)]
pub(crate) struct Reload {
    file: Option<PathBuf>,
    /// One at a time, so that the last one asked for is the one in force.
    turn: Mutex<()>,
}

/// How a reading of the configuration ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reloaded {
    /// Whether what was read is in force. If not, what was in force before still is.
    pub is_ok: bool,
    /// When, in nanoseconds since the epoch.
    pub time: u64,
}

/// Why what was read is not in force.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReloadError {
    #[error(transparent)]
    Config(#[from] ConfigError),
}

impl Reload {
    pub(crate) fn new(file: Option<PathBuf>) -> Self {
        Self { file, turn: Mutex::default() }
    }

    /// Reads everything again; what is wrong changes nothing. Blocks while it reads.
    ///
    /// # Errors
    /// [`ReloadError`] says what is wrong.
    pub(crate) fn reload(&self, aggregator: &Aggregator) -> Result<(), ReloadError> {
        let _turn = self.turn.lock();
        let read = self.file.as_deref().map(Config::load).transpose();
        aggregator.set_reloaded(Reloaded { is_ok: read.is_ok(), time: clock::now() });
        match read {
            Ok(config) => {
                aggregator.configure(config.unwrap_or_default());
                tracing::info!("configuration read again");
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "the configuration stays as it was");
                Err(error.into())
            }
        }
    }
}
