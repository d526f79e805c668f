//! The counts: a plain value that events are applied to.
//!
//! Everything in it is an integer, or the greatest of what was seen, so that neither the order of the
//! events nor how they were split into deliveries can change what is exposed.

mod app;
mod histogram;
mod intake;
mod model_counts;
mod window;

pub use app::{App, STATUS_OTHER};
pub use histogram::{Bounds, CONFIDENCE, ConfidenceHistogram, DURATION, DurationHistogram, Histogram};
pub use intake::{Intake, Rejection, Way};
pub use model_counts::ModelCounts;
pub use window::Window;

use std::collections::BTreeMap;

use portent_event::{DropReport, ErrorType, Event, Route};

use crate::clock;
use crate::models::Models;

/// Most applications that events may introduce; what comes later is counted under `other`.
pub const APPS: usize = 64;

/// Label value of the applications beyond the limit.
pub const OTHER_APP: &str = "other";

/// All counts of the aggregator.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    apps: BTreeMap<String, App>,
    /// Counts of what was received, as such.
    pub intake: Intake,
}

impl Registry {
    /// Creates the series of an application at zero, whatever the limit. With the models made for it,
    /// their results and features are known too.
    pub fn expect_app(&mut self, name: &str, models: &Models) {
        let app = self.apps.entry(name.to_owned()).or_default();
        models.iter().filter(|card| card.app == name).for_each(|card| app.expect_model(card));
    }

    /// Counts an event that arrived at `now`.
    pub fn apply(&mut self, event: &Event<'_>, models: &Models, now: u64) {
        // A sender whose clock is ahead must not pin what the newest event decides.
        let time = clock::parse(&event.time).unwrap_or_default().min(now);
        self.intake.newest_event = self.intake.newest_event.max(time);
        self.intake.truncated += u64::from(event.truncated);
        let unknown = event.predictions.iter().filter(|made| models.card_for(made).is_unknown());
        self.intake.unknown_models += unknown.count() as u64;
        self.with_app(&event.app, |app| app.apply(event, models, time));
    }

    /// Counts an error alone, of a request that is counted already.
    pub fn apply_error(&mut self, app: &str, route: Route, error: ErrorType) {
        self.with_app(app, |app| app.count_error(route, error));
    }

    /// Counts events that a sender gave up on.
    pub fn apply_drops(&mut self, report: &DropReport<'_>) {
        self.with_app(&report.app, |app| app.count_drops(report.reason, report.count));
    }

    /// The applications, by name.
    pub fn apps(&self) -> impl Iterator<Item = (&str, &App)> {
        self.apps.iter().map(|(name, app)| (name.as_str(), app))
    }

    fn with_app(&mut self, name: &str, change: impl FnOnce(&mut App)) {
        // Looked up first: nearly every event is of a known application, and a lookup needs no `String`.
        if let Some(app) = self.apps.get_mut(name) {
            return change(app);
        }
        let name = if self.apps.len() < APPS { name } else { OTHER_APP };
        change(self.apps.entry(name.to_owned()).or_default());
    }
}
