//! The formats of a scrape.

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
    /// All formats, the one that says most first.
    pub const ALL: [Self; 3] = [Self::Protobuf, Self::OpenMetrics, Self::Text];

    /// The format's content type. It is never made of what a client asked for: a Prometheus from 3.0 fails a
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
