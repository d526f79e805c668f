//! The V1 protocol of KServe and TensorFlow Serving: names of models, readiness, `:predict`.
//!
//! <https://kserve.github.io/website/docs/concepts/architecture/data-plane/v1-protocol>
//! <https://www.tensorflow.org/tfx/serving/api_rest>

use crate::body;
use crate::call::Call;
use crate::fields::Fields;
use crate::outcome::{Outcome, Stage, StopWatch};
use crate::refusal::{ErrorForm, Refusal};
use crate::table::{Asked, Columns, Listed, Source, Table};
use crate::values::Coercion;
use crate::violation::{Place, Rule, Violations};

/// Members of a request; others, such as `signature_name`, are passed over.
const MEMBERS: [&str; 2] = ["instances", "parameters"];

/// Answers the names of the models.
pub(crate) fn models(call: &Call<'_>) -> Outcome {
    Outcome::ok(&serde_json::json!({ "models": [call.model.name()] }))
}

/// Answers whether a model is ready.
pub(crate) fn model(call: &Call<'_>) -> Outcome {
    let ready = call.check_model().and_then(|()| call.scorer.check().map_err(|problem| problem.not_ready()));
    match ready {
        Ok(()) => Outcome::ok(&serde_json::json!({ "name": call.model.name(), "ready": true })),
        Err(refusal) => refusal.into_outcome(ErrorForm::Message),
    }
}

/// Answers the classes of instances. The content type is not looked at, since TensorFlow Serving does not, and the
/// examples of its documentation send none that is JSON.
pub(crate) fn predict(call: &Call<'_>) -> Outcome {
    let mut watch = StopWatch::start(call.clock);
    match call.check_model().and_then(|()| body::text(call.request)) {
        Ok(text) => {
            let result = answer(call, &text, &mut watch);
            watch.stop(result, ErrorForm::Message)
        }
        Err(refusal) => watch.stop(Err(refusal), ErrorForm::Message),
    }
}

fn answer<'a>(call: &Call<'a>, text: &'a str, watch: &mut StopWatch<'_>) -> Result<Outcome, Refusal<'a>> {
    let members = Fields::of_text(text, &MEMBERS)?;
    watch.lap(Stage::Parse);
    let mut violations = Violations::default();
    let (instances, parameters) = match members.iter().next() {
        Some((element, &[instances, parameters])) if element.is_object => {
            if let Some(name) = element.repeated.and_then(|index| MEMBERS.get(index)) {
                violations.add(Rule::repeated(), Place::default().field(name), None);
            }
            (instances, parameters)
        }
        _ => return Err(Violations::one(Rule::NotAnObject, Place::default(), None).into()),
    };
    let asked = Asked::read(call, "parameters", parameters)?;
    let place = Place::default().field("instances");
    let instances = instances.ok_or_else(|| Violations::one(Rule::Missing, place, None))?;
    let mut table = Table::of_either(call, Coercion::Strict);
    table.state_coding(&asked, &mut violations);
    let mut rows = Listed::new("instances", instances, Columns::of_model(&table.reader))?;
    table.read(&mut rows, &mut violations, watch)?;
    table.answer(call, &asked, violations, |row| rows.place(row), watch)
}
