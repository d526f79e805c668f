//! Support for property tests and the fuzzer: makes requests of any bytes, answers them, and checks every answer.
//!
//! The bytes are a script. It chooses one of the [`seeds`], a valid request of some protocol, and changes it.

mod script;
mod seeds;

use std::cell::Cell;

use portent_event::{Event, Line, Method, Route, limits};
use portent_model::Model;

use crate::{Body, Clock, Config, ModelState, Request, Response, Service};

use script::Made;
use seeds::Seed;

/// Bytes that any answer may have. The largest are the description of the API and lists of violations.
const ANSWER_BYTES: usize = 512 * 1024;

/// Bytes that an answer may have for each byte of the request, after decompression: an explanation is some 30 times as
/// long as its row, and a reading without any field breaks a rule for each feature.
const ANSWER_FACTOR: usize = 512;

/// A service and the requests that are tried on it.
#[derive(Debug)]
pub struct FuzzTarget<'m> {
    service: Service<'m>,
    seeds: Vec<Seed>,
    model: &'m str,
}

impl<'m> FuzzTarget<'m> {
    /// A target for the service over a model.
    #[must_use]
    pub fn new(model: Model<'m>) -> Self {
        let (seeds, name) = (seeds::of(&model), model.name());
        Self { service: Service::new(Config::default(), ModelState::Loaded(model)), seeds, model: name }
    }

    /// Number of valid requests; a script's first byte chooses one of them.
    #[must_use]
    pub fn seed_count(&self) -> usize {
        self.seeds.len()
    }

    /// Sends the request of a script and checks the answer. Returns route and status.
    ///
    /// # Panics
    /// If the answer breaks a rule of every answer.
    pub fn run(&self, script: &[u8]) -> (Route, u16) {
        let made = script::make(script, &self.seeds, self.model);
        let request = Request {
            method: &made.method,
            path_with_query: &made.path,
            headers: &made.headers,
            body: Body::from_bytes(&made.body),
            unique: 7,
        };
        let (response, events) = self.service.handle(&request, &TickingClock::default());
        assert_eq!(events.len(), 1, "an answer is an event");
        let method = Method::from_text(&made.method);
        check_response(&response, &made, method == Some(Method::Head));
        for event in &events {
            assert_eq!((event.status, event.method), (response.status, method.unwrap_or(Method::Other)));
            check_event(event, &made);
        }
        (events.first().map_or(Route::Unmatched, |event| event.route), response.status)
    }
}

fn check_response(response: &Response, made: &Made, is_head: bool) {
    assert!((200..500).contains(&response.status), "{}", response.status);
    let bound = ANSWER_BYTES + ANSWER_FACTOR * made.plain_length;
    assert!(response.body.len() <= bound, "{} bytes", response.body.len());
    let is_json = response.headers.contains(&("content-type", "application/json".into()));
    if is_head || !is_json {
        assert!(response.status < 400 || is_head, "an error is JSON");
    } else {
        let json = serde_json::from_slice::<serde_json::Value>(&response.body);
        assert!(json.is_ok(), "{}", String::from_utf8_lossy(&response.body));
    }
}

/// The line of an event is short, reads back the same, and holds nothing that the request's body does.
fn check_event(event: &Event<'_>, made: &Made) {
    let mut event = event.clone();
    event.time = "2026-01-02T03:04:05.678901Z".into();
    event.durations.total = 1_000_000_000;
    let mut line = Vec::new();
    event.encode(&mut line);
    assert!(line.len() <= limits::EMITTED_LINE_BYTES, "{} bytes", line.len());
    let text = String::from_utf8_lossy(&line);
    match Line::decode(text.trim_end().as_bytes()) {
        Ok(Line::Event(read)) if read.truncated => assert_eq!(read.status, event.status),
        Ok(Line::Event(read)) => assert_eq!(read, event),
        other => assert!(matches!(other, Ok(Line::Event(_))), "{other:?}"),
    }
    let text = text.replace(event.request_id.as_ref(), "");
    for token in made.body.split(|byte| !byte.is_ascii_alphanumeric() && *byte != b'.') {
        if let Ok(token) = std::str::from_utf8(token)
            && is_telling(token)
        {
            assert!(!text.contains(token), "{token} in {text}");
        }
    }
}

/// Whether a text cannot be in a line by chance: it is long, and has digits and other characters.
fn is_telling(token: &str) -> bool {
    let digits = token.bytes().filter(u8::is_ascii_digit).count();
    token.len() >= 12 && digits > 0 && digits < token.len()
}

/// A clock that advances by one microsecond with every reading.
#[derive(Default)]
pub(crate) struct TickingClock(Cell<u64>);

impl Clock for TickingClock {
    fn now(&self) -> u64 {
        self.0.set(self.0.get() + 1_000);
        self.0.get()
    }
}
