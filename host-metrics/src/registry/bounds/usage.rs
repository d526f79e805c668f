//! Numbers of series, family by family.

use portent_event::Stage;

use super::Limits;
use crate::registry::app::App;
use crate::registry::histogram::{CONFIDENCE, DURATION};
use crate::registry::intake::Limit;
use crate::registry::model_counts::ModelCounts;

/// Series of a duration histogram: its buckets with `+Inf`, the sum and the count.
const DURATION_SERIES: u64 = DURATION.len() as u64 + 3;

/// Series of a confidence histogram.
const CONFIDENCE_SERIES: u64 = CONFIDENCE.len() as u64 + 3;

/// Numbers of series, by family. Versions of a model count separately here, though they share series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Usage([u64; FAMILIES]);

/// Families that grow with what is received.
const FAMILIES: usize = 13;

const REQUESTS: usize = 0;
const REQUEST_DURATIONS: usize = 1;
const ERRORS: usize = 2;
const STAGES: usize = 3;
const SCORING: usize = 4;
const DROPS: usize = 5;
const PREDICTIONS: usize = 6;
const CONFIDENCES: usize = 7;
const MISSING: usize = 8;
const OUT_OF_RANGE: usize = 9;
const FEATURE_BINS: usize = 10;
const SCORE_BINS: usize = 11;
/// One series for each model in each of the families that tell its state.
const STATES: usize = 12;

impl Usage {
    /// One series of failed requests.
    pub(super) fn of_error() -> Self {
        Self::one(ERRORS, 1)
    }

    /// The first family in which this many more would be too many, or all together.
    pub(super) fn exceeded(&self, need: &Self, limits: &Limits) -> Option<Limit> {
        let beyond = |(used, need): (&u64, &u64)| *need > 0 && used + need > limits.series_per_family;
        if self.0.iter().zip(&need.0).any(beyond) {
            return Some(Limit::SeriesPerFamily);
        }
        (self.total() + need.total() > limits.series).then_some(Limit::Series)
    }

    /// Series of all families.
    pub(super) fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    fn one(family: usize, number: u64) -> Self {
        let mut series = Self::default();
        series.0[family] = number;
        series
    }

    pub(super) fn of_request(is_timed_first: bool) -> Self {
        let mut series = Self::one(REQUESTS, 1);
        series.0[REQUEST_DURATIONS] = if is_timed_first { DURATION_SERIES } else { 0 };
        series
    }

    pub(super) fn of_stage(stage: Stage) -> Self {
        let mut series = Self::one(STAGES, DURATION_SERIES);
        series.0[SCORING] = if stage == Stage::Score { DURATION_SERIES } else { 0 };
        series
    }

    pub(super) fn of_model(model: &ModelCounts) -> Self {
        let mut series = Self::default();
        series.0[PREDICTIONS] = model.rows.len() as u64;
        series.0[CONFIDENCES] = model.rows.len() as u64 * CONFIDENCE_SERIES;
        series.0[MISSING] = model.missing.len() as u64;
        series.0[OUT_OF_RANGE] = model.out_of_range.len() as u64;
        series.0[FEATURE_BINS] = model.feature_bins.len() as u64;
        series.0[SCORE_BINS] = model.score_bins.len() as u64;
        series.0[STATES] = 1;
        series
    }

    pub(super) fn of_app(app: &App) -> Self {
        let mut series = Self::default();
        let mut timed = None;
        for (method, route, _) in app.requests.keys() {
            series.add(&Self::of_request(timed != Some((*method, *route))));
            timed = Some((*method, *route));
        }
        series.0[ERRORS] = app.errors.len() as u64;
        series.0[DROPS] = app.drops.len() as u64;
        app.stages.keys().for_each(|(_, stage)| series.add(&Self::of_stage(*stage)));
        app.models.values().for_each(|model| series.add(&Self::of_model(model)));
        series
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(number, more)| *number += more);
    }

    /// Whether counts would begin a series.
    pub(super) fn grows(known: &App, app: &App) -> bool {
        app.requests.keys().any(|key| !known.requests.contains_key(key))
            || app.errors.keys().any(|key| !known.errors.contains_key(key))
            || app.stages.keys().any(|key| !known.stages.contains_key(key))
            || app.models.keys().any(|key| !known.models.contains_key(key))
    }
}
