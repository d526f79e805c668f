//! Sending events, after the answer has left.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use portent_event::{DropReason, Event};
use portent_service::{EventsTo, Token};
use portent_adapter::delivery::{self, Attempt, Attempts, Next, Source};
use portent_adapter::limits::ATTEMPT_TIMEOUT;
use spin_sdk::http::{Fields, Method, Scheme};
use spin_sdk::wit::wasi::http0_2_0::outgoing_handler;
use spin_sdk::wit::wasi::http0_2_0::types::{ErrorCode, OutgoingBody, OutgoingRequest, RequestOptions};
use wasi::io::streams::OutputStream;
use wasi::random::random::get_random_u64;

/// Sends the events where the configuration says, within a bounded time; what cannot be delivered is
/// counted in a line on standard output.
pub(crate) fn send(events: &[Event<'_>]) {
    let mut lines = Vec::with_capacity(1024);
    match to() {
        EventsTo::Off => {}
        EventsTo::Stdout => {
            for event in events {
                event.encode(&mut lines);
                print(&lines);
                lines.clear();
            }
        }
        EventsTo::Http { authority, token } => {
            events.iter().for_each(|event| event.encode(&mut lines));
            if let Err(reason) = deliver(authority, token.as_ref(), &lines) {
                report_dropped(events, reason);
            }
        }
    }
}

/// Says on standard error what is wrong with the configuration.
pub(crate) fn complain(reason: &str) {
    let line = format!("portent: {reason}\n");
    crate::exchange::print_error(line.as_bytes());
}

/// The variables stay as they are for as long as an instance lives.
fn to() -> &'static EventsTo {
    static TO: OnceLock<EventsTo> = OnceLock::new();
    TO.get_or_init(|| portent_adapter::events_to(|name| spin_sdk::variables::get(name).ok(), complain))
}

/// Prints one line in one write, so that it stays whole among the lines of other instances.
fn print(line: &[u8]) {
    static STDOUT: OnceLock<OutputStream> = OnceLock::new();
    crate::exchange::print(STDOUT.get_or_init(wasi::cli::stdout::get_stdout), line);
}

fn report_dropped(events: &[Event<'_>], reason: DropReason) {
    let Some(event) = events.first() else { return };
    let count = u32::try_from(events.len()).unwrap_or(u32::MAX);
    print(&delivery::drop_report(&event.app, count, reason));
}

/// Delivers the lines under one identity, so that the aggregator counts them once however often they come.
fn deliver(authority: &str, token: Option<&Token>, lines: &[u8]) -> Result<(), DropReason> {
    let headers = headers(lines.len(), token);
    let started = Instant::now();
    let mut attempts = Attempts::default();
    loop {
        let attempt = match attempt(authority, &headers, lines) {
            Ok(status) => Attempt::answered(status),
            Err(error) => Attempt::Failed(drop_reason(&error)),
        };
        match attempts.after(attempt, started.elapsed()) {
            Next::Again(wait) => std::thread::sleep(wait),
            Next::End(result) => return result,
        }
    }
}

/// The headers of a new delivery: the instance is its source, and counts what it delivers.
fn headers(bytes: usize, token: Option<&Token>) -> delivery::Headers {
    static SOURCE: OnceLock<Source> = OnceLock::new();
    static SEQUENCE: AtomicU64 = AtomicU64::new(0);
    let source = SOURCE.get_or_init(|| Source::new([get_random_u64(), get_random_u64()]));
    source.headers(SEQUENCE.fetch_add(1, Ordering::Relaxed), bytes, token)
}

fn attempt(authority: &str, headers: &delivery::Headers, lines: &[u8]) -> Result<u16, ErrorCode> {
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
    let response = if lines.len() <= crate::exchange::WRITE_BYTES {
        write(body, lines)?;
        outgoing_handler::handle(request, Some(options()))?
    } else {
        let response = outgoing_handler::handle(request, Some(options()))?;
        write(body, lines)?;
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

fn write(body: OutgoingBody, lines: &[u8]) -> Result<(), ErrorCode> {
    if let Ok(stream) = body.write() {
        // A body that breaks off shows in the response.
        crate::exchange::write(&stream, lines).ok();
    }
    OutgoingBody::finish(body, None)
}

fn options() -> RequestOptions {
    let options = RequestOptions::new();
    let timeout = u64::try_from(ATTEMPT_TIMEOUT.as_nanos()).ok();
    // A host that does not offer a timeout uses its own.
    options.set_connect_timeout(timeout).ok();
    options.set_first_byte_timeout(timeout).ok();
    options
}

fn drop_reason(error: &ErrorCode) -> DropReason {
    match error {
        ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::HttpResponseTimeout => DropReason::Timeout,
        ErrorCode::HttpRequestDenied => DropReason::Refused,
        _ => DropReason::Unreachable,
    }
}
