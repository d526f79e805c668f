//! Open Inference Protocol V2, as KServe states it, with the extensions of Triton that its clients use: tensors
//! in binary form, classification, model configuration, statistics and the repository.
//!
//! `infer` answers predictions: `request` and `requested` read the JSON, `matrix` arranges the inputs into rows by way
//! of `tensor`, `target` and `datatype`, and `output` writes the answer's tensors. `about` answers all else.
//!
//! <https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md>
//! <https://github.com/triton-inference-server/server/tree/main/docs/protocol>

mod about;
mod datatype;
mod elements;
mod infer;
mod matrix;
mod members;
mod output;
mod request;
mod requested;
mod target;
mod tensor;

use portent_event::Route;

use crate::call::Call;
use crate::outcome::Outcome;
use crate::service::ModelState;

/// Answers the routes that need no model, if this is one of them.
pub(crate) fn without_model(route: Route, model: &ModelState<'_>) -> Option<Outcome> {
    match route {
        Route::V2Server => Some(about::server()),
        Route::V2Live => Some(about::live()),
        Route::V2Ready => Some(about::ready(model)),
        Route::V2Models => Some(about::models(model)),
        Route::V2Index => Some(about::index(model)),
        _ => None,
    }
}

/// Answers the other routes, if this is one of them.
pub(crate) fn answer(call: &Call<'_>) -> Option<Outcome> {
    match call.route.info.route {
        Route::V2Infer => Some(infer::infer(call)),
        Route::V2Model => Some(about::model(call)),
        Route::V2ModelReady => Some(about::model_ready(call)),
        Route::V2Config => Some(about::config(call)),
        Route::V2Stats | Route::V2AllStats => Some(about::statistics(call)),
        Route::V2Load => Some(about::load(call)),
        Route::V2Unload => Some(about::unload(call)),
        _ => None,
    }
}
