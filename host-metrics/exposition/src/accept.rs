//! Content negotiation: from `Accept` and `Accept-Encoding` to a [`Format`] and the choice of gzip.
//!
//! Malformed elements are ignored one by one, so that a client always gets an answer: at worst text 0.0.4,
//! uncompressed.

/// A format of the exposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Protobuf messages `io.prometheus.client.MetricFamily`, each behind its length. The only one with native
    /// histograms and start timestamps.
    Protobuf,
    /// OpenMetrics text format 1.0. It has exemplars, as the protobuf format.
    OpenMetrics,
    /// Prometheus text format 0.0.4, which every scraper reads.
    Text,
}

impl Format {
    /// All formats, the one with the most information first.
    pub const ALL: [Self; 3] = [Self::Protobuf, Self::OpenMetrics, Self::Text];

    /// The format's content type. It is never built from the request: a Prometheus from 3.0 fails a
    /// scrape whose type it does not know.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Protobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::Text => "text/plain; version=0.0.4; charset=utf-8",
        }
    }
}

/// Weight of a media range or a coding, in thousandths.
type Weight = u16;

/// The default weight.
const FULL: Weight = 1000;

/// The format that fits an `Accept` best. Of several with the same weight it is the first of [`Format::ALL`]. Only a
/// client that names protobuf or OpenMetrics gets it. A client that accepts none of the formats gets text.
#[must_use]
pub fn format(accept: &[u8]) -> Format {
    let ranges: Vec<_> = elements(accept).filter_map(|element| element.range()).collect();
    // The most precise range that covers a format counts.
    let weight = |format| {
        let fitting = ranges.iter().filter(|(covered, ..)| *covered == format);
        fitting.map(|(_, precision, weight)| (precision, *weight)).max().map_or(0, |(_, weight)| weight)
    };
    let best = Format::ALL.map(weight).into_iter().max().unwrap_or_default();
    let wanted = Format::ALL.into_iter().find(|format| best > 0 && weight(*format) == best);
    wanted.unwrap_or(Format::Text)
}

/// Whether an `Accept-Encoding` wants gzip, and no less than the answer as it is.
#[must_use]
pub fn gzip(accept_encoding: &[u8]) -> bool {
    let coding = |element: Element| Some((element.weight()?, element.value));
    let codings: Vec<_> = elements(accept_encoding).filter_map(coding).collect();
    let weight = |names: &[&str]| {
        let named = codings.iter().filter(|(_, name)| names.contains(&name.as_str()));
        named.map(|(weight, _)| *weight).max()
    };
    let gzip = weight(&["gzip", "x-gzip"]).or(weight(&["*"])).unwrap_or(0);
    gzip > 0 && gzip >= weight(&["identity"]).unwrap_or(0)
}

/// An element of a header's list: a value with parameters. Names are in lower case.
struct Element {
    value: String,
    parameters: Vec<(String, String)>,
}

impl Element {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = split(text, ';').map(str::trim);
        let value = parts.next()?.to_ascii_lowercase();
        let parameters = parts.filter(|part| !part.is_empty()).map(|part| {
            let (name, value) = part.split_once('=')?;
            Some((name.trim_end().to_ascii_lowercase(), unquote(value.trim_start())))
        });
        Some(Self { value, parameters: parameters.collect::<Option<_>>()? })
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        let found = self.parameters.iter().find(|(other, _)| other == name);
        found.map(|(_, value)| value.as_str())
    }

    fn weight(&self) -> Option<Weight> {
        self.parameter("q").map_or(Some(FULL), weight)
    }

    /// The element as a media range: the format that it covers, if any, how precisely it names it, and its weight.
    /// Parameters other than the version, such as `escaping`, change nothing: every name is legal in every escaping.
    fn range(&self) -> Option<(Format, u8, Weight)> {
        let version = self.parameter("version");
        let named = 2 + u8::from(version.is_some());
        let is_metric_family = self.parameter("proto") == Some("io.prometheus.client.MetricFamily")
            && self.parameter("encoding") == Some("delimited");
        let (format, precision) = match (self.value.as_str(), version) {
            ("application/openmetrics-text", None | Some("1.0.0" | "0.0.1")) => (Format::OpenMetrics, named),
            ("application/vnd.google.protobuf", _) if is_metric_family => (Format::Protobuf, named),
            ("text/plain", None | Some("0.0.4")) => (Format::Text, named),
            ("text/*", _) => (Format::Text, 1),
            ("*/*", _) => (Format::Text, 0),
            _ => return None,
        };
        Some((format, precision, self.weight()?))
    }
}

/// The elements of a list that can be read.
fn elements(list: &[u8]) -> impl Iterator<Item = Element> {
    let list = str::from_utf8(list).unwrap_or_default();
    split(list, ',').filter_map(Element::parse)
}

/// Splits at a separator that stands outside quotes.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |character| {
        let literal = std::mem::take(&mut escaped);
        if quoted && character == '\\' {
            escaped = !literal;
        } else if character == '"' && !literal {
            quoted = !quoted;
        }
        !quoted && character == separator
    })
}

/// A parameter's value without its quotes, if it has some.
fn unquote(value: &str) -> String {
    let quoted = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    quoted.map_or_else(|| value.to_owned(), |inner| inner.replace('\\', ""))
}

/// A weight from 0 to 1, with at most three decimals.
fn weight(text: &str) -> Option<Weight> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let thousandths: Weight = format!("{decimals:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", _) => Some(thousandths),
        ("1", 0) => Some(FULL),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
