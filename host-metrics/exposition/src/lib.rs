//! From the counts to what a scrape answers.
//!
//! [`collect`] has a function per family that gives its series to a [`sample::Sink`]. A sink writes them in one of the
//! formats, or adds them up as an alias of the family. The modules are listed in reading order.

pub mod snapshot;

pub mod families;

mod collect;

mod alias_series;

pub mod config;

pub mod alias;

pub mod accept;
mod protobuf;
pub mod sample;
mod text;

pub mod process;

use crate::accept::Format;
use crate::collect::TABLE;
use crate::protobuf::Message;
use crate::sample::{Head, Sample, Sink};
use crate::text::{Lines, OPEN_METRICS_END};
pub use config::Config;
pub use snapshot::Snapshot;

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
                Some(alias) => {
                    writer.family(&Head::of_alias(alias), |sink| alias_series::write(self, alias, sink))
                }
                None => writer.family(&Head::of_family(family), |sink| write(self, sink)),
            }
        }
        for alias in others {
            writer.family(&Head::of_alias(alias), |sink| alias_series::write(self, alias, sink));
        }
        writer.finish()
    }
}

/// An exposition being written.
#[derive(Debug)]
struct Writer {
    format: Format,
    out: Vec<u8>,
    /// Numbers of series by family, in the order of the exposition, without those that have none.
    series: Vec<(String, u64)>,
    /// Where the family that tells these numbers belongs. It is written last, since it tells of all.
    series_at: usize,
}

impl Writer {
    /// Begins an exposition.
    fn new(format: Format) -> Self {
        Self { format, out: Vec::new(), series: Vec::new(), series_at: 0 }
    }

    /// Writes a family.
    fn family(&mut self, head: &Head<'_>, write: impl FnOnce(&mut dyn Sink)) {
        if head.name == families::SERIES.name {
            self.series_at = self.out.len();
            return;
        }
        let number = write_family(self.format, &mut self.out, head, write);
        if number > 0 {
            self.series.push((head.name.to_owned(), number));
        }
    }

    /// Ends the exposition.
    fn finish(mut self) -> Vec<u8> {
        // This family has one series for every family, itself included.
        let own = self.series.len() as u64 + 1;
        self.series.push((families::SERIES.name.to_owned(), own));
        let mut numbers = Vec::new();
        write_family(self.format, &mut numbers, &Head::of_family(&families::SERIES), |sink| {
            for (family, number) in &self.series {
                sink.number(&[family], Sample::gauge(*number));
            }
        });
        self.out.splice(self.series_at..self.series_at, numbers);
        if self.format == Format::OpenMetrics {
            self.out.extend_from_slice(OPEN_METRICS_END);
        }
        self.out
    }
}

/// Writes a family and returns the number of its series.
fn write_family(
    format: Format,
    out: &mut Vec<u8>,
    head: &Head<'_>,
    write: impl FnOnce(&mut dyn Sink),
) -> u64 {
    if format == Format::Protobuf {
        let mut message = Message::new(out, head);
        write(&mut message);
        message.finish()
    } else {
        let mut lines = Lines::new(out, head, format == Format::OpenMetrics);
        write(&mut lines);
        lines.finish()
    }
}

#[cfg(test)]
mod tests;
