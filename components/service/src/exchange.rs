//! Requests, responses and the clock.

use std::borrow::Cow;

use crate::limits;

/// The parts of a request that the service uses.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Method token, as sent.
    pub method: &'a str,
    /// Path and query, as sent.
    pub path_with_query: &'a str,
    /// Headers, names in any case.
    pub headers: &'a [(String, Vec<u8>)],
    /// The body.
    pub body: Body<'a>,
    /// A number that no other request has. It identifies requests that bring no identity of their own.
    pub unique: u64,
}

/// A request body.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// All of it.
    Complete(&'a [u8]),
    /// It was longer than [`limits::BODY_BYTES`], and the rest was not read.
    TooLarge,
    /// The client stopped sending before its end.
    Broken,
}

/// A response with a complete body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Headers, lower-case names.
    pub headers: Vec<Header>,
    /// Body; empty for `HEAD` and 204.
    pub body: Vec<u8>,
}

/// A response header.
pub type Header = (&'static str, Cow<'static, str>);

/// A source of time.
pub trait Clock {
    /// Nanoseconds since any fixed moment, never going back.
    fn now(&self) -> u64;
}

impl<'a> Request<'a> {
    /// Path without the query.
    #[must_use]
    pub fn path(&self) -> &'a str {
        let end = self.path_with_query.bytes().position(|byte| matches!(byte, b'?' | b'#'));
        end.and_then(|end| self.path_with_query.get(..end)).unwrap_or(self.path_with_query)
    }

    /// Value of a header, if it is there and text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&'a str> {
        let (_, value) = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok().map(str::trim)
    }
}

impl<'a> Body<'a> {
    /// A body that has been read to its end.
    #[must_use]
    pub fn from_bytes(bytes: &'a [u8]) -> Self {
        if bytes.len() > limits::BODY_BYTES { Self::TooLarge } else { Self::Complete(bytes) }
    }
}
