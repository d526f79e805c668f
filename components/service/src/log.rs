//! The log of requests, for finding a single request.

use portent_event::{Durations, ErrorType, Event, Method, Route};
use serde::Serialize;

/// A line for one request.
#[derive(Serialize)]
struct Entry<'e> {
    level: &'static str,
    time: &'e str,
    app: &'e str,
    request_id: &'e str,
    method: Method,
    route: Route,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<ErrorType>,
    rows: u32,
    ns: Durations,
}

/// One line of JSON for an answered request, with its newline. It holds the event without the counts, so it has no
/// input value. The aggregator does not count it.
#[must_use]
pub fn log_line(event: &Event<'_>) -> Vec<u8> {
    let Event { time, app, request_id, method, route, status, error, durations, predictions, .. } = event;
    let entry = Entry {
        level: "debug",
        time,
        app,
        request_id,
        method: *method,
        route: *route,
        status: *status,
        error: *error,
        rows: predictions.iter().map(|predictions| predictions.rows).sum(),
        ns: *durations,
    };
    // Writing texts and numbers cannot fail.
    let mut line = serde_json::to_vec(&entry).unwrap_or_default();
    line.push(b'\n');
    line
}
