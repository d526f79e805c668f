//! The WASI 0.2 shell around [`portent_service`]: read the request, call the service, answer, then send the
//! events. It carries nothing from one request to the next but the model and the variables, which it could read again.
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
    let service = portent_adapter::service(deliver::complain);
    let (response, mut events) = service.handle(&read.as_request(), &clock);
    exchange::answer(&response, response_out);
    portent_adapter::stamp(&mut events, &clock);
    deliver::send(&events);
    if service.logs_requests() {
        events.iter().for_each(|event| exchange::print_error(&portent_service::log_line(event)));
    }
}
