//! The service: one function from a request to its answer and events.

use std::borrow::Cow;

use portent_event::{ErrorType, Event, Method, Route, RouteMatch};
use portent_model::Style;

use crate::call::Call;
use crate::exchange::{Clock, Request, Response};
use crate::identity::Identity;
use crate::model_state::ModelState;
use crate::outcome::Outcome;
use crate::refusal::{ErrorForm, Refusal};
use crate::router::{Routed, base_path, decoded, route};
use crate::scoring::Scorer;
use crate::{Config, about, mlflow, readings, records, v1, v2};

/// Name of the application if neither the configuration nor a model gives one.
const UNKNOWN_APP: &str = "portent";

/// The prediction API over one model.
#[derive(Clone, Debug)]
pub struct Service<'m> {
    model: ModelState<'m>,
    app: String,
    log_requests: bool,
}

impl<'m> Service<'m> {
    /// A service that answers from this model.
    #[must_use]
    pub fn new(config: Config, model: ModelState<'m>) -> Self {
        let models_app = || model.model().map_or(UNKNOWN_APP, |model| model.app()).to_owned();
        let app = config.app.unwrap_or_else(models_app);
        Self { model, app, log_requests: config.log_requests }
    }

    /// Whether the configuration asks for a [`crate::log_line`] per request.
    #[must_use]
    pub fn logs_requests(&self) -> bool {
        self.log_requests
    }

    /// Answers a request.
    ///
    /// The caller sends the events after the answer. Before that it sets `time` and `durations.total` of each event,
    /// which only the caller knows.
    pub fn handle(&self, request: &Request<'_>, clock: &dyn Clock) -> (Response, Vec<Event<'static>>) {
        let method = Method::from_text(request.method).unwrap_or(Method::Other);
        let base = base_path(request);
        let path = request.path().strip_prefix(base).unwrap_or_default();
        let decoded = decoded(path);
        let form = self.error_form(decoded.as_deref().unwrap_or(path));
        let routed = match &decoded {
            Some(path) => route(path, method, request),
            None => Routed::Answer(Route::Unmatched, Err(Refusal::not_found())),
        };
        let (route, mut outcome) = match routed {
            Routed::Work(found) => (found.info.route, self.work(found, request, base, form, clock)),
            Routed::Answer(route, Ok(outcome)) => (route, outcome),
            Routed::Answer(route, Err(refusal)) => (route, refusal.into_outcome(form)),
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
            Route::V2Server => return v2::server(),
            Route::V2Live => return v2::live(),
            Route::V2Ready => return v2::ready(&self.model),
            Route::V2Models => return v2::models(&self.model),
            Route::V2Index => return v2::index(&self.model),
            _ => {}
        }
        let not_loaded = |error| Refusal::new(503, error, "Model not loaded").into_outcome(form);
        let (model, scorer): (_, &dyn Scorer) = match &self.model {
            ModelState::Loaded(model) => (model, model),
            ModelState::Imported(imported) => (imported.model(), imported),
            ModelState::Unavailable(_) => return not_loaded(ErrorType::ModelNotLoaded),
            ModelState::Contradictory(_) => return not_loaded(ErrorType::ScorerInvalidOutput),
        };
        let call = Call { model, scorer, request, route: found, clock };
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
            (Route::V2Infer, _) => v2::infer(&call),
            (Route::V2Model, _) => v2::model(&call),
            (Route::V2ModelReady, _) => v2::model_ready(&call),
            (Route::V2Config, _) => v2::config(&call),
            (Route::V2Stats | Route::V2AllStats, _) => v2::statistics(&call),
            (Route::V2Load, _) => v2::load(&call),
            (Route::V2Unload, _) => v2::unload(&call),
            _ => Refusal::not_found().into_outcome(form),
        }
    }

    /// The form of errors of this path.
    fn error_form(&self, path: &str) -> ErrorForm {
        match path.split('/').nth(1) {
            Some("v1" | "v2") => ErrorForm::Message,
            Some("invocations" | "ping" | "version") => ErrorForm::Code,
            _ if self.model.takes_readings() => ErrorForm::Details,
            _ => ErrorForm::Detail,
        }
    }
}
