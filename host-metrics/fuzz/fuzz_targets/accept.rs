//! Any `Accept` header leads to a format without a panic, and to no format that it does not name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portent_exposition::accept::{self, Format};

fuzz_target!(|header: &[u8]| {
    let text = String::from_utf8_lossy(header).to_ascii_lowercase();
    let name = match accept::format(header) {
        Format::Protobuf => "application/vnd.google.protobuf",
        Format::OpenMetrics => "application/openmetrics-text",
        Format::Text => "",
    };
    assert!(text.contains(name));
    assert!(!accept::gzip(header) || text.contains("gzip") || text.contains('*'));
});
