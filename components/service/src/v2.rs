//! Open Inference Protocol V2, as KServe states it, with the extensions of Triton that its clients use: tensors
//! in binary form, classification, model configuration, statistics and the repository.
//!
//! `infer` answers predictions: `request` reads the JSON, `matrix` arranges the inputs into rows by way of `tensor` and
//! `datatype`, and `output` writes the tensors of the answer. `about` answers all other routes.
//!
//! <https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md>
//! <https://github.com/triton-inference-server/server/tree/main/docs/protocol>

mod about;
mod datatype;
mod infer;
mod matrix;
mod members;
mod output;
mod request;
mod tensor;

pub(crate) use about::{
    config, index, live, load, model, model_ready, models, ready, server, statistics, unload,
};
pub(crate) use infer::infer;
