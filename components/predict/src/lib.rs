//! The component for WASI 0.2: it reads the request, calls the service, answers, then sends the events. Between requests it
//! keeps only the model and the variables, which it could read again.
#![cfg(target_family = "wasm")]
#![expect(unsafe_code, reason = "the Spin SDK's macro turns resource handles of one binding into another's")]

mod deliver;
mod exchange;

use std::time::Instant;

use portent_adapter::MonotonicClock;
use spin_sdk::http::{IncomingRequest, ResponseOutparam};
use spin_sdk::http_component;

#[http_component]
fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
    let clock = MonotonicClock(Instant::now());
    let read = exchange::read(&request);
    drop(request);
    let (response, mut events) = portent_adapter::service().handle(&read.as_request(), &clock);
    exchange::answer(&response, response_out);
    portent_adapter::finish(&mut events, &clock);
    deliver::send(&events);
}
