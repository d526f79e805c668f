//! What an instance sets up once: the model, the service over it, and the destination of its events.

use std::io::Write as _;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

use portent_event::Event;
use portent_service::{Clock, Config, EventsTo, ModelState, Service, log_line};

#[cfg(not(feature = "scorer"))]
use crate::artefact::model;
#[cfg(feature = "scorer")]
use crate::imported::model;

/// Time since the request began.
#[derive(Clone, Copy, Debug)]
pub struct MonotonicClock(pub Instant);

impl Clock for MonotonicClock {
    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The service. The first request of the instance sets it up.
pub fn service() -> &'static Service<'static> {
    static SERVICE: OnceLock<Service<'static>> = OnceLock::new();
    SERVICE.get_or_init(|| {
        let (config, model) = match Config::read(|name| std::env::var(name).ok()) {
            Ok(config) => (config, model(log_error)),
            Err(error) => (Config::default(), ModelState::Unavailable(error.to_string())),
        };
        if let ModelState::Unavailable(reason) | ModelState::Contradictory(reason) = &model {
            log_error(reason);
        }
        Service::new(config, model)
    })
}

/// Where events go, by the variables of the component. If these are wrong, it is standard output.
pub fn events_to(variable: impl Fn(&str) -> Option<String>) -> EventsTo {
    EventsTo::read(variable).unwrap_or_else(|error| {
        log_error(&format!("{error}; events go to stdout"));
        EventsTo::Stdout
    })
}

/// Completes the events of an answer that has left with its time, and logs the request if the configuration asks for it.
pub fn finish(events: &mut [Event<'_>], clock: &impl Clock) {
    for event in &mut *events {
        event.durations.total = clock.now();
        event.time = humantime::format_rfc3339_micros(SystemTime::now()).to_string().into();
    }
    if service().logs_requests() {
        events.iter().for_each(|event| print_error(&log_line(event)));
    }
}

/// Writes what is wrong with the model or the configuration to standard error.
fn log_error(reason: &str) {
    print_error(format!("portent: {reason}\n").as_bytes());
}

/// Writes a line to standard error. If that fails, nobody can be told.
fn print_error(line: &[u8]) {
    std::io::stderr().write_all(line).ok();
}
