//! The service: one function from a request to its answer and events.

use std::borrow::Cow;

use portent_event::{ErrorType, Event, Method, Route, RouteMatch};
use portent_model::{Model, Style};

use crate::call::Call;
use crate::exchange::{Clock, Request, Response};
use crate::identity::Identity;
use crate::imported::Imported;
use crate::outcome::Outcome;
use crate::refusal::{ErrorForm, Refusal};
use crate::router::{Routed, base_path, route};
use crate::scorer::Scorer;
use crate::{Config, about, mlflow, readings, records, v1, v2};

/// Name of the application where neither the configuration nor a model gives one.
const UNKNOWN_APP: &str = "portent";

/// The prediction API over one model.
#[derive(Clone, Debug)]
pub struct Service<'m> {
    model: ModelState<'m>,
    app: String,
    log_requests: bool,
}

/// The model, or why there is none.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one of it, and the large variant is the usual one")]
pub enum ModelState<'m> {
    /// Read and checked.
    Loaded(Model<'m>),
    /// Another component scores.
    Imported(Imported<'m>),
    /// Not to be had, for this reason; it is shown by the readiness check.
    Unavailable(String),
    /// Another component scores, and its description breaks this rule; it is shown by the readiness check.
    Contradictory(String),
}

/// Why predictions cannot be expected.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotReady {
    /// For the readiness check.
    pub(crate) detail: String,
    pub(crate) error: ErrorType,
}

impl<'m> Service<'m> {
    /// A service that answers from this model.
    #[must_use]
    pub fn new(config: Config, model: ModelState<'m>) -> Self {
        let models_app = || model.model().map_or(UNKNOWN_APP, |model| model.app()).to_owned();
        let app = config.app.unwrap_or_else(models_app);
        Self { model, app, log_requests: config.log_requests }
    }

    /// Whether the configuration asks for a [`crate::log_line`] of every request.
    #[must_use]
    pub fn logs_requests(&self) -> bool {
        self.log_requests
    }

    /// Answers a request.
    ///
    /// The events are to be sent after the answer has left: the caller then sets each event's `time` and
    /// `durations.total`, which only it can know.
    pub fn handle(&self, request: &Request<'_>, clock: &dyn Clock) -> (Response, Vec<Event<'static>>) {
        let method = Method::from_text(request.method).unwrap_or(Method::Other);
        let base = base_path(request);
        let path = request.path().strip_prefix(base).unwrap_or_default();
        let form = self.error_form(path);
        let (route, mut outcome) = match route(path, method, request, base) {
            Routed::Answer(route, Ok(outcome)) => (route, outcome),
            Routed::Answer(route, Err(refusal)) => (route, refusal.into_outcome(form)),
            Routed::Work(found) => (found.info.route, self.work(found, request, base, form, clock)),
        };
        let identity = Identity::of(request);
        identity.push_headers(&mut outcome.response.headers);
        if method == Method::Head {
            outcome.response.body.clear();
        }
        let event = Event {
            time: Cow::Borrowed(""),
            app: Cow::Owned(self.app.clone()),
            request_id: Cow::Owned(identity.id.into_owned()),
            method,
            route,
            status: outcome.response.status,
            error: outcome.error,
            durations: outcome.durations,
            predictions: outcome.predictions.into_iter().map(|predictions| *predictions).collect(),
            truncated: false,
        };
        (outcome.response, vec![event])
    }

    fn work(
        &self,
        found: RouteMatch<'_>,
        request: &Request<'_>,
        base: &str,
        form: ErrorForm,
        clock: &dyn Clock,
    ) -> Outcome {
        match found.info.route {
            Route::Root => return about::root(&self.model, base),
            Route::Health => return about::health(&self.model),
            Route::HealthLive => return about::live(),
            Route::HealthReady => return about::ready(&self.model),
            Route::Docs => return about::docs(),
            Route::Version => return mlflow::version(),
            _ => {}
        }
        if let Some(outcome) = v2::without_model(found.info.route, &self.model) {
            return outcome;
        }
        let (model, scorer): (_, &dyn Scorer) = match &self.model {
            ModelState::Loaded(model) => (model, model),
            ModelState::Imported(imported) => (imported.model(), imported),
            ModelState::Unavailable(_) => return not_loaded(ErrorType::ModelNotLoaded, form),
            ModelState::Contradictory(_) => return not_loaded(ErrorType::ScorerInvalidOutput, form),
        };
        let call = Call { model, scorer, request, route: found, base, clock };
        match (found.info.route, model.interface().style) {
            (Route::ModelInfo, _) => about::info(model),
            (Route::ModelProfile, _) => about::profile(model, &self.app),
            (Route::OpenApi, _) => Outcome::ok(&portent_openapi::document(model, base)),
            (Route::Predict, Style::Records) => records::single(&call),
            (Route::PredictBatch, Style::Records) => records::batch(&call),
            (Route::Predict, Style::Readings) => readings::predict(&call),
            (Route::V1Models, _) => v1::models(&call),
            (Route::V1Model, _) => v1::model(&call),
            (Route::V1Predict, _) => v1::predict(&call),
            (Route::Invocations, _) => mlflow::invocations(&call),
            (Route::Ping, _) => mlflow::ping(),
            _ => v2::answer(&call).unwrap_or_else(|| Refusal::not_found().into_outcome(form)),
        }
    }

    /// How errors of this path are told.
    fn error_form(&self, path: &str) -> ErrorForm {
        match path.split('/').nth(1) {
            Some("v1" | "v2") => ErrorForm::Message,
            Some("invocations" | "ping" | "version") => ErrorForm::Code,
            _ if self.model.takes_readings() => ErrorForm::Details,
            _ => ErrorForm::Detail,
        }
    }
}

impl<'m> ModelState<'m> {
    /// The model, if there is one.
    pub(crate) fn model(&self) -> Option<&Model<'m>> {
        match self {
            Self::Loaded(model) => Some(model),
            Self::Imported(imported) => Some(imported.model()),
            Self::Unavailable(_) | Self::Contradictory(_) => None,
        }
    }

    /// The model, if predictions can be expected of it.
    pub(crate) fn ready(&self) -> Result<&Model<'m>, NotReady> {
        let absent = |error, reason: &str| {
            let detail = format!("Model not loaded: {reason}");
            Err(NotReady { detail, error })
        };
        match self {
            Self::Loaded(model) => Ok(model),
            Self::Imported(imported) => match imported.check() {
                Ok(()) => Ok(imported.model()),
                Err(problem) => Err(NotReady { detail: problem.message(), error: problem.error_type() }),
            },
            Self::Unavailable(reason) => absent(ErrorType::ModelNotLoaded, reason),
            Self::Contradictory(reason) => absent(ErrorType::ScorerInvalidOutput, reason),
        }
    }

    /// Whether the application takes readings; without a model it is not known, and taken to be one of records.
    pub(crate) fn takes_readings(&self) -> bool {
        self.model().is_some_and(|model| model.interface().style == Style::Readings)
    }
}

fn not_loaded(error: ErrorType, form: ErrorForm) -> Outcome {
    Refusal::new(503, error, "Model not loaded").into_outcome(form)
}
