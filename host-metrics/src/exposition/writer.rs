//! A whole exposition in one of the formats, with the count of its own series.

use super::format::Format;
use super::protobuf::Message;
use super::sink::{Head, Sample, Sink};
use super::text::{Lines, OPEN_METRICS_END};
use crate::families;

/// An exposition being written.
#[derive(Debug)]
pub(super) struct Writer {
    format: Format,
    out: Vec<u8>,
    /// Numbers of series by family, in the order of the exposition, without those that have none.
    series: Vec<(String, u64)>,
    /// Where the family that tells these numbers belongs. It is written last, since it tells of all.
    series_at: usize,
}

impl Writer {
    /// Begins an exposition.
    pub(super) fn new(format: Format) -> Self {
        Self { format, out: Vec::new(), series: Vec::new(), series_at: 0 }
    }

    /// Writes a family.
    pub(super) fn family(&mut self, head: &Head<'_>, write: impl FnOnce(&mut dyn Sink)) {
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
    pub(super) fn finish(mut self) -> Vec<u8> {
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
