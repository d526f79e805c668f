//! Sends events, after the answer has left.

use std::ops::ControlFlow::{Break, Continue};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use portent_adapter::delivery::{self, Attempts, Source};
use portent_adapter::drop_reason;
use portent_adapter::http::Headers;
use portent_adapter::limits::ATTEMPT_TIMEOUT;
use portent_adapter::output::{self, WRITE_BYTES};
use portent_event::{DropReason, Event};
use portent_service::{EventsTo, Token};
use spin_sdk::http::{Fields, Method, Scheme};
use spin_sdk::wit::wasi::http0_2_0::outgoing_handler;
use spin_sdk::wit::wasi::http0_2_0::types::{ErrorCode, OutgoingRequest, RequestOptions};
use wasi::random::random::get_random_u64;

use crate::exchange;

/// Sends the events to their destination, within a bounded time. What cannot be delivered is counted in a line on standard
/// output.
pub(crate) fn send(events: &[Event<'_>]) {
    // The variables stay the same for the life of an instance.
    static TO: OnceLock<EventsTo> = OnceLock::new();
    match TO.get_or_init(|| portent_adapter::events_to(|name| spin_sdk::variables::get(name).ok())) {
        EventsTo::Off => {}
        EventsTo::Stdout => output::print_events(events),
        EventsTo::Http { authority, token } => {
            let mut lines = Vec::with_capacity(1024);
            events.iter().for_each(|event| event.encode(&mut lines));
            if let Err(reason) = deliver(authority, token.as_ref(), &lines)
                && let Some(event) = events.first()
            {
                let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
                output::print(&delivery::drop_report(&event.app, count, reason));
            }
        }
    }
}

/// Delivers the lines under one identity, so that the aggregator counts them once, however often they come.
fn deliver(authority: &str, token: Option<&Token>, lines: &[u8]) -> Result<(), DropReason> {
    static SOURCE: OnceLock<Source> = OnceLock::new();
    static SEQUENCE: AtomicU64 = AtomicU64::new(0);
    let source = SOURCE.get_or_init(|| Source::new([get_random_u64(), get_random_u64()]));
    let headers = source.headers(SEQUENCE.fetch_add(1, Ordering::Relaxed), lines.len(), token);
    let started = Instant::now();
    let mut attempts = Attempts::default();
    loop {
        let answer = attempt(authority, &headers, lines).map_err(|error| drop_reason!(ErrorCode, error));
        match attempts.after(answer, started.elapsed()) {
            Continue(pause) => std::thread::sleep(pause),
            Break(result) => return result,
        }
    }
}

/// Sends the lines once and returns the status of the answer.
fn attempt(authority: &str, headers: &Headers, lines: &[u8]) -> Result<u16, ErrorCode> {
    let internal = |()| ErrorCode::InternalError(None);
    let fields = Fields::from_list(headers).map_err(|_| ErrorCode::InternalError(None))?;
    let request = OutgoingRequest::new(fields);
    request.set_method(&Method::Post).map_err(internal)?;
    request.set_scheme(Some(&Scheme::Http)).map_err(internal)?;
    request.set_authority(Some(authority)).map_err(internal)?;
    request.set_path_with_query(Some(delivery::PATH)).map_err(internal)?;
    let body = request.body().map_err(internal)?;
    // What the stream takes at once is written before it is sent: the host may then send head and body as one. More
    // than that must be read by somebody before all of it can be written.
    let response = if lines.len() <= WRITE_BYTES {
        exchange::write(body, lines)?;
        outgoing_handler::handle(request, Some(options()))?
    } else {
        let response = outgoing_handler::handle(request, Some(options()))?;
        exchange::write(body, lines)?;
        response
    };
    let mut answer = response.get();
    if answer.is_none() {
        response.subscribe().block();
        answer = response.get();
    }
    match answer {
        Some(Ok(response)) => Ok(response?.status()),
        Some(Err(())) | None => Err(ErrorCode::InternalError(None)),
    }
}

fn options() -> RequestOptions {
    let options = RequestOptions::new();
    let timeout = u64::try_from(ATTEMPT_TIMEOUT.as_nanos()).ok();
    // A host that does not offer a timeout uses its own.
    options.set_connect_timeout(timeout).ok();
    options.set_first_byte_timeout(timeout).ok();
    options
}
