//! The counts: a plain value that events are applied to and that adds up with others of its kind.
//!
//! Every value in it is an integer sum, a maximum, or (of start times) a minimum. So neither the order of the events nor
//! their split into deliveries can change the exposition. A delivery is counted into a registry of its own, which is then
//! written to disk and merged into the one that is exposed.

mod app;
mod histogram;
mod ingest_stats;
mod model_counts;
mod native;
mod series;
mod window;

pub use app::{App, OTHER_APP, STATUS_OTHER};
pub use histogram::{
    Bounds as BucketBounds, CONFIDENCE, ConfidenceHistogram, DURATION, DurationHistogram, Histogram,
};
pub use ingest_stats::{IngestStats, Limit, Rejection, Way};
pub use model_counts::ModelCounts;
pub use native::{NativeHistogram, SCHEMA as NATIVE_SCHEMA};
pub use series::{Counter, DurationSeries, Exemplar, remember};
pub use window::Window;

use std::collections::BTreeMap;
use std::sync::Arc;

use portent_event::{Digest, DropReport, ErrorType, Event, Route};
use serde::{Deserialize, Serialize};

use crate::models::{ModelMetadata, Models};

/// All counts of the aggregator, or those of one delivery. A clone shares every part that does not change afterwards.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Registry {
    pub(crate) apps: BTreeMap<String, Arc<App>>,
    /// Counts of lines and deliveries.
    pub ingest: IngestStats,
}

impl Registry {
    /// Creates the series of an application at zero. With the models made for it, their results and features
    /// are known too.
    pub fn expect_app(&mut self, name: &str, models: &Models, now: u64) {
        self.with_app(name, now, |app| {
            app.expect_series();
            models
                .values()
                .filter(|metadata| metadata.app == name)
                .for_each(|metadata| _ = app.model(metadata, now));
        });
    }

    /// Counts an event that arrived at `now`.
    pub fn apply(&mut self, event: &Event<'_>, models: &Models, now: u64) {
        self.apply_of(event, event.nanoseconds(), models, now);
    }

    /// The same for a caller that has read the event's time.
    pub(crate) fn apply_of(&mut self, event: &Event<'_>, time: u64, models: &Models, now: u64) {
        // A sender whose clock is ahead must not set the time of the newest event for long.
        let time = time.min(now);
        self.ingest.newest_event = self.ingest.newest_event.max(time);
        self.ingest.truncated += u64::from(event.truncated);
        let unknown = self.with_app(&event.app, now, |app| app.apply(event, models, time, now));
        self.ingest.unknown_models += unknown;
    }

    /// Counts an error alone, of a request that is counted already.
    pub fn apply_error(&mut self, app: &str, route: Route, error: ErrorType, now: u64) {
        self.with_app(app, now, |app| _ = app.count_error(route, error, now));
    }

    /// Counts events that a sender gave up on.
    pub fn apply_drops(&mut self, report: &DropReport<'_>, now: u64) {
        self.with_app(&report.app, now, |app| app.count_drops(report.reason, report.count));
    }

    /// Adds other counts. An application that is new here gets all series that it can be expected to have.
    pub fn merge(&mut self, other: &Self) {
        self.ingest.merge(&other.ingest);
        for (name, more) in &other.apps {
            let is_new = !self.apps.contains_key(name);
            self.with_app(name, more.created, |app| {
                if is_new {
                    app.expect_series();
                }
                app.merge(more);
            });
        }
    }

    /// The applications and models of `expected` that are not known here, without counts.
    #[must_use]
    pub fn missing_from(&self, expected: &Self) -> Self {
        let mut missing = Self::default();
        for (name, app) in &expected.apps {
            let known = self.apps.get(name);
            let is_new = |digest| known.is_none_or(|known| !known.models.contains_key(digest));
            let models: Vec<_> = app.models.iter().filter(|(digest, _)| is_new(digest)).collect();
            if known.is_none() || !models.is_empty() {
                let models = models.into_iter().map(|(digest, model)| (*digest, Arc::clone(model))).collect();
                missing.apps.insert(name.clone(), Arc::new(App { models, ..App::since(app.created) }));
            }
        }
        missing
    }

    /// The applications, by name.
    pub fn apps(&self) -> impl ExactSizeIterator<Item = (&str, &App)> {
        self.apps.iter().map(|(name, app)| (name.as_str(), &**app))
    }

    /// Whether nothing is counted here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.apps.is_empty() && self.ingest == IngestStats::default()
    }

    /// The models that are counted.
    pub(crate) fn models(&self) -> impl Iterator<Item = &Arc<ModelMetadata>> {
        self.apps.values().flat_map(|app| app.models.values().map(|model| &model.metadata))
    }

    /// Gives counts that were read from bytes the metadata of their models.
    ///
    /// # Errors
    /// The rule that the counts break: the model was not described, or it lacks a counted class, feature or bin.
    pub(crate) fn name_models(
        &mut self,
        find: impl Fn(&Digest) -> Option<Arc<ModelMetadata>>,
    ) -> Result<(), &'static str> {
        for (name, app) in &mut self.apps {
            if !portent_event::is_name(name) {
                return Err("the name of an application is none");
            }
            let app = Arc::make_mut(app);
            app.requests.values().chain(app.stages.values()).try_for_each(|series| series.native.check())?;
            for (digest, model) in &mut app.models {
                let unknown = ModelMetadata::unknown();
                let found = if *digest == unknown.digest { Some(unknown) } else { find(digest) };
                let found = found.ok_or("counts of a model that was not described before")?;
                Arc::make_mut(model).set_metadata(found)?;
            }
        }
        Ok(())
    }

    pub(crate) fn with_app<R>(&mut self, name: &str, created: u64, change: impl FnOnce(&mut App) -> R) -> R {
        // Looked up first: nearly every event is of a known application, and a lookup needs no `String`.
        if let Some(app) = self.apps.get_mut(name) {
            return change(Arc::make_mut(app));
        }
        let app = self.apps.entry(name.to_owned()).or_insert_with(|| Arc::new(App::since(created)));
        change(Arc::make_mut(app))
    }
}
