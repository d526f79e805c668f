//! Reading the configuration again, without losing a count.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use portent_server::AccessError;

use crate::Aggregator;
use crate::access::ListenerAccess;
use crate::clock;
use crate::config::{Config, ConfigError};

/// What can be read again: the configuration file, tokens and certificates.
#[derive(Debug)]
pub(crate) struct Reload {
    file: Option<PathBuf>,
    access: Arc<ListenerAccess>,
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
    #[error(transparent)]
    Access(#[from] AccessError),
}

impl Reload {
    pub(crate) fn new(file: Option<PathBuf>, access: Arc<ListenerAccess>) -> Self {
        Self { file, access, turn: Mutex::default() }
    }

    /// Reads everything again; what is wrong changes nothing. Blocks while it reads.
    ///
    /// # Errors
    /// [`ReloadError`] says what is wrong.
    pub(crate) fn reload(&self, aggregator: &Aggregator) -> Result<(), ReloadError> {
        let _turn = self.turn.lock();
        let read = self.read();
        aggregator.set_reloaded(Reloaded { is_ok: read.is_ok(), time: clock::now() });
        match &read {
            Ok(_) => tracing::info!("configuration read again"),
            Err(error) => tracing::error!(%error, "the configuration stays as it was"),
        }
        aggregator.configure(read?);
        Ok(())
    }

    /// The new configuration. Access goes last: it is in force as soon as it is read.
    fn read(&self) -> Result<Config, ReloadError> {
        let config = self.file.as_deref().map(Config::load).transpose()?;
        self.access.reload()?;
        Ok(config.unwrap_or_default())
    }
}
