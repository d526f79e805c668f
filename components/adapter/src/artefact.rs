//! The model of an artefact, embedded or mounted.

use portent_model::Model;
use portent_service::ModelState;
use portent_service::config::MODEL;

use crate::app::environment;

include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// The model, or why there is none, which is said to `complain`.
pub(crate) fn model(complain: fn(&str)) -> ModelState<'static> {
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
