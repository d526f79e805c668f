//! Counts of one application.

use std::collections::BTreeMap;
use std::sync::Arc;

use hyper::StatusCode;
use portent_event::{Digest, DropReason, ErrorType, Event, Method, ROUTES, Route, Stage};

use super::histogram::DurationHistogram;
use super::model_counts::ModelCounts;
use super::window::Window;
use crate::models::{ModelCard, Models};

/// Stands for every status that has no registered meaning, so that the label stays a closed set.
pub const STATUS_OTHER: u16 = 0;

/// Errors that a route which reads a body can end with from the start.
const BODY_ERRORS: [ErrorType; 8] = [
    ErrorType::Validation,
    ErrorType::PayloadTooLarge,
    ErrorType::UnsupportedMediaType,
    ErrorType::ModelNotLoaded,
    ErrorType::Internal,
    ErrorType::Trap,
    ErrorType::Timeout,
    ErrorType::Overloaded,
];

/// What an application answered and predicted.
#[derive(Clone, Debug)]
pub struct App {
    /// Requests by method, route and status.
    pub requests: BTreeMap<(Method, Route, u16), u64>,
    /// Request durations by method and route.
    pub durations: BTreeMap<(Method, Route), DurationHistogram>,
    /// Failed requests by error and route.
    pub errors: BTreeMap<(ErrorType, Route), u64>,
    /// Durations by route and stage. That of scoring is also the prediction's.
    pub stages: BTreeMap<(Route, Stage), DurationHistogram>,
    /// Events that senders lost.
    pub drops: BTreeMap<DropReason, u64>,
    /// Durations of the last seconds.
    pub window: Window,
    models: BTreeMap<Digest, ModelCounts>,
    /// Time of the newest passed readiness check.
    ready: Option<u64>,
    /// Time of the newest failure to load the model.
    failed: Option<u64>,
}

impl Default for App {
    /// Every series that any application of ours can be expected to have, at zero.
    fn default() -> Self {
        let mut app = Self {
            requests: BTreeMap::from([((Method::Get, Route::Unmatched, 404), 0)]),
            durations: BTreeMap::new(),
            errors: BTreeMap::from([((ErrorType::NotFound, Route::Unmatched), 0)]),
            stages: BTreeMap::new(),
            drops: DropReason::ALL.iter().map(|reason| (*reason, 0)).collect(),
            window: Window::default(),
            models: BTreeMap::new(),
            ready: None,
            failed: None,
        };
        for info in ROUTES {
            app.requests.extend(info.statuses.iter().map(|status| ((info.method, info.route, *status), 0)));
            app.durations.insert((info.method, info.route), DurationHistogram::default());
            if info.method == Method::Post {
                app.errors.extend(BODY_ERRORS.map(|error| ((error, info.route), 0)));
                let stages = Stage::ALL.iter().map(|stage| (info.route, *stage));
                app.stages.extend(stages.map(|key| (key, DurationHistogram::default())));
            } else if info.statuses.contains(&503) {
                app.errors.insert((ErrorType::ModelNotLoaded, info.route), 0);
            }
        }
        app
    }
}

impl App {
    pub(super) fn expect_model(&mut self, card: &Arc<ModelCard>) {
        self.models.entry(card.digest).or_insert_with(|| ModelCounts::new(Arc::clone(card)));
    }

    pub(super) fn apply(&mut self, event: &Event<'_>, models: &Models, time: u64) {
        let Event { method, route, .. } = *event;
        *self.requests.entry((method, route, status_label(event.status))).or_default() += 1;
        self.durations.entry((method, route)).or_default().observe(event.durations.total);
        self.window.add(time, event.durations.total);
        if let Some(error) = event.error {
            self.count_error(route, error);
        }
        for (stage, nanoseconds) in stages(event) {
            self.stages.entry((route, stage)).or_default().observe(nanoseconds);
        }
        for predictions in &event.predictions {
            let card = models.card_for(predictions);
            self.expect_model(card);
            if let Some(counts) = self.models.get_mut(&card.digest) {
                counts.apply(predictions, time);
            }
        }
        match readiness(event) {
            Some(true) => self.ready = self.ready.max(Some(time)),
            Some(false) => self.failed = self.failed.max(Some(time)),
            None => {}
        }
    }

    pub(super) fn count_error(&mut self, route: Route, error: ErrorType) {
        *self.errors.entry((error, route)).or_default() += 1;
    }

    pub(super) fn count_drops(&mut self, reason: DropReason, count: u32) {
        *self.drops.entry(reason).or_default() += u64::from(count);
    }

    /// The models that predicted or are expected to, by digest.
    pub fn models(&self) -> impl Iterator<Item = &ModelCounts> {
        self.models.values()
    }

    /// The model used last, or an expected one if none was used yet.
    #[must_use]
    pub fn current_model(&self) -> Option<&ModelCard> {
        let known = self.models.values().filter(|counts| !counts.card.is_unknown());
        known.max_by_key(|counts| (counts.last_used, counts.card.digest)).map(|counts| &*counts.card)
    }

    /// Whether a model was loaded when its application last said anything about that. A readiness check
    /// speaks of the current model only.
    #[must_use]
    pub fn is_loaded(&self, model: &ModelCounts) -> bool {
        let is_current = self.current_model().is_some_and(|card| card.digest == model.card.digest);
        let loaded = model.last_used.max(self.ready.filter(|_| is_current));
        loaded.is_some() && loaded >= self.failed
    }
}

fn status_label(status: u16) -> u16 {
    let registered = StatusCode::from_u16(status).is_ok_and(|code| code.canonical_reason().is_some());
    if registered { status } else { STATUS_OTHER }
}

fn stages(event: &Event<'_>) -> impl Iterator<Item = (Stage, u64)> {
    let durations = event.durations;
    let stages = [
        (Stage::Parse, durations.parse),
        (Stage::Validate, durations.validate),
        (Stage::Score, durations.score),
        (Stage::Encode, durations.encode),
    ];
    stages.into_iter().filter_map(|(stage, nanoseconds)| Some((stage, nanoseconds?)))
}

/// What a request that did not predict says of the model's state, if anything.
fn readiness(event: &Event<'_>) -> Option<bool> {
    match (event.error, event.method, event.route, event.status) {
        (Some(ErrorType::ModelNotLoaded), ..) => Some(false),
        (_, Method::Get | Method::Head, Route::HealthReady, 200) => Some(true),
        _ => None,
    }
}
