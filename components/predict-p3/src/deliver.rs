//! Sends events, after the answer has left: prints them at once, or delivers them in batches.

use std::cell::RefCell;
use std::future::poll_fn;
use std::ops::ControlFlow::{Break, Continue};
use std::pin::pin;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use portent_adapter::batch::{Batch, Delivery, Step};
use portent_adapter::delivery::{self, Attempts, Source};
use portent_adapter::http::Headers;
use portent_adapter::limits::{ATTEMPT_TIMEOUT, FLUSH_AFTER};
use portent_adapter::{drop_reason, output};
use portent_event::{DropReason, Event};
use portent_service::{EventsTo, Token, config};
use spin_sdk_p3::variables;
use spin_sdk_p3::wasip3::clocks::monotonic_clock::wait_for;
use spin_sdk_p3::wasip3::http::client;
use spin_sdk_p3::wasip3::http::types::{ErrorCode, Fields, Method, Request, RequestOptions, Scheme};
use spin_sdk_p3::wasip3::random::random::get_random_u64;
use spin_sdk_p3::wasip3::{wit_future, wit_stream};

thread_local! {
    static BATCH: RefCell<Batch> = RefCell::default();
}

/// Sends the events to their destination.
pub(crate) async fn send(events: &[Event<'_>]) {
    match to().await {
        EventsTo::Off => {}
        EventsTo::Stdout => output::print_events(events),
        EventsTo::Http { authority, token } => {
            let step = BATCH.with_borrow_mut(|batch| batch.push(events));
            follow(step, authority, token.as_ref()).await;
        }
    }
}

/// The variables stay the same for the life of an instance.
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
    TO.get_or_init(|| portent_adapter::events_to(value))
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

/// Delivers the lines under one identity, so that the aggregator counts them once, however often they come.
async fn deliver(authority: &str, token: Option<&Token>, delivery: &Delivery) -> Result<(), DropReason> {
    static SOURCE: OnceLock<Source> = OnceLock::new();
    let source = SOURCE.get_or_init(|| Source::new([get_random_u64(), get_random_u64()]));
    let headers = source.headers(delivery.sequence, delivery.lines.len(), token);
    let started = Instant::now();
    let mut attempts = Attempts::default();
    loop {
        let answer = attempt(authority, &headers, &delivery.lines).await;
        let answer = answer.map_err(|error| drop_reason!(ErrorCode, error));
        match attempts.after(answer, started.elapsed()) {
            Continue(pause) => wait_for(nanoseconds(pause)).await,
            Break(result) => return result,
        }
    }
}

/// Sends the lines once and returns the status of the answer.
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
    let mut write = pin!(async move {
        // A body that breaks off shows in the response.
        body_in.write_all(lines).await;
        drop((body_in, trailers_in));
    });
    let (mut response, mut is_written) = (pin!(client::send(request)), false);
    // The write goes first, so that the host finds bytes and can send head and body as one.
    let response = poll_fn(|context| {
        is_written = is_written || write.as_mut().poll(context).is_ready();
        response.as_mut().poll(context)
    });
    Ok(response.await?.get_status_code())
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
