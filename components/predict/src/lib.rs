//! The WASI 0.2 shell around [`portent_service`]: read the request, call the service, answer, then send the
//! events. It carries nothing from one request to the next but the model, which it could read again.
#![cfg(target_family = "wasm")]
#![expect(unsafe_code, reason = "the Spin SDK's macro turns resource handles of one binding into another's")]

mod app;
mod deliver;
mod exchange;

use std::time::{Instant, SystemTime};

use spin_sdk::http::{IncomingRequest, ResponseOutparam};
use spin_sdk::http_component;

#[http_component]
fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
    let clock = app::MonotonicClock(Instant::now());
    let read = exchange::read(&request);
    drop(request);
    let (response, mut events) = app::service().handle(&read.as_request(), &clock);
    exchange::answer(&response, response_out);
    for event in &mut events {
        event.durations.total = portent_service::Clock::now(&clock);
        event.time = humantime::format_rfc3339_micros(SystemTime::now()).to_string().into();
    }
    deliver::send(&events);
    if app::service().logs_requests() {
        events.iter().for_each(|event| exchange::print_error(&portent_service::log_line(event)));
    }
}
