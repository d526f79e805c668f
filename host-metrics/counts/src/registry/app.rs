//! Counts of one application.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::StatusCode;
use portent_event::{Digest, DropReason, ErrorType, Event, Method, ROUTES, Route, Stage};
use serde::{Deserialize, Serialize};

use super::ingest_stats::merge_maps;
use super::model_counts::ModelCounts;
use super::series::{Counter, DurationSeries, Exemplar};
use super::window::Window;
use crate::models::{ModelMetadata, Models};

/// Name of the application that has the counts over a limit.
pub const OTHER_APP: &str = "other";

/// Replaces every status without a registered meaning, so that the label stays a closed set.
pub const STATUS_OTHER: u16 = 0;

/// Errors that a route which reads a body can end with from the start.
const BODY_ERRORS: [ErrorType; 12] = [
    ErrorType::Validation,
    ErrorType::PayloadTooLarge,
    ErrorType::UnsupportedMediaType,
    ErrorType::ModelNotLoaded,
    ErrorType::Internal,
    ErrorType::Trap,
    ErrorType::Timeout,
    ErrorType::Overloaded,
    ErrorType::ScorerTrap,
    ErrorType::ScorerTimeout,
    ErrorType::ScorerInvalidOutput,
    ErrorType::ScorerError,
];

/// Errors that a readiness check can end with from the start.
const READINESS_ERRORS: [ErrorType; 3] =
    [ErrorType::ModelNotLoaded, ErrorType::ScorerInvalidOutput, ErrorType::ScorerError];

/// Answers and predictions of an application.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct App {
    /// Since when it is counted, in nanoseconds since the epoch.
    pub created: u64,
    /// Requests and their durations, by method, route and status.
    pub requests: BTreeMap<(Method, Route, u16), DurationSeries>,
    /// Failed requests by error and route.
    pub errors: BTreeMap<(ErrorType, Route), Counter>,
    /// Durations by route and stage. That of scoring is also the prediction's.
    pub stages: BTreeMap<(Route, Stage), DurationSeries>,
    /// Events that senders lost.
    pub drops: BTreeMap<DropReason, u64>,
    /// Durations of the last seconds. A restart forgets them.
    #[serde(skip)]
    pub window: Window,
    /// Time of the newest event; `None` before the first.
    pub last_event: Option<u64>,
    pub(crate) models: BTreeMap<Digest, Arc<ModelCounts>>,
    /// Time of the newest passed readiness check.
    pub(super) ready: Option<u64>,
    /// Time of the newest failure to load the model.
    pub(super) failed: Option<u64>,
}

impl App {
    /// An application without series.
    #[must_use]
    pub fn since(created: u64) -> Self {
        Self { created, ..Self::default() }
    }

    /// Whether no series exists.
    pub(crate) fn is_empty(&self) -> bool {
        self.requests.is_empty()
            && self.errors.is_empty()
            && self.stages.is_empty()
            && self.drops.is_empty()
            && self.models.is_empty()
    }

    /// Adds every series that any application of ours can be expected to have, at zero.
    pub(crate) fn expect_series(&mut self) {
        let created = self.created;
        let mut request = |key| {
            self.requests.entry(key).or_insert_with(|| DurationSeries::since(created));
        };
        request((Method::Get, Route::Unmatched, 404));
        for info in ROUTES {
            info.statuses.iter().for_each(|status| request((info.method, info.route, *status)));
        }
        for key in expected_errors() {
            self.errors.entry(key).or_insert_with(|| Counter::since(created));
        }
        for key in expected_stages() {
            self.stages.entry(key).or_insert_with(|| DurationSeries::since(created));
        }
        DropReason::ALL.iter().for_each(|reason| _ = self.drops.entry(*reason).or_default());
    }

    /// The counts of a model, at zero if there are none yet.
    pub(crate) fn model(&mut self, metadata: &Arc<ModelMetadata>, now: u64) -> &mut ModelCounts {
        let new = || Arc::new(ModelCounts::new(Arc::clone(metadata), now));
        Arc::make_mut(self.models.entry(metadata.digest).or_insert_with(new))
    }

    /// Counts an event, and answers how many of its predictions are of unknown models.
    pub(crate) fn apply(&mut self, event: &Event<'_>, models: &Models, time: u64, now: u64) -> u64 {
        let Event { method, route, .. } = *event;
        let exemplar = Exemplar::new(&event.request_id, event.durations.total, time);
        let requests = self.requests.entry((method, route, status_label(event.status)));
        requests.or_insert_with(|| DurationSeries::since(now)).observe_request(exemplar);
        self.window.add(time, event.durations.total);
        self.last_event = self.last_event.max(Some(time));
        if let Some(error) = event.error {
            let exemplar = Exemplar::new(&event.request_id, 1_000_000_000, time);
            self.count_error(route, error, now).remember(exemplar);
        }
        for (stage, nanoseconds) in event.durations.stages() {
            let stage = self.stages.entry((route, stage)).or_insert_with(|| DurationSeries::since(now));
            stage.observe(nanoseconds);
        }
        let mut unknown = 0;
        for predictions in &event.predictions {
            let metadata = ModelMetadata::of(predictions, models);
            unknown += u64::from(metadata.is_unknown());
            self.model(metadata, now).apply(predictions, time);
        }
        match readiness(event) {
            Some(true) => self.ready = self.ready.max(Some(time)),
            Some(false) => self.failed = self.failed.max(Some(time)),
            None => {}
        }
        unknown
    }

    pub(super) fn count_error(&mut self, route: Route, error: ErrorType, now: u64) -> &mut Counter {
        let counter = self.errors.entry((error, route)).or_insert_with(|| Counter::since(now));
        counter.value += 1;
        counter
    }

    pub(super) fn count_drops(&mut self, reason: DropReason, count: u32) {
        *self.drops.entry(reason).or_default() += u64::from(count);
    }

    /// Adds the counts of the same application.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.created = self.created.min(other.created);
        merge_maps(&mut self.requests, &other.requests, DurationSeries::merge);
        merge_maps(&mut self.errors, &other.errors, Counter::merge);
        merge_maps(&mut self.stages, &other.stages, DurationSeries::merge);
        merge_maps(&mut self.drops, &other.drops, |drops, more| *drops += more);
        merge_maps(&mut self.models, &other.models, |model, more| Arc::make_mut(model).merge(more));
        self.window.merge(&other.window);
        self.last_event = self.last_event.max(other.last_event);
        self.ready = self.ready.max(other.ready);
        self.failed = self.failed.max(other.failed);
    }

    /// The models that predicted or are expected to, by digest.
    pub fn models(&self) -> impl Iterator<Item = &ModelCounts> {
        self.models.values().map(|model| &**model)
    }

    /// The model used last, or an expected one if none was used yet.
    #[must_use]
    pub fn current_model(&self) -> Option<&ModelMetadata> {
        let known = self.models().filter(|counts| !counts.metadata.is_unknown());
        known.max_by_key(|counts| (counts.last_used, counts.metadata.digest)).map(|counts| &*counts.metadata)
    }

    /// Whether a model was loaded when its application last said anything about that. A readiness check
    /// speaks of the current model only.
    #[must_use]
    pub fn is_loaded(&self, model: &ModelCounts) -> bool {
        let is_current =
            self.current_model().is_some_and(|metadata| metadata.digest == model.metadata.digest);
        let loaded = model.last_used.max(self.ready.filter(|_| is_current));
        loaded.is_some() && loaded >= self.failed
    }
}

fn expected_errors() -> impl Iterator<Item = (ErrorType, Route)> {
    let of_routes = ROUTES.iter().flat_map(|info| {
        let errors: &[ErrorType] = match info.predicts {
            true => &BODY_ERRORS,
            false if info.statuses.contains(&503) => &READINESS_ERRORS,
            false => &[],
        };
        errors.iter().map(|error| (*error, info.route))
    });
    of_routes.chain([(ErrorType::NotFound, Route::Unmatched)])
}

fn expected_stages() -> impl Iterator<Item = (Route, Stage)> {
    let predicting = ROUTES.iter().filter(|info| info.predicts);
    predicting.flat_map(|info| Stage::ALL.iter().map(|stage| (info.route, *stage)))
}

fn status_label(status: u16) -> u16 {
    let registered = StatusCode::from_u16(status).is_ok_and(|code| code.canonical_reason().is_some());
    if registered { status } else { STATUS_OTHER }
}

/// The state of the model according to a request that did not predict, if it says anything about it.
fn readiness(event: &Event<'_>) -> Option<bool> {
    match (event.error, event.method, event.route, event.status) {
        (Some(ErrorType::ModelNotLoaded), ..) => Some(false),
        (Some(ErrorType::ScorerInvalidOutput | ErrorType::ScorerError), .., 503) => Some(false),
        (_, Method::Get | Method::Head, Route::HealthReady, 200) => Some(true),
        _ => None,
    }
}
