//! What an instance sets up once: the model, the service over it, and where its events go.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

use portent_event::Event;
use portent_event::time::{format_rfc3339, nanoseconds};
use portent_service::{Clock, Config, EventsTo, ModelState, Service};

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

/// The service, set up by the first request of the instance; what is wrong with it is said to `complain`.
pub fn service(complain: fn(&str)) -> &'static Service<'static> {
    static SERVICE: OnceLock<Service<'static>> = OnceLock::new();
    SERVICE.get_or_init(|| match Config::read(environment) {
        Ok(config) => Service::new(config, model(complain)),
        Err(error) => Service::new(Config::default(), ModelState::Unavailable(error.to_string())),
    })
}

/// Where events go, by the variables of the component; standard output where these are wrong.
pub fn events_to(variable: impl Fn(&str) -> Option<String>, complain: impl Fn(&str)) -> EventsTo {
    EventsTo::read(variable).unwrap_or_else(|error| {
        complain(&format!("{error}; events go to stdout"));
        EventsTo::Stdout
    })
}

/// Completes events whose answer has left: how long it took and what time it is.
pub fn stamp(events: &mut [Event<'_>], clock: &impl Clock) {
    for event in events {
        event.durations.total = clock.now();
        event.time = format_rfc3339(nanoseconds(SystemTime::now()), 6).into();
    }
}

pub(crate) fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
