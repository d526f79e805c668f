//! Who may use the listeners of a program.

use std::ffi::OsString;
use std::sync::{Arc, OnceLock};

use portent_server::{Access, AccessError, ListenerNames, RefusalReason};

use crate::cli::AggregatorArgs;

/// Variable of the tokens of scrapes, one per line.
const METRICS_TOKEN: &str = "PORTENT_METRICS_TOKEN";

/// Variable of the tokens of deliveries, one per line.
const INGEST_TOKEN: &str = "PORTENT_INGEST_TOKEN";

/// Access to the listeners.
#[derive(Debug)]
pub struct ListenerAccess {
    /// For scrapes and health checks.
    pub metrics: Arc<Access>,
    /// For deliveries.
    pub ingest: Arc<Access>,
    /// For the requests to an application in the same process, if there is one.
    pub application: OnceLock<Arc<Access>>,
}

impl ListenerAccess {
    /// Reads the files and variables that hold tokens and certificates, and checks the listeners' addresses.
    ///
    /// # Errors
    /// [`AccessError`] for the first option that makes no sense, or the first file that cannot be used.
    pub fn open(
        args: &AggregatorArgs,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, AccessError> {
        let open = |name, token_variable, address, files| {
            let access =
                Access::open(ListenerNames { name, token_variable }, files, environment(token_variable))?;
            access.check_exposure(address, args.access.allow_unauthenticated)?;
            Ok(Arc::new(access))
        };
        Ok(Self {
            metrics: open("metrics", METRICS_TOKEN, args.metrics, args.access.metrics())?,
            ingest: open("ingest", INGEST_TOKEN, args.ingest, args.access.ingest())?,
            application: OnceLock::new(),
        })
    }

    /// Reads the files again, all or none. It blocks while it reads.
    ///
    /// # Errors
    /// [`AccessError`] for the first file that cannot be used. Then nothing changes.
    pub fn reload(&self) -> Result<(), AccessError> {
        portent_server::reload(&[&self.metrics, &self.ingest])
    }

    /// Requests that each listener refused, by reason.
    #[must_use]
    pub fn refused(&self) -> Vec<(&'static str, &'static str, u64)> {
        let application = self.application.get().map(|access| ("application", access));
        let listeners = [("ingest", &self.ingest), ("metrics", &self.metrics)];
        let by_reason = |(name, access): (&'static str, &Arc<Access>)| {
            RefusalReason::ALL.map(|reason| (name, reason.as_str(), access.refused().read(reason)))
        };
        application.into_iter().chain(listeners).flat_map(by_reason).collect()
    }
}

#[cfg(test)]
mod tests;
