//! The service: one function from a request to its answer and events.

use std::borrow::Cow;

use portent_event::{Durations, ErrorType, Event, Method, Predictions, Route};
use portent_model::Model;

use crate::exchange::{Clock, Header, Request, Response};
use crate::router::{Routed, route};
use crate::{Config, about, predict};

/// Name of the application where neither the configuration nor a model gives one.
const UNKNOWN_APP: &str = "portent";

/// The prediction API over one model.
#[derive(Clone, Debug)]
pub struct Service<'m> {
    pub(crate) model: ModelState<'m>,
    app: String,
}

/// The model, or why there is none.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one of it, and the large variant is the usual one")]
pub enum ModelState<'m> {
    /// Read and checked.
    Loaded(Model<'m>),
    /// Not to be had, for this reason; it is shown by the readiness check.
    Unavailable(String),
}

/// What a route made of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) response: Response,
    pub(crate) error: Option<ErrorType>,
    pub(crate) durations: Durations,
    pub(crate) predictions: Option<Box<Predictions<'static>>>,
}

impl<'m> Service<'m> {
    /// A service that answers from this model.
    #[must_use]
    pub fn new(config: Config, model: ModelState<'m>) -> Self {
        let models_app = || match &model {
            ModelState::Loaded(model) => model.app().to_owned(),
            ModelState::Unavailable(_) => UNKNOWN_APP.to_owned(),
        };
        let app = config.app.unwrap_or_else(models_app);
        Self { model, app }
    }

    /// Answers a request.
    ///
    /// The events are to be sent after the answer has left: the caller then sets each event's `time` and
    /// `durations.total`, which only it can know.
    pub fn handle(&self, request: &Request<'_>, clock: &dyn Clock) -> (Response, Vec<Event<'static>>) {
        let method = Method::from_text(request.method).unwrap_or(Method::Other);
        let (route, mut outcome) = match route(request.path(), method) {
            Routed::Answer(route, outcome) => (route, outcome),
            Routed::Work(route) => (route, self.work(route, request, clock)),
        };
        let id = request.id();
        outcome.response.headers.push(("x-request-id", Cow::Owned(id.clone().into_owned())));
        if method == Method::Head {
            outcome.response.body.clear();
        }
        let event = Event {
            time: Cow::Borrowed(""),
            app: Cow::Owned(self.app.clone()),
            request_id: Cow::Owned(id.into_owned()),
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

    fn work(&self, route: Route, request: &Request<'_>, clock: &dyn Clock) -> Outcome {
        match route {
            Route::Root => about::root(&self.model),
            Route::Health => about::health(&self.model),
            Route::HealthLive => about::live(),
            Route::HealthReady => about::ready(&self.model),
            Route::ModelInfo => self.with_model(about::info),
            Route::ModelProfile => self.with_model(about::profile),
            Route::Predict => self.with_model(|model| predict::single(model, request, clock)),
            Route::PredictBatch => self.with_model(|model| predict::batch(model, request, clock)),
            _ => Outcome::detail(404, ErrorType::NotFound, "Not Found"),
        }
    }

    fn with_model(&self, work: impl FnOnce(&Model<'m>) -> Outcome) -> Outcome {
        match &self.model {
            ModelState::Loaded(model) => work(model),
            ModelState::Unavailable(_) => Outcome::detail(503, ErrorType::ModelNotLoaded, "Model not loaded"),
        }
    }
}

impl Outcome {
    pub(crate) fn new(response: Response) -> Self {
        Self { response, error: None, durations: Durations::default(), predictions: None }
    }

    pub(crate) fn json(status: u16, body: Vec<u8>) -> Self {
        Self::new(Response::json(status, body))
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self::new(Response { status, headers: Vec::new(), body: Vec::new() })
    }

    /// An error in the form `{"detail": text}`.
    pub(crate) fn detail(status: u16, error: ErrorType, detail: &str) -> Self {
        let body = serde_json::json!({ "detail": detail }).to_string().into_bytes();
        Self { error: Some(error), ..Self::json(status, body) }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        let header: Header = (name, value.into());
        self.response.headers.push(header);
        self
    }
}
