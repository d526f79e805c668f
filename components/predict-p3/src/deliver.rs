//! Sending events, after the answer has left: printed at once, or gathered for deliveries of many.

use std::cell::RefCell;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use portent_event::{DropReason, Event};
use portent_service::{EventsTo, Token, config};
use portent_adapter::batch::{Batch, Delivery, Step};
use portent_adapter::delivery::{self, Attempt, Attempts, Headers, Next, Source};
use portent_adapter::limits::{ATTEMPT_TIMEOUT, FLUSH_AFTER};
use spin_sdk_p3::variables;
use spin_sdk_p3::wasip3::clocks::monotonic_clock::wait_for;
use spin_sdk_p3::wasip3::http::client;
use spin_sdk_p3::wasip3::http::types::{ErrorCode, Fields, Method, Request, RequestOptions, Scheme};
use spin_sdk_p3::wasip3::random::random::get_random_u64;
use spin_sdk_p3::wasip3::{wit_future, wit_stream};

use crate::output;

thread_local! {
    static BATCH: RefCell<Batch> = RefCell::default();
}

/// Sends the events where the configuration says.
pub(crate) async fn send(events: &[Event<'_>]) {
    match to().await {
        EventsTo::Off => {}
        EventsTo::Stdout => print(events),
        EventsTo::Http { authority, token } => {
            let step = BATCH.with_borrow_mut(|batch| batch.push(events));
            follow(step, authority, token.as_ref()).await;
        }
    }
}

/// The variables stay as they are for as long as an instance lives.
async fn to() -> &'static EventsTo {
    static TO: OnceLock<EventsTo> = OnceLock::new();
    if let Some(to) = TO.get() {
        return to;
    }
    let mut values = Vec::new();
    for name in [config::EVENTS, config::METRICS_URL, config::METRICS_TOKEN] {
        values.push((name, variables::get(name).await.ok()));
    }
    let value = |name: &str| values.iter().find(|(known, _)| *known == name)?.1.clone();
    TO.get_or_init(|| portent_adapter::events_to(value, output::complain))
}

fn print(events: &[Event<'_>]) {
    let mut line = Vec::with_capacity(1024);
    for event in events {
        event.encode(&mut line);
        output::print(&line);
        line.clear();
    }
}

/// Does what the batch says, until it has nothing more for this task.
async fn follow(mut step: Step, authority: &str, token: Option<&Token>) {
    loop {
        step = match step {
            Step::Done => return,
            Step::Print(lines) => return output::print(&lines),
            Step::Wait(number) => {
                wait_for(nanoseconds(FLUSH_AFTER)).await;
                BATCH.with_borrow_mut(|batch| batch.waited(number))
            }
            Step::Deliver(delivery) => {
                let result = deliver(authority, token, &delivery).await;
                BATCH.with_borrow_mut(|batch| batch.delivered(delivery, result))
            }
        }
    }
}

/// Delivers the lines under one identity, so that the aggregator counts them once however often they come.
async fn deliver(authority: &str, token: Option<&Token>, delivery: &Delivery) -> Result<(), DropReason> {
    let headers = source().headers(delivery.sequence, delivery.lines.len(), token);
    let started = Instant::now();
    let mut attempts = Attempts::default();
    loop {
        let attempt = match attempt(authority, &headers, &delivery.lines).await {
            Ok(status) => Attempt::answered(status),
            Err(error) => Attempt::Failed(drop_reason(&error)),
        };
        match attempts.after(attempt, started.elapsed()) {
            Next::Again(wait) => wait_for(nanoseconds(wait)).await,
            Next::End(result) => return result,
        }
    }
}

fn source() -> &'static Source {
    static SOURCE: OnceLock<Source> = OnceLock::new();
    SOURCE.get_or_init(|| Source::new([get_random_u64(), get_random_u64()]))
}

async fn attempt(authority: &str, headers: &Headers, lines: &[u8]) -> Result<u16, ErrorCode> {
    let internal = |()| ErrorCode::InternalError(None);
    let fields = Fields::from_list(headers).map_err(|_| ErrorCode::InternalError(None))?;
    let (mut body_in, body) = wit_stream::new();
    let (trailers_in, trailers) = wit_future::new(|| Ok(None));
    let (request, _) = Request::new(fields, Some(body), trailers, Some(options()));
    request.set_method(&Method::Post).map_err(internal)?;
    request.set_scheme(Some(&Scheme::Http)).map_err(internal)?;
    request.set_authority(Some(authority)).map_err(internal)?;
    request.set_path_with_query(Some(delivery::PATH)).map_err(internal)?;
    let lines = lines.to_vec();
    let write = async move {
        // A body that breaks off shows in the response.
        body_in.write_all(lines).await;
        drop((body_in, trailers_in));
    };
    crate::post::with(write, client::send(request)).await.map(|response| response.get_status_code())
}

fn options() -> RequestOptions {
    let options = RequestOptions::new();
    let timeout = Some(nanoseconds(ATTEMPT_TIMEOUT));
    // A host that does not offer a timeout uses its own.
    options.set_connect_timeout(timeout).ok();
    options.set_first_byte_timeout(timeout).ok();
    options.set_between_bytes_timeout(timeout).ok();
    options
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
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
