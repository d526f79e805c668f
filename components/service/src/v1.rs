//! The V1 protocol of KServe and TensorFlow Serving: names of models, readiness, `:predict`.
//!
//! <https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol>
//! <https://www.tensorflow.org/tfx/serving/api_rest>

use portent_event::Stage;
use portent_openapi::contract::{INSTANCES, PARAMETERS};
use serde_json::json;

use crate::body;
use crate::call::Call;
use crate::fields;
use crate::outcome::Outcome;
use crate::refusal::{ErrorForm, Refusal};
use crate::stop_watch::StopWatch;
use crate::table::{AnswerParameters, Columns, ListedRows, Table};
use crate::values::Coercion;
use crate::violation::{InputRule, Place, Violations};

/// Members of a request. Others, such as `signature_name`, are passed over.
const MEMBERS: [&str; 2] = [INSTANCES, PARAMETERS];

/// Answers the names of the models.
pub(crate) fn models(call: &Call<'_>) -> Outcome {
    Outcome::ok(&json!({ "models": [call.model.name()] }))
}

/// Answers whether a model is ready.
pub(crate) fn model(call: &Call<'_>) -> Outcome {
    let ready = call.check_ready().map(|()| json!({ "name": call.model.name(), "ready": true }));
    Refusal::into_answer(ready, ErrorForm::Message)
}

/// Answers the classes of instances. The content type is not checked, as in TensorFlow Serving: the examples of its
/// documentation send none that is JSON.
pub(crate) fn predict(call: &Call<'_>) -> Outcome {
    call.respond(
        ErrorForm::Message,
        |call| call.check_model().and_then(|()| body::text(call.request)),
        answer,
    )
}

fn answer<'a>(call: &Call<'a>, text: &'a str, watch: &mut StopWatch<'_>) -> Result<Outcome, Refusal<'a>> {
    let (element, [instances, parameters]) = fields::members(text, &MEMBERS)?;
    watch.lap(Stage::Parse);
    if !element.is_object {
        return Err(Violations::one(InputRule::NotAnObject, Place::default(), None).into());
    }
    let asked = AnswerParameters::read(call, PARAMETERS, parameters)?;
    let place = Place::default().field(INSTANCES);
    let instances = instances.ok_or_else(|| Violations::one(InputRule::Missing, place, None))?;
    let mut table = Table::of_either(call, Coercion::Strict);
    if let Some(name) = element.repeated.and_then(|index| MEMBERS.get(index)) {
        table.violations.add(InputRule::repeated(), Place::default().field(name), None);
    }
    table.state_coding(&asked);
    let mut rows = ListedRows::new(INSTANCES, instances, Columns::of_model(&table.reader))?;
    table.read(&mut rows, watch)?;
    table.answer(call, &asked, &rows, watch)
}
