//! The component for WASI 0.3: it reads the request, calls the service, answers, then sends the events. An instance answers
//! many requests, several at a time. Between them it keeps only the model, the variables and the events that wait for a
//! delivery.
#![cfg(target_family = "wasm")]

mod deliver;
mod exchange;

use std::time::Instant;

use portent_adapter::MonotonicClock;
use spin_sdk_p3::wasip3;
use wasip3::exports::http::handler::Guest;
use wasip3::http::types::{ErrorCode, Request, Response};

struct Component;

wasip3::http::service::export!(Component with_types_in wasip3);

impl Guest for Component {
    async fn handle(request: Request) -> Result<Response, ErrorCode> {
        let clock = MonotonicClock(Instant::now());
        let read = exchange::read(request).await;
        let (response, mut events) = portent_adapter::service().handle(&read.as_request(), &clock);
        let (response, rest) = exchange::answer(response);
        wasip3::spawn(async move {
            if let Some(rest) = rest {
                rest.await;
            }
            portent_adapter::finish(&mut events, &clock);
            deliver::send(&events).await;
        });
        Ok(response)
    }
}
