//! Limits on the number of series, so that no sender can make the registry grow without end.
//!
//! What would begin a series beyond a limit is counted in the family's overflow series instead: the one whose
//! labels all say `other` (of a stage, all but the stage). Sums over a family stay exact.

mod usage;

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::{Arc, LazyLock};

use portent_event::{ErrorType, Method, Route};

use self::usage::Usage;
use super::app::{App, STATUS_OTHER};
use super::intake::Limit;
use super::series::{Counter, DurationSeries};
use super::{OTHER_APP, Registry};
use crate::models::ModelCard;

/// An application with the series that every one has.
static EXPECTED: LazyLock<App> = LazyLock::new(|| {
    let mut app = App::default();
    app.expect_series();
    app
});

/// Most that may be counted apart. A series is one line of the text exposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Applications that events introduce.
    pub apps: usize,
    /// Series of one family.
    pub series_per_family: u64,
    /// Series of all families that grow with what is received.
    pub series: u64,
}

impl Limits {
    /// No limits.
    pub const NONE: Self = Self { apps: usize::MAX, series_per_family: u64::MAX, series: u64::MAX };
}

impl Default for Limits {
    fn default() -> Self {
        Self { apps: 256, series_per_family: 50_000, series: 200_000 }
    }
}

/// Holds counts that are about to be merged within the limits.
#[derive(Clone, Debug, Default)]
pub struct Bounds {
    limits: Limits,
    used: Usage,
}

/// The part of a delivery that is being admitted, and what becomes of it.
struct Admission<'a> {
    limits: &'a Limits,
    used: &'a mut Usage,
    hits: &'a mut BTreeMap<Limit, u64>,
    beyond: App,
}

impl Bounds {
    /// Bounds over what is counted already.
    #[must_use]
    pub fn new(limits: Limits, counted: &Registry) -> Self {
        let mut used = Usage::default();
        counted.apps().for_each(|(_, app)| used.add(&Usage::of_app(app)));
        Self { limits, used }
    }

    /// Moves what would go beyond a limit into the overflow series, and accounts for the rest.
    pub fn admit(&mut self, counted: &Registry, delta: &mut Registry, now: u64) {
        let Registry { apps, intake } = delta;
        let Self { limits, used } = self;
        let mut admission = Admission { limits, used, hits: &mut intake.limit_hits, beyond: App::since(now) };
        admission.admit_apps(counted, apps);
        for (name, app) in apps.iter_mut() {
            let known = counted.apps.get(name).map_or(&*EXPECTED, |app| app);
            if Usage::grows(known, app) {
                admission.admit_series(known, Arc::make_mut(app), name == OTHER_APP);
            }
        }
        let beyond = admission.beyond;
        if !beyond.is_empty() {
            delta.with_app(OTHER_APP, now, |other| other.merge(&beyond));
        }
        if delta.apps.contains_key(OTHER_APP) && !counted.apps.contains_key(OTHER_APP) {
            self.used.add(&Usage::of_app(&EXPECTED));
        }
    }
}

impl Admission<'_> {
    fn admit_apps(&mut self, counted: &Registry, apps: &mut BTreeMap<String, Arc<App>>) {
        let mut number = counted.apps.keys().filter(|name| *name != OTHER_APP).count();
        apps.retain(|name, app| {
            if name == OTHER_APP || counted.apps.contains_key(name) {
                return true;
            }
            let expected = Usage::of_app(&EXPECTED);
            let admitted =
                if number < self.limits.apps { self.fits(&expected) } else { self.hit(Limit::Apps) };
            if admitted {
                number += 1;
            } else {
                self.beyond.merge(app);
            }
            admitted
        });
        if !self.beyond.is_empty() {
            // Under the one name they are judged like any other application.
            let created = self.beyond.created;
            let beyond = std::mem::replace(&mut self.beyond, App::since(created));
            let other =
                apps.entry(OTHER_APP.to_owned()).or_insert_with(|| Arc::new(App::since(beyond.created)));
            Arc::make_mut(other).merge(&beyond);
        }
    }

    fn admit_series(&mut self, known: &App, app: &mut App, is_other: bool) {
        let mut timed: Vec<_> = known.requests.keys().map(|(method, route, _)| (*method, *route)).collect();
        for (key, series) in take(&mut app.requests) {
            let other = (Method::Other, Route::Unmatched, STATUS_OTHER);
            let is_timed_first = !timed.contains(&(key.0, key.1));
            let admitted = (is_other && key == other)
                || known.requests.contains_key(&key)
                || self.fits(&Usage::of_request(is_timed_first));
            if admitted {
                timed.push((key.0, key.1));
            }
            let (map, key) =
                if admitted { (&mut app.requests, key) } else { (&mut self.beyond.requests, other) };
            map.entry(key).and_modify(|sum: &mut DurationSeries| sum.merge(&series)).or_insert(series);
        }
        for (key, counter) in take(&mut app.errors) {
            let other = (ErrorType::Other, Route::Unmatched);
            let admitted = (is_other && key == other)
                || known.errors.contains_key(&key)
                || self.fits(&Usage::of_error());
            let (map, key) = if admitted { (&mut app.errors, key) } else { (&mut self.beyond.errors, other) };
            map.entry(key).and_modify(|sum: &mut Counter| sum.merge(&counter)).or_insert(counter);
        }
        for (key, series) in take(&mut app.stages) {
            let other = (Route::Unmatched, key.1);
            let admitted = (is_other && key == other)
                || known.stages.contains_key(&key)
                || self.fits(&Usage::of_stage(key.1));
            let (map, key) = if admitted { (&mut app.stages, key) } else { (&mut self.beyond.stages, other) };
            map.entry(key).and_modify(|sum: &mut DurationSeries| sum.merge(&series)).or_insert(series);
        }
        self.admit_models(known, app, is_other);
    }

    fn admit_models(&mut self, known: &App, app: &mut App, is_other: bool) {
        for (digest, model) in take(&mut app.models) {
            let admitted = (is_other && model.card.is_unknown())
                || known.models.contains_key(&digest)
                || self.fits(&Usage::of_model(&model));
            if admitted {
                app.models.insert(digest, model);
            } else {
                let model = model.without_names(&ModelCard::unknown());
                self.beyond.model(&model.card, model.created).merge(&model);
            }
        }
    }

    /// Accounts for more series, if they stay within the limits.
    fn fits(&mut self, need: &Usage) -> bool {
        match self.used.exceeded(need, self.limits) {
            Some(limit) => self.hit(limit),
            None => {
                self.used.add(need);
                true
            }
        }
    }

    fn hit(&mut self, limit: Limit) -> bool {
        *self.hits.entry(limit).or_default() += 1;
        false
    }
}

#[cfg(test)]
mod tests;
