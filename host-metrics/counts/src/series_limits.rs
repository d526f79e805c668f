//! Limits on the number of series, so that no sender can make the registry grow without end.
//!
//! Counts that would begin a series over a limit go to the overflow series of their family instead: the one whose
//! labels all say `other` (for a stage, all but the stage). Sums over a family stay exact.

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::{Arc, LazyLock};

use portent_event::{ErrorType, Method, Route, Stage};

use crate::registry::{
    App, CONFIDENCE, Counter, DURATION, DurationSeries, Limit, ModelCounts, OTHER_APP, Registry, STATUS_OTHER,
};

/// Series of a duration histogram: its buckets with `+Inf`, the sum and the count.
const DURATION_SERIES: u64 = DURATION.len() as u64 + 3;

/// Series of a confidence histogram.
const CONFIDENCE_SERIES: u64 = CONFIDENCE.len() as u64 + 3;

/// An application with the series that every application has.
static EXPECTED: LazyLock<App> = LazyLock::new(|| {
    let mut app = App::default();
    app.expect_series();
    app
});

/// Limits on what is counted separately. A series is one line of the text exposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Applications that events introduce.
    pub apps: usize,
    /// Series of all families that grow with the events received.
    pub series: u64,
}

impl Limits {
    /// No limits.
    pub const NONE: Self = Self { apps: usize::MAX, series: u64::MAX };
}

impl Default for Limits {
    fn default() -> Self {
        Self { apps: 256, series: 1_000_000 }
    }
}

/// The limits, and the number of series that count against them. Versions of a model count separately, though they
/// share series.
#[derive(Clone, Debug, Default)]
pub struct SeriesLimits {
    limits: Limits,
    used: u64,
}

impl SeriesLimits {
    /// Limits that include the series counted already.
    #[must_use]
    pub fn new(limits: Limits, counted: &Registry) -> Self {
        Self { limits, used: counted.apps().map(|(_, app)| series_of_app(app)).sum() }
    }

    /// Moves counts that would go over a limit into the overflow series, and accounts for the rest.
    pub fn admit(&mut self, counted: &Registry, delta: &mut Registry, now: u64) {
        let Registry { apps, ingest } = delta;
        let mut admission =
            Admission { series: self, hits: &mut ingest.limit_hits, overflow: App::since(now) };
        admission.admit_apps(counted, apps);
        for (name, app) in apps.iter_mut() {
            let known = counted.apps.get(name).map_or(&*EXPECTED, |app| app);
            if begins_series(known, app) {
                admission.admit_series(known, Arc::make_mut(app), name == OTHER_APP);
            }
        }
        let overflow = admission.overflow;
        if !overflow.is_empty() {
            delta.with_app(OTHER_APP, now, |other| other.merge(&overflow));
        }
        if delta.apps.contains_key(OTHER_APP) && !counted.apps.contains_key(OTHER_APP) {
            self.used += series_of_app(&EXPECTED);
        }
    }
}

/// A delivery that is being admitted, and its part that goes to the overflow series.
struct Admission<'a> {
    series: &'a mut SeriesLimits,
    hits: &'a mut BTreeMap<Limit, u64>,
    overflow: App,
}

impl Admission<'_> {
    fn admit_apps(&mut self, counted: &Registry, apps: &mut BTreeMap<String, Arc<App>>) {
        let mut number = counted.apps.keys().filter(|name| *name != OTHER_APP).count();
        apps.retain(|name, app| {
            if name == OTHER_APP || counted.apps.contains_key(name) {
                return true;
            }
            let has_room = number < self.series.limits.apps;
            let is_admitted =
                if has_room { self.takes(series_of_app(&EXPECTED)) } else { self.hit(Limit::Apps) };
            if is_admitted {
                number += 1;
            } else {
                self.overflow.merge(app);
            }
            is_admitted
        });
        if !self.overflow.is_empty() {
            // Under the one name they are limited like any other application.
            let created = self.overflow.created;
            let overflow = std::mem::replace(&mut self.overflow, App::since(created));
            let other = apps.entry(OTHER_APP.to_owned()).or_insert_with(|| Arc::new(App::since(created)));
            Arc::make_mut(other).merge(&overflow);
        }
    }

    fn admit_series(&mut self, known: &App, app: &mut App, is_other: bool) {
        let mut overflow = take(&mut self.overflow);
        let mut timed: Vec<_> = known.requests.keys().map(|(method, route, _)| (*method, *route)).collect();
        split(&mut app.requests, &mut overflow.requests, DurationSeries::merge, |key| {
            let other = (Method::Other, Route::Unmatched, STATUS_OTHER);
            let is_timed_first = !timed.contains(&(key.0, key.1));
            let is_admitted = (is_other && key == other)
                || known.requests.contains_key(&key)
                || self.takes(series_of_request(is_timed_first));
            if is_admitted {
                timed.push((key.0, key.1));
            }
            if is_admitted { Ok(key) } else { Err(other) }
        });
        split(&mut app.errors, &mut overflow.errors, Counter::merge, |key| {
            let other = (ErrorType::Other, Route::Unmatched);
            let is_admitted = (is_other && key == other) || known.errors.contains_key(&key) || self.takes(1);
            if is_admitted { Ok(key) } else { Err(other) }
        });
        split(&mut app.stages, &mut overflow.stages, DurationSeries::merge, |key| {
            let other = (Route::Unmatched, key.1);
            let is_admitted = (is_other && key == other)
                || known.stages.contains_key(&key)
                || self.takes(series_of_stage(key.1));
            if is_admitted { Ok(key) } else { Err(other) }
        });
        app.models.retain(|digest, model| {
            let is_admitted = (is_other && model.metadata.is_unknown())
                || known.models.contains_key(digest)
                || self.takes(series_of_model(model));
            if !is_admitted {
                let model = model.without_names();
                overflow.model(&model.metadata, model.created).merge(&model);
            }
            is_admitted
        });
        self.overflow = overflow;
    }

    /// Accounts for more series, if they stay within the limit.
    fn takes(&mut self, series: u64) -> bool {
        let used = self.series.used.saturating_add(series);
        if used > self.series.limits.series {
            return self.hit(Limit::Series);
        }
        self.series.used = used;
        true
    }

    fn hit(&mut self, limit: Limit) -> bool {
        *self.hits.entry(limit).or_default() += 1;
        false
    }
}

/// Moves series that are not admitted to the overflow; `admit` gives the key that the series has there as an error.
fn split<K: Copy + Ord, V>(
    series: &mut BTreeMap<K, V>,
    overflow: &mut BTreeMap<K, V>,
    merge: impl Fn(&mut V, &V),
    mut admit: impl FnMut(K) -> Result<K, K>,
) {
    for (key, value) in take(series) {
        let (map, key) = match admit(key) {
            Ok(key) => (&mut *series, key),
            Err(key) => (&mut *overflow, key),
        };
        map.entry(key).and_modify(|sum| merge(sum, &value)).or_insert(value);
    }
}

/// Whether counts would begin a series.
fn begins_series(known: &App, app: &App) -> bool {
    app.requests.keys().any(|key| !known.requests.contains_key(key))
        || app.errors.keys().any(|key| !known.errors.contains_key(key))
        || app.stages.keys().any(|key| !known.stages.contains_key(key))
        || app.models.keys().any(|key| !known.models.contains_key(key))
}

fn series_of_app(app: &App) -> u64 {
    let mut timed = None;
    let requests = app.requests.keys().map(|(method, route, _)| {
        let last = timed.replace((*method, *route));
        series_of_request(last != timed)
    });
    let stages = app.stages.keys().map(|(_, stage)| series_of_stage(*stage));
    let models = app.models().map(series_of_model);
    let counters = app.errors.len() + app.drops.len();
    requests.chain(stages).chain(models).sum::<u64>() + counters as u64
}

/// The durations of a method and a route are one histogram, whatever the status.
fn series_of_request(is_timed_first: bool) -> u64 {
    if is_timed_first { 1 + DURATION_SERIES } else { 1 }
}

/// The stage of scoring is also the duration of the prediction.
fn series_of_stage(stage: Stage) -> u64 {
    if stage == Stage::Score { 2 * DURATION_SERIES } else { DURATION_SERIES }
}

/// Results with their confidence, counts of features and score bins, and the sum of the scores.
fn series_of_model(model: &ModelCounts) -> u64 {
    let features = model.missing.len() + model.out_of_range.len();
    let bins = model.score_bins.len() + model.feature_bins.len();
    model.rows.len() as u64 * (1 + CONFIDENCE_SERIES) + (features + bins) as u64 + 1
}

#[cfg(test)]
mod tests;
