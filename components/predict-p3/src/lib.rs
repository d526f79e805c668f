//! The WASI 0.3 shell around [`portent_service`]: read the request, call the service, answer, then send the events.
//! An instance answers many requests, several at a time; what it keeps from one to the next is the model, the
//! variables and the events that wait for a delivery (`deliver`).
#![cfg(target_family = "wasm")]

mod deliver;
mod exchange;
mod output;
mod post;

use std::time::Instant;

use portent_event::Event;
use portent_adapter::MonotonicClock;
use spin_sdk_p3::wasip3;
use wasip3::exports::http::handler::Guest;
use wasip3::http::types::{ErrorCode, Request, Response};

struct Shell;

wasip3::http::service::export!(Shell with_types_in wasip3);

impl Guest for Shell {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let clock = MonotonicClock(Instant::now());
        let read = exchange::read(request).await;
        let service = portent_adapter::service(output::complain);
        let (response, events) = service.handle(&read.as_request(), &clock);
        let (response, body) = exchange::answer(response);
        wasip3::spawn(async move {
            body.sent().await;
            finish(events, clock).await;
        });
        Ok(response)
    }
}

/// What is left to do once the answer has left.
async fn finish(mut events: Vec<Event<'static>>, clock: MonotonicClock) {
    portent_adapter::stamp(&mut events, &clock);
    if portent_adapter::service(output::complain).logs_requests() {
        events.iter().for_each(|event| output::print_error(&portent_service::log_line(event)));
    }
    deliver::send(&events).await;
}
