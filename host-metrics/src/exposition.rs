//! From the counts to what a scrape answers: every family in the order of [`crate::families::ALL`].

pub mod accept;
mod format;
mod intake;
mod models;
mod requests;
pub mod text;

use std::collections::BTreeMap;
use std::ops::AddAssign;

use crate::process::Process;
use crate::registry::Registry;
pub use format::Format;
use text::Text;

/// Everything that a scrape shows, at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// The counts.
    pub registry: Registry,
    /// True numbers of requests in flight, of the applications in the embedded host.
    pub in_flight: BTreeMap<String, u64>,
    /// Files followed.
    pub tail_files: u64,
    /// Figures of this process.
    pub process: Process,
    /// The moment, in nanoseconds since the epoch.
    pub now: u64,
}

impl Snapshot {
    /// The exposition in text format 0.0.4.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.expose(Format::Text)
    }

    /// The exposition: the same snapshot gives the same bytes.
    #[must_use]
    pub fn expose(&self, format: Format) -> String {
        let mut text = Text::new(format);
        requests::write(self, &mut text);
        models::write(self, &mut text);
        intake::write(self, &mut text);
        text.finish()
    }
}

/// Adds up the values of equal keys, in order of the keys.
fn sums<K: Ord, V: AddAssign + Default>(items: impl Iterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut sums = BTreeMap::new();
    for (key, value) in items {
        *sums.entry(key).or_default() += value;
    }
    sums
}

#[cfg(test)]
mod check;
#[cfg(test)]
mod tests;
