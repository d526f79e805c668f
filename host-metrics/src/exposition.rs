//! From the counts to what a scrape answers.
//!
//! Every family has a function that gives its series to a [`sink`] (`table` lists them); a sink writes them in
//! one of the formats, or adds them up as an alias of the family.

pub mod accept;
mod alias;
mod format;
mod intake;
mod models;
mod program;
mod protobuf;
mod requests;
pub mod sink;
mod table;
mod text;
pub mod value;
mod writer;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::SECOND;
use crate::config::AliasFamily;
use crate::process::Process;
use crate::registry::{App, DurationHistogram, Registry};
use crate::reload::Reloaded;
pub use format::Format;
use sink::Head;
use table::TABLE;
use writer::Writer;

/// Everything that a scrape shows, at one moment. Times are in nanoseconds since the epoch.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The counts.
    pub registry: Registry,
    /// True numbers of requests in flight, of the applications in the embedded host.
    pub in_flight: BTreeMap<String, u64>,
    /// Other names of families, no two with the same one.
    pub aliases: Arc<[AliasFamily]>,
    /// Time without events, in nanoseconds, after which the gauges and infos of an application are left out.
    pub gauge_expiry: u64,
    /// Requests that the program's own listeners refused: listener, reason and number.
    pub refused_requests: Vec<(&'static str, &'static str, u64)>,
    /// Files followed.
    pub tail_files: u64,
    /// Bytes of followed files that are not read yet.
    pub tail_lag_bytes: u64,
    /// The state on disk, if there is one.
    pub storage: Option<portent_journal::Status>,
    /// How long each sync of the state on disk took.
    pub syncs: DurationHistogram,
    /// How the last reading of the configuration ended, if there is one to read.
    pub reload: Option<Reloaded>,
    /// Figures of this process.
    pub process: Process,
    /// The moment.
    pub now: u64,
}

impl Default for Snapshot {
    fn default() -> Self {
        Self {
            registry: Registry::default(),
            in_flight: BTreeMap::new(),
            aliases: Arc::default(),
            gauge_expiry: 24 * 60 * 60 * SECOND,
            refused_requests: Vec::new(),
            tail_files: 0,
            tail_lag_bytes: 0,
            storage: None,
            syncs: DurationHistogram::default(),
            reload: None,
            process: Process::default(),
            now: 0,
        }
    }
}

impl Snapshot {
    /// The exposition in text format 0.0.4.
    #[must_use]
    pub fn to_text(&self) -> String {
        String::from_utf8_lossy(&self.expose(Format::Text)).into_owned()
    }

    /// The exposition: families in the order of [`crate::families::ALL`], then aliases by name. The same
    /// snapshot gives the same bytes.
    #[must_use]
    pub fn expose(&self, format: Format) -> Vec<u8> {
        let (replacing, mut others): (Vec<_>, Vec<_>) = self.aliases.iter().partition(|alias| alias.replaces);
        others.sort_unstable_by_key(|alias| &alias.name);
        let mut writer = Writer::new(format);
        for (family, write) in TABLE {
            match replacing.iter().find(|alias| alias.name == family.name) {
                Some(alias) => writer.family(&Head::of_alias(alias), |sink| alias::write(self, alias, sink)),
                None => writer.family(&Head::of_family(family), |sink| write(self, sink)),
            }
        }
        for alias in others {
            writer.family(&Head::of_alias(alias), |sink| alias::write(self, alias, sink));
        }
        writer.finish()
    }

    /// The applications whose gauges are shown, by name: those of which nothing was heard yet, or only a while
    /// ago.
    fn current_apps(&self) -> impl Iterator<Item = (&str, &App)> {
        let oldest = self.now.saturating_sub(self.gauge_expiry);
        self.registry.apps().filter(move |(_, app)| app.last_event.is_none_or(|time| time >= oldest))
    }
}

#[cfg(test)]
mod check;
#[cfg(test)]
mod decode;
#[cfg(test)]
mod tests;
