use proptest::prelude::*;

use super::Format::{OpenMetrics, Protobuf, Text};
use super::*;

/// What a Prometheus 2.42 sends.
const PROMETHEUS_2: &str = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/// The same with `--enable-feature=native-histograms`.
const PROMETHEUS_2_NATIVE: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited,application/openmetrics-text;version=1.0.0;q=0.8,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/// What a Prometheus 3.0 sends.
const PROMETHEUS_3: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;escaping=allow-utf-8;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;escaping=allow-utf-8;q=0.3,*/*;q=0.2";

/// The same with `--enable-feature=native-histograms`.
const PROMETHEUS_3_NATIVE: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;escaping=allow-utf-8;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;escaping=allow-utf-8;q=0.2,*/*;q=0.1";

/// What later ones send, in which only the newest versions of the texts have an escaping.
const PROMETHEUS_3_LATER: &str = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";

/// The same with `scrape_native_histograms: true`.
const PROMETHEUS_3_LATER_NATIVE: &str = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1";

/// The protobuf format as it has to be named.
const PROTOBUF: &str =
    "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited";

#[test]
fn the_format_fits_what_the_client_accepts() {
    let cases = [
        ("", Text),
        ("*/*", Text),
        ("application/*", Text),
        ("text/html,application/xhtml+xml,*/*;q=0.8", Text),
        ("application/json", Text),
        ("openmetrics", Text),
        (",;=\",;q", Text),
        ("text/plain", Text),
        ("text/plain;version=1.0.0", Text),
        (PROMETHEUS_2, OpenMetrics),
        (PROMETHEUS_3, OpenMetrics),
        (PROMETHEUS_3_LATER, OpenMetrics),
        (PROMETHEUS_2_NATIVE, Protobuf),
        (PROMETHEUS_3_NATIVE, Protobuf),
        (PROMETHEUS_3_LATER_NATIVE, Protobuf),
        (PROTOBUF, Protobuf),
        (Protobuf.content_type(), Protobuf),
        ("application/vnd.google.protobuf", Text),
        ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily", Text),
        ("application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=text", Text),
        (
            "application/vnd.google.protobuf;proto=Other;encoding=delimited, application/openmetrics-text",
            OpenMetrics,
        ),
        ("application/openmetrics-text", OpenMetrics),
        ("application/openmetrics-text; version=1.0.0; charset=utf-8", OpenMetrics),
        ("APPLICATION/OpenMetrics-Text ; Version = \"1.0.0\"", OpenMetrics),
        ("application/openmetrics-text;version=0.0.1", OpenMetrics),
        ("application/openmetrics-text;version=1.0.0;escaping=underscores", OpenMetrics),
        ("application/openmetrics-text;version=2.0.0", Text),
        ("application/openmetrics-text;version=2.0.0, application/openmetrics-text;q=0.1", OpenMetrics),
        ("a/b;c=\"application/openmetrics-text,application/openmetrics-text\"", Text),
        ("a/b;c=\"\\\",\", application/openmetrics-text", OpenMetrics),
    ];
    for (accept, expected) in cases {
        assert_eq!(format(accept.as_bytes()), expected, "{accept}");
    }
}

#[test]
fn weights_decide_and_a_tie_is_openmetrics_where_named() {
    let cases = [
        ("application/openmetrics-text;q=0.5, text/plain;q=0.5", OpenMetrics),
        ("application/openmetrics-text;q=0.5, text/plain;q=0.501", Text),
        ("text/plain;q=0.9, application/openmetrics-text", OpenMetrics),
        ("text/plain, application/openmetrics-text;q=1.000", OpenMetrics),
        ("application/openmetrics-text, */*", OpenMetrics),
        ("application/openmetrics-text;q=0.4, */*", Text),
        ("application/openmetrics-text;q=0.4, text/*;q=0.3, */*", OpenMetrics),
        ("application/openmetrics-text;q=0.4, text/plain;q=0.3, text/*", OpenMetrics),
        ("application/openmetrics-text;q=0.4, text/plain;version=0.0.4;q=0.3, text/plain", OpenMetrics),
        ("application/openmetrics-text;version=1.0.0;q=0, application/openmetrics-text", Text),
        ("application/openmetrics-text;q=0", Text),
        ("application/openmetrics-text;q=0, text/plain;q=0", Text),
        ("application/openmetrics-text;q=1.1", Text),
        ("application/openmetrics-text;q=", Text),
        ("application/openmetrics-text;q=0.0001", Text),
        ("application/openmetrics-text;q=-1", Text),
        ("application/openmetrics-text;q=0.001", OpenMetrics),
    ];
    for (accept, expected) in cases {
        assert_eq!(format(accept.as_bytes()), expected, "{accept}");
    }
}

#[test]
fn weights_decide_about_protobuf_too() {
    let cases = [
        (";q=0.5, application/openmetrics-text;q=0.5, text/plain;q=0.5", Protobuf),
        (";q=0.5, application/openmetrics-text;q=0.6, text/plain;q=0.5", OpenMetrics),
        (";q=0.5, application/openmetrics-text;q=0.5, text/plain;q=0.6", Text),
        (";q=0, */*;q=0.1", Text),
        (";q=0.5, */*", Text),
        (", */*", Protobuf),
    ];
    for (rest, expected) in cases {
        assert_eq!(format([PROTOBUF, rest].concat().as_bytes()), expected, "{rest}");
    }
}

#[test]
fn gzip_is_sent_only_where_it_is_wanted() {
    let cases = [
        ("", false),
        ("gzip", true),
        ("GZIP;Q=0.1", true),
        ("x-gzip", true),
        ("deflate, gzip, br", true),
        ("gzip;q=0", false),
        ("gzip;q=0.000, *", false),
        ("*", true),
        ("*;q=0", false),
        ("gzip, *;q=0", true),
        ("identity", false),
        ("br, zstd", false),
        ("gzip, identity", true),
        ("gzip;q=0.5, identity;q=0.6", false),
        ("identity;q=0, *;q=0.1", true),
        ("gzip;q=2", false),
        ("gzipped", false),
    ];
    for (accept, expected) in cases {
        assert_eq!(gzip(accept.as_bytes()), expected, "{accept}");
    }
}

#[test]
fn bytes_that_are_no_text_say_nothing() {
    assert_eq!(format(b"application/openmetrics-text,\xff"), Text);
    assert!(!gzip(b"gzip,\xff"));
}

/// Nothing is chosen that the header does not name.
fn is_named(header: &[u8]) -> bool {
    let text = String::from_utf8_lossy(header).to_ascii_lowercase();
    let name = match format(header) {
        Protobuf => "application/vnd.google.protobuf",
        OpenMetrics => "application/openmetrics-text",
        Text => "",
    };
    text.contains(name) && (!gzip(header) || text.contains("gzip") || text.contains('*'))
}

proptest! {
    /// Whatever a client sends is read to the end without a panic.
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(is_named(&bytes));
    }

    /// The same for what almost makes sense.
    #[test]
    fn any_mixture_is_answered(parts in prop::collection::vec(prop::sample::select(vec![
        PROTOBUF, "application/openmetrics-text", "text/plain", "*/*", "*", "gzip", ";", ",", "=", "q", "0", ".", "1", "\"",
        "\\", " ", "version", "0.0.4", "é",
    ]), 0..40)) {
        prop_assert!(is_named(parts.concat().as_bytes()));
    }

    /// Of formats with weights of their own the heaviest one is chosen, in any order.
    #[test]
    fn the_heaviest_format_wins(weights: [u16; 3], first in 0_usize..3) {
        let weights = weights.map(|weight| weight % 1001);
        let q = |weight: u16| format!("{}.{:03}", weight / 1000, weight % 1000);
        let names = [PROTOBUF, "application/openmetrics-text", "text/plain"];
        let mut ranges: Vec<_> =
            names.iter().zip(weights).map(|(name, weight)| format!("{name};q={}", q(weight))).collect();
        ranges.rotate_left(first);
        let best = weights.into_iter().max().unwrap();
        let index = weights.iter().position(|weight| *weight == best && best > 0);
        let expected = index.map_or(Text, |index| Format::ALL[index]);
        prop_assert_eq!(format(ranges.join(",").as_bytes()), expected);
    }
}
