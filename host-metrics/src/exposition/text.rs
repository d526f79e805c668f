//! The text formats: Prometheus text 0.0.4 and OpenMetrics 1.0. Their series are the same; they differ in the
//! heads of families and in the end.

use std::fmt::Write as _;

use super::Format;
use crate::families::{Family, Kind};
use crate::registry::Histogram;

/// An exposition being written.
#[derive(Debug)]
pub struct Text {
    out: String,
    format: Format,
}

/// A family being written. Its head precedes its first series; without series it has none.
#[derive(Debug)]
pub struct Series<'a> {
    out: &'a mut String,
    format: Format,
    family: &'static Family,
    begun: bool,
}

impl Text {
    /// Begins an exposition.
    #[must_use]
    pub fn new(format: Format) -> Self {
        Self { out: String::new(), format }
    }

    /// Begins a family. All of its series are written through the result.
    pub fn family(&mut self, family: &'static Family) -> Series<'_> {
        Series { out: &mut self.out, format: self.format, family, begun: false }
    }

    /// Ends the exposition.
    #[must_use]
    pub fn finish(mut self) -> String {
        if self.format == Format::OpenMetrics {
            self.out.push_str("# EOF\n");
        }
        self.out
    }
}

impl Series<'_> {
    /// Writes a series with a whole number.
    pub fn integer(&mut self, labels: &[&str], value: u64) {
        self.head();
        self.name("", labels, None);
        self.end(value);
    }

    /// Writes a series with a number in billionths.
    pub fn nano(&mut self, labels: &[&str], value: u128) {
        self.head();
        self.name("", labels, None);
        self.end(Nano(value));
    }

    /// Writes the series of a histogram over these bounds.
    pub fn histogram<const BUCKETS: usize>(
        &mut self,
        labels: &[&str],
        bounds: &[(u64, &str)],
        histogram: &Histogram<BUCKETS>,
    ) {
        self.head();
        let mut count = 0;
        let upper_bounds = bounds.iter().map(|(_, text)| *text).chain(["+Inf"]);
        for (bucket, le) in histogram.buckets.iter().zip(upper_bounds) {
            count += bucket;
            self.name("_bucket", labels, Some(le));
            self.end(count);
        }
        self.name("_sum", labels, None);
        self.end(Nano(histogram.sum_nano));
        self.name("_count", labels, None);
        self.end(count);
    }

    fn head(&mut self) {
        if self.begun {
            return;
        }
        self.begun = true;
        let Family { kind, unit, help, .. } = self.family;
        let open_metrics = self.format == Format::OpenMetrics;
        let name = if open_metrics { self.family.open_metrics_name() } else { self.family.name };
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Info if open_metrics => "info",
            Kind::Gauge | Kind::Info => "gauge",
            Kind::Histogram => "histogram",
        };
        self.out.extend(["# HELP ", name, " "]);
        // Text 0.0.4 leaves quotes in a HELP as they are.
        escape(self.out, help, if open_metrics { QUOTED } else { UNQUOTED });
        self.out.extend(["\n# TYPE ", name, " ", kind, "\n"]);
        if open_metrics && !unit.is_empty() {
            self.out.extend(["# UNIT ", name, " ", unit, "\n"]);
        }
    }

    fn name(&mut self, suffix: &str, labels: &[&str], le: Option<&str>) {
        self.out.extend([self.family.name, suffix]);
        let pairs = self.family.labels.iter().copied().zip(labels.iter().copied());
        for (index, (name, value)) in pairs.chain(le.map(|le| ("le", le))).enumerate() {
            self.out.push(if index == 0 { '{' } else { ',' });
            self.out.extend([name, "=\""]);
            escape(self.out, value, QUOTED);
            self.out.push('"');
        }
        if !self.family.labels.is_empty() || le.is_some() {
            self.out.push('}');
        }
    }

    fn end(&mut self, value: impl std::fmt::Display) {
        // Writing to a String cannot fail.
        writeln!(self.out, " {value}").ok();
    }
}

/// A number in billionths, written exactly and without trailing zeros.
struct Nano(u128);

impl std::fmt::Display for Nano {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, fraction) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{fraction:09}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

/// What is escaped where a quote would end the text.
const QUOTED: &[char] = &['\\', '\n', '"'];

/// What is escaped where only the end of the line ends the text.
const UNQUOTED: &[char] = &['\\', '\n'];

fn escape(out: &mut String, value: &str, special: &[char]) {
    if !value.contains(special) {
        return out.push_str(value);
    }
    for character in value.chars() {
        if special.contains(&character) {
            out.push('\\');
        }
        out.push(if character == '\n' { 'n' } else { character });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families;

    #[test]
    fn billionths_are_written_exactly() {
        let cases = [(0, "0"), (1, "0.000000001"), (1_500_000_000, "1.5"), (20_000_020_002, "20.000020002")];
        for (nano, text) in cases {
            assert_eq!(Nano(nano).to_string(), text);
        }
    }

    #[test]
    fn label_values_are_escaped() {
        let mut text = Text::new(Format::Text);
        text.family(&families::BUILD_INFO).integer(&["a\\b\"c\nd"], 1);
        assert!(text.finish().ends_with("portent_build_info{version=\"a\\\\b\\\"c\\nd\"} 1\n"));
    }

    #[test]
    fn a_family_without_series_has_no_head() {
        let mut text = Text::new(Format::Text);
        text.family(&families::BUILD_INFO);
        assert_eq!(text.finish(), "");
    }

    /// Each format escapes what would end a help early.
    #[test]
    fn helps_are_escaped() {
        static ODD: Family =
            Family { name: "odd", kind: Kind::Gauge, unit: "", labels: &[], help: "a\\b\"c\nd" };
        let exposed = |format| {
            let mut text = Text::new(format);
            text.family(&ODD).integer(&[], 1);
            text.finish()
        };
        assert!(exposed(Format::Text).starts_with("# HELP odd a\\\\b\"c\\nd\n# TYPE"));
        assert!(exposed(Format::OpenMetrics).starts_with("# HELP odd a\\\\b\\\"c\\nd\n# TYPE"));
    }

    #[test]
    fn the_end_is_said_in_openmetrics() {
        assert_eq!(Text::new(Format::OpenMetrics).finish(), "# EOF\n");
    }
}
