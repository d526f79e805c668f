//! The model of an artefact, embedded or mounted.

use portent_model::Model;
use portent_service::ModelState;
use portent_service::config::MODEL;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The model, or why there is none.
pub(crate) fn model(_log_error: fn(&str)) -> ModelState<'static> {
    read_model().map_or_else(ModelState::Unavailable, ModelState::Loaded)
}

/// The embedded model that the configuration names, or the artefact at the path that it states.
fn read_model() -> Result<Model<'static>, String> {
    let chosen = std::env::var(MODEL).map_err(|_| format!("{MODEL} is not set"))?;
    let model = if let Some((_, file)) = EMBEDDED.iter().find(|(name, _)| *name == chosen) {
        // The build has checked all of it.
        Model::open_verified(file)
    } else if chosen.starts_with('/') {
        let file = std::fs::read(&chosen).map_err(|error| format!("cannot read {chosen}: {error}"))?;
        // The model is a view into the file, which stays for the life of the instance.
        Model::open(file.leak())
    } else {
        let names: Vec<_> = EMBEDDED.iter().map(|(name, _)| *name).collect();
        return Err(format!("{MODEL} is {chosen}: neither a path nor one of {}", names.join(", ")));
    };
    model.map_err(|error| format!("{chosen}: {error}"))
}
