//! Writing records as lines.

use crate::counts::{ClassCounts, Pairs};
use crate::limits;
use crate::record::{DropReport, Durations, Event, Predictions, VERSION};

/// Most lines are shorter.
const USUAL_LINE_BYTES: usize = 1024;

impl Event<'_> {
    /// Appends the line and its newline to `out`, never more than [`limits::EMITTED_LINE_BYTES`].
    ///
    /// If counts per bin would break that bound, they are left out and the line says so.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.reserve(USUAL_LINE_BYTES);
        let start = out.len();
        self.write(out, true);
        if out.len() - start > limits::EMITTED_LINE_BYTES {
            out.truncate(start);
            self.write(out, false);
        }
    }

    fn write(&self, out: &mut Vec<u8>, with_bins: bool) {
        member(out, b"{\"portent\":", VERSION.into());
        text_member(out, b",\"time\":", &self.time);
        text_member(out, b",\"app\":", &self.app);
        text_member(out, b",\"request_id\":", &self.request_id);
        text_member(out, b",\"method\":", self.method.as_str());
        text_member(out, b",\"route\":", self.route.as_str());
        member(out, b",\"status\":", self.status.into());
        if let Some(error) = self.error {
            text_member(out, b",\"error\":", error.as_str());
        }
        out.extend_from_slice(b",\"ns\":");
        durations(out, &self.durations);
        if !self.predictions.is_empty() {
            out.extend_from_slice(b",\"predictions\":");
            list(out, &self.predictions, |out, made| predictions(out, made, with_bins));
        }
        if self.truncated || !with_bins {
            out.extend_from_slice(b",\"truncated\":true");
        }
        out.extend_from_slice(b"}\n");
    }
}

impl DropReport<'_> {
    /// Appends the line and its newline to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        member(out, b"{\"portent\":", VERSION.into());
        text_member(out, b",\"app\":", &self.app);
        member(out, b",\"dropped\":", self.count.into());
        text_member(out, b",\"reason\":", self.reason.as_str());
        out.extend_from_slice(b"}\n");
    }
}

fn durations(out: &mut Vec<u8>, durations: &Durations) {
    member(out, b"{\"total\":", durations.total);
    let stages: [(&[u8], _); 4] = [
        (b",\"parse\":", durations.parse),
        (b",\"validate\":", durations.validate),
        (b",\"score\":", durations.score),
        (b",\"encode\":", durations.encode),
    ];
    for (key, duration) in stages {
        if let Some(duration) = duration {
            member(out, key, duration);
        }
    }
    out.push(b'}');
}

fn predictions(out: &mut Vec<u8>, predictions: &Predictions<'_>, with_bins: bool) {
    out.extend_from_slice(b"{\"model\":\"");
    out.extend_from_slice(&predictions.model.hex());
    text_member(out, b"\",\"version\":", &predictions.version);
    member(out, b",\"rows\":", predictions.rows.into());
    out.extend_from_slice(b",\"classes\":");
    list(out, &predictions.classes, class);
    member(out, b",\"score_sum_nano\":", predictions.score_sum_nano);
    if with_bins {
        optional_pairs(out, b",\"score_bins\":", &predictions.score_bins);
        if !predictions.bins.is_empty() {
            out.extend_from_slice(b",\"bins\":");
            list(out, &predictions.bins, pairs);
        }
        optional_pairs(out, b",\"missing\":", &predictions.missing);
        optional_pairs(out, b",\"out_of_range\":", &predictions.out_of_range);
    }
    out.push(b'}');
}

fn class(out: &mut Vec<u8>, class: &ClassCounts) {
    member(out, b"{\"count\":", class.count.into());
    if !class.confidence.is_empty() {
        out.extend_from_slice(b",\"confidence\":");
        list(out, &class.confidence, |out, count| number(out, (*count).into()));
    }
    if class.confidence_sum_nano > 0 {
        member(out, b",\"confidence_sum_nano\":", class.confidence_sum_nano);
    }
    out.push(b'}');
}

fn optional_pairs(out: &mut Vec<u8>, key: &[u8], list: &Pairs) {
    if !list.is_empty() {
        out.extend_from_slice(key);
        pairs(out, list);
    }
}

fn pairs(out: &mut Vec<u8>, pairs: &Pairs) {
    list(out, pairs.iter(), |out, (index, count)| match (index, count) {
        // Nearly every pair.
        (0..10, 0..10) => out.extend_from_slice(&[b'0' + index as u8, b',', b'0' + count as u8]),
        _ => {
            number(out, index.into());
            member(out, b",", count.into());
        }
    });
}

fn list<T>(out: &mut Vec<u8>, items: impl IntoIterator<Item = T>, mut item: impl FnMut(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (index, each) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        item(out, each);
    }
    out.push(b']');
}

fn text(out: &mut Vec<u8>, text: &str) {
    let plain = |byte: u8| (byte >= b' ') & (byte != b'"') & (byte != b'\\');
    // Without an early exit, this compiles to vector instructions.
    if text.bytes().fold(true, |all, byte| all & plain(byte)) {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else if let Ok(escaped) = serde_json::to_vec(text) {
        // A text always serialises.
        out.extend_from_slice(&escaped);
    }
}

#[inline(always)]
fn text_member(out: &mut Vec<u8>, key: &[u8], value: &str) {
    out.extend_from_slice(key);
    text(out, value);
}

fn member(out: &mut Vec<u8>, key: &[u8], value: u64) {
    out.extend_from_slice(key);
    number(out, value);
}

fn number(out: &mut Vec<u8>, mut value: u64) {
    // Nearly every count and bin.
    if value < 10 {
        return out.push(b'0' + value as u8);
    }
    // The greatest value has 20 digits.
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    for (index, pair) in digits.as_chunks_mut::<2>().0.iter_mut().enumerate().rev() {
        let two = (value % 100) as u8;
        *pair = [b'0' + two / 10, b'0' + two % 10];
        value /= 100;
        start = 2 * index + usize::from(value == 0 && two < 10);
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(start..).unwrap_or_default());
}
