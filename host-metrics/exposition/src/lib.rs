//! From the counts to the answer to a scrape.
//!
//! `collect` has a function per family that gives its series to a [`sample::Sink`]. A sink writes them in one of the
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

    /// The exposition: families in the order of [`families::ALL`], then aliases by name. The same snapshot gives the
    /// same bytes.
    #[must_use]
    pub fn expose(&self, format: Format) -> Vec<u8> {
        let (replacing, mut others): (Vec<_>, Vec<_>) =
            self.config.aliases.iter().partition(|alias| alias.replaces);
        others.sort_unstable_by_key(|alias| &alias.name);
        let mut out = Vec::new();
        // Numbers of series by family, in the order of the exposition, without families that have none.
        let mut numbers: Vec<(String, u64)> = Vec::new();
        let mut numbers_at = 0;
        let mut add = |head: &Head<'_>, write: &dyn Fn(&mut dyn Sink)| {
            if head.name == families::SERIES.name {
                // It has the numbers of all families, so it is written last.
                numbers_at = out.len();
                return;
            }
            let number = write_family(format, &mut out, head, write);
            if number > 0 {
                numbers.push((head.name.to_owned(), number));
            }
        };
        for (family, write) in TABLE {
            match replacing.iter().find(|alias| alias.name == family.name) {
                Some(alias) => {
                    add(&Head::of_alias(alias), &|sink| alias_series::write(self, alias, sink));
                }
                None => add(&Head::of_family(family), &|sink| write(self, sink)),
            }
        }
        for alias in others {
            add(&Head::of_alias(alias), &|sink| alias_series::write(self, alias, sink));
        }
        // This family has one series for every family, itself included.
        numbers.push((families::SERIES.name.to_owned(), numbers.len() as u64 + 1));
        let mut series = Vec::new();
        write_family(format, &mut series, &Head::of_family(&families::SERIES), |sink| {
            numbers.iter().for_each(|(family, number)| sink.number(&[family], Sample::gauge(*number)));
        });
        out.splice(numbers_at..numbers_at, series);
        if format == Format::OpenMetrics {
            out.extend_from_slice(OPEN_METRICS_END);
        }
        out
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
