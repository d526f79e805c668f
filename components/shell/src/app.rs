//! What an instance sets up once: the model, the service over it, and where its events go.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime};

use portent_event::Event;
use portent_model::Model;
use portent_service::config::MODEL;
use portent_service::{Clock, Config, EventsTo, ModelState, Service};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Time since the request began.
#[derive(Clone, Copy, Debug)]
pub struct MonotonicClock(pub Instant);

impl Clock for MonotonicClock {
    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The service, set up by the first request of the instance; what is wrong with it is said to `complain`.
pub fn service(complain: impl Fn(&str)) -> &'static Service<'static> {
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
        event.time = humantime::format_rfc3339_micros(SystemTime::now()).to_string().into();
    }
}

fn model(complain: impl Fn(&str)) -> ModelState<'static> {
    match read_model() {
        Ok(model) => ModelState::Loaded(model),
        Err(reason) => {
            complain(&reason);
            ModelState::Unavailable(reason)
        }
    }
}

/// The embedded model that the configuration names, or the artefact at the path that it states.
fn read_model() -> Result<Model<'static>, String> {
    let chosen = environment(MODEL).ok_or_else(|| format!("{MODEL} is not set"))?;
    let model = if let Some((_, file)) = EMBEDDED.iter().find(|(name, _)| *name == chosen) {
        // The build has checked all of it.
        Model::open_verified(file)
    } else if chosen.starts_with('/') {
        let file = std::fs::read(&chosen).map_err(|error| format!("cannot read {chosen}: {error}"))?;
        // The file stays for the life of the instance, and the model is a view into it.
        Model::open(file.leak())
    } else {
        let names: Vec<_> = EMBEDDED.iter().map(|(name, _)| *name).collect();
        return Err(format!("{MODEL} is {chosen}: neither a path nor one of {}", names.join(", ")));
    };
    model.map_err(|error| format!("{chosen}: {error}"))
}

fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
