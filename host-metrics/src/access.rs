//! The doors of the aggregator: who may use a listener, and under which certificate.
//!
//! [`Doors::open`] reads the files that the options name, [`Doors::reload`] reads them again. A [`Door`] ends
//! TLS for the server and asks requests for a token; [`exposure`] says which listener needs one.

pub mod certificate;
pub mod credentials;
mod door;
mod error;
pub mod exposure;
mod listener;

pub use certificate::CertificateFiles;
pub use door::{Door, DoorFiles};
pub use error::{CertificateRule, DoorError, TokenRule};
pub use listener::Listener;

use std::ffi::OsString;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::cli::AggregatorArgs;
use crate::server::Refusal;

/// Time between two looks at the certificate files.
const LOOK: Duration = Duration::from_secs(10);

/// The doors of both listeners.
#[derive(Debug)]
pub struct Doors {
    /// Before scrapes.
    pub metrics: Arc<Door>,
    /// Before deliveries.
    pub ingest: Arc<Door>,
}

impl Doors {
    /// Reads what the options and the environment name, and holds it against the listeners' addresses.
    ///
    /// # Errors
    /// [`DoorError`] for the first thing that cannot be meant or cannot be read.
    pub fn open(
        args: &AggregatorArgs,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, DoorError> {
        let open = |listener: Listener, address, files| {
            let door = Door::open(listener, files, environment(listener.variable().name))?;
            exposure::check(listener, address, &door, args.doors.allow_unauthenticated)?;
            Ok(Arc::new(door))
        };
        Ok(Self {
            metrics: open(Listener::Metrics, args.metrics, args.doors.metrics())?,
            ingest: open(Listener::Ingest, args.ingest, args.doors.ingest())?,
        })
    }

    /// Reads token and certificate files again; connections that are open keep their certificate. Tokens from
    /// the environment stay. It reads files, so an async caller gives it a thread of its own.
    ///
    /// # Errors
    /// [`DoorError`] for the first file that is no good. Then everything stays as it was, also what other
    /// files would have changed.
    pub fn reload(&self) -> Result<(), DoorError> {
        let (metrics, ingest) = (self.metrics.read()?, self.ingest.read()?);
        self.metrics.replace(metrics);
        self.ingest.replace(ingest);
        Ok(())
    }

    /// How often each listener turned something away, by reason.
    #[must_use]
    pub fn refused(&self) -> Vec<(&'static str, &'static str, u64)> {
        let doors = [("ingest", &self.ingest), ("metrics", &self.metrics)];
        let of_door = |(name, door): (&'static str, &Arc<Door>)| {
            Refusal::ALL.map(|reason| (name, reason.as_str(), door.refusals().read(reason)))
        };
        doors.into_iter().flat_map(of_door).collect()
    }

    /// Reads certificates again whenever their files change, until the shutdown. A pair that is no good, or of
    /// which only half has been written yet, changes nothing.
    pub async fn watch(self: Arc<Self>, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            let doors = Arc::clone(&self);
            // It fails only where the program is on its way out.
            tokio::task::spawn_blocking(move || doors.refresh()).await.ok();
        }
    }

    fn refresh(&self) {
        for door in [&self.metrics, &self.ingest] {
            match door.refresh() {
                Ok(false) => {}
                Ok(true) => tracing::info!("certificate read again"),
                Err(error) => tracing::warn!(%error, "the certificate stays as it was"),
            }
        }
    }
}

#[cfg(test)]
mod tests;
