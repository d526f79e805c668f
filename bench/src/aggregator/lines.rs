//! The load: event lines in deliveries, and groups of series for the pushgateway.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use anyhow::{Context as _, Result};

use crate::load::Feed;
use crate::paths;

/// Largest body, in bytes: what `host-metrics` takes by default.
const BODY_BYTES: usize = 1 << 20;

/// The application that the shipped artefact is made for.
pub(super) const APP: &str = "heart-disease";

/// Distinguishes the sources of this run.
static SOURCES: AtomicU64 = AtomicU64::new(0);

/// An event line in the making.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    /// What a line says after its times; `None` is a line of a request that did not predict.
    predictions: Option<Arc<str>>,
}

impl Lines {
    /// Lines of predictions with the shipped artefact, one row each: what `/predict` emits.
    pub(super) fn heart() -> Result<Self> {
        let path = paths::workspace().join("models/heart-disease.md");
        let text = std::fs::read_to_string(path).context("cannot read the model card")?;
        let row = text.lines().find_map(|line| line.strip_prefix("| SHA-256 | `"));
        let digest = row.and_then(|row| row.split('`').next()).context("the model card has no digest")?;
        let bins = ["[1,1]"; 13].join(",");
        let predictions = format!(
            r#","predictions":[{{"model":"{digest}","version":"1.0.0","rows":1,"classes":[{{"count":1,"confidence":[0,0,0,1],"confidence_sum_nano":714156977}},{{"count":0}}],"score_sum_nano":285843023,"score_bins":[2,1],"bins":[{bins}]}}]"#
        );
        Ok(Self { predictions: Some(predictions.into()) })
    }

    /// Lines of requests that predict nothing.
    pub(super) fn short() -> Self {
        Self { predictions: None }
    }

    /// Appends a line of this moment. Durations and names differ from number to number.
    pub(super) fn write(&self, out: &mut String, app: &str, number: u64) {
        let time = humantime::format_rfc3339_micros(SystemTime::now());
        let total = 20_000 + number * 7_919 % 80_000;
        // Writing to a String cannot fail.
        let mut put = |text: std::fmt::Arguments<'_>| _ = out.write_fmt(text);
        put(format_args!(r#"{{"portent":1,"time":"{time}","app":"{app}","request_id":"abc-{number}""#));
        match &self.predictions {
            Some(predictions) => put(format_args!(
                r#","method":"POST","route":"/predict","status":200,"ns":{{"total":{total},"parse":4000,"validate":3000,"score":150,"encode":2000}}{predictions}}}"#
            )),
            None => put(format_args!(
                r#","method":"GET","route":"/health","status":200,"ns":{{"total":{total}}}}}"#
            )),
        }
        out.push('\n');
    }

    /// As many lines as a body takes, and their number.
    pub(super) fn batch(&self) -> (String, u64) {
        let (mut body, mut number, mut end) = (String::with_capacity(BODY_BYTES), 0, 0);
        while body.len() <= BODY_BYTES - (body.len() - end) {
            end = body.len();
            self.write(&mut body, APP, number);
            number += 1;
        }
        (body, number)
    }

    /// One batch again and again, each time as a new delivery of one source.
    pub(super) fn batches(&self) -> Feed {
        let ((body, _), source, mut sequence) = (self.batch(), new_source(), 0);
        Box::new(move |out| {
            sequence += 1;
            write_delivery(out, &source, sequence, &body);
        })
    }

    /// One line a delivery, each from a source of its own, in turn of the applications: what instances of a
    /// WASI 0.2 component send.
    pub(super) fn singles(&self, apps: Arc<[String]>) -> Feed {
        let (lines, mut number, mut body) = (self.clone(), 0, String::new());
        Box::new(move |out| {
            body.clear();
            let app = apps.get(number % apps.len().max(1)).map_or(APP, String::as_str);
            lines.write(&mut body, app, number as u64);
            number += 1;
            write_delivery(out, &new_source(), 0, &body);
        })
    }
}

/// A delivery as an HTTP request.
pub(super) fn write_delivery(out: &mut Vec<u8>, source: &str, sequence: u64, body: &str) {
    let identity = format!("portent-source: {source}\r\nportent-sequence: {sequence}");
    let length = body.len();
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nHost: localhost\r\n{identity}\r\nContent-Length: {length}\r\n\r\n"
    );
    out.extend(head.as_bytes());
    out.extend(body.as_bytes());
}

/// Pushes of groups in turn, each with this many series.
pub(super) fn pushes(groups: usize, series: usize) -> Feed {
    let mut number = 0;
    Box::new(move |out| {
        let body: String = (0..series).fold(String::new(), |mut body, index| {
            _ = writeln!(body, "api_requests_total{{endpoint=\"/{index}\"}} {number}");
            body
        });
        let (group, length) = (number % groups, body.len());
        let head = format!(
            "PUT /metrics/job/bench/instance/{group} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
        );
        out.extend(head.as_bytes());
        out.extend(body.as_bytes());
        number += 1;
    })
}

/// Names of applications.
pub(super) fn apps(number: usize) -> Arc<[String]> {
    (0..number).map(|index| format!("app-{index:05}")).collect()
}

/// A source that no other delivery has.
pub(super) fn new_source() -> String {
    format!("bench-{}-{}", std::process::id(), SOURCES.fetch_add(1, Ordering::Relaxed))
}
