//! What an instance sets up once: the model and the service over it.

use std::sync::OnceLock;
use std::time::Instant;

use portent_model::Model;
use portent_service::config::MODEL;
use portent_service::{Clock, Config, ModelState, Service};

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// Time since the request began.
pub(crate) struct MonotonicClock(pub(crate) Instant);

impl Clock for MonotonicClock {
    fn now(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// The service, set up by the first request of the instance.
pub(crate) fn service() -> &'static Service<'static> {
    static SERVICE: OnceLock<Service<'static>> = OnceLock::new();
    SERVICE.get_or_init(|| match config() {
        Ok(config) => Service::new(config, model()),
        Err(reason) => Service::new(Config::default(), ModelState::Unavailable(reason)),
    })
}

fn config() -> Result<Config, String> {
    Config::read(environment).map_err(|error| error.to_string())
}

fn model() -> ModelState<'static> {
    match read_model() {
        Ok(model) => ModelState::Loaded(model),
        Err(reason) => {
            crate::deliver::complain(&reason);
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
