//! A plain HTTP client: a connection for each request, and an answer only if it is complete.

#![allow(dead_code, reason = "each test that includes this file uses a part of it")]

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

/// An answer that arrived whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Status line and headers.
    pub(crate) head: String,
    pub(crate) body: String,
}

/// `GET`.
pub(crate) fn get(address: &str, path: &str) -> io::Result<Answer> {
    exchange(address, &format!("GET {path} HTTP/1.1\r\n"), b"")
}

/// `POST` without a body.
pub(crate) fn post(address: &str, path: &str) -> io::Result<Answer> {
    exchange(address, &format!("POST {path} HTTP/1.1\r\n"), b"")
}

/// A delivery of events.
pub(crate) fn deliver(address: &str, source: &str, sequence: u64, body: &[u8]) -> io::Result<Answer> {
    let head =
        format!("POST /v1/events HTTP/1.1\r\nportent-source: {source}\r\nportent-sequence: {sequence}\r\n");
    exchange(address, &head, body)
}

fn exchange(address: &str, head: &str, body: &[u8]) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let length = body.len();
    let head = format!("{head}host: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n");
    stream.write_all(&[head.as_bytes(), body].concat())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    parse(&answer).ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "an incomplete answer"))
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length =
        head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse::<usize>().ok()?;
    (body.len() == length).then(|| Answer { status, head: head.to_owned(), body: body.to_owned() })
}
