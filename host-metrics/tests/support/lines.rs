//! Event lines by hand, and the number of requests that a scrape shows.

#![allow(dead_code, reason = "each test that includes this file uses a part of it")]

/// An event line with its newline.
pub(crate) fn line(app: &str, route: &str, status: u16) -> String {
    format!(
        "{{\"portent\":1,\"time\":\"2026-01-02T03:04:05Z\",\"app\":\"{app}\",\"request_id\":\"r\",\
         \"method\":\"POST\",\"route\":\"{route}\",\"status\":{status},\"ns\":{{\"total\":1000}}}}\n"
    )
}

/// Requests counted, of all applications.
pub(crate) fn requests(exposition: &str) -> u64 {
    let lines = exposition.lines().filter(|line| line.starts_with("api_requests_total{"));
    lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).sum()
}
