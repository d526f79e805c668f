//! Events that keep every rule.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::{ClassCounts, Digest, Durations, ErrorType, Event, Method, Pairs, Predictions, Route, limits};

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9._-]{1,64}"
}

fn time() -> impl Strategy<Value = String> {
    "20[0-9]{2}-0[1-9]-[01][1-9]T[01][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?Z"
}

fn durations() -> impl Strategy<Value = Durations> {
    let stage = || prop::option::of(0..=1_000_000_000_u64);
    let stages = (1_000_000_000..=limits::DURATION_NANOS, stage(), stage(), stage(), stage());
    stages.prop_map(|(total, parse, validate, score, encode)| Durations {
        total,
        parse,
        validate,
        score,
        encode,
    })
}

/// Classes of some rows, by their confidences.
fn classes() -> impl Strategy<Value = Vec<ClassCounts>> {
    let confidences = vec(prop_oneof![0.0..=1.0_f64, Just(0.5), Just(1.0)], 0..6);
    vec(confidences, 1..=4).prop_map(|classes| {
        let count = |confidences: Vec<f64>| {
            let mut counts = ClassCounts::default();
            confidences.into_iter().for_each(|confidence| counts.observe(confidence));
            counts
        };
        classes.into_iter().map(count).collect()
    })
}

/// Up to `rows` rows, each somewhere.
fn pairs(rows: u32, indexes: usize) -> impl Strategy<Value = Pairs> {
    vec(0..indexes, 0..=rows as usize).prop_map(|found| {
        let mut pairs = Pairs::default();
        found.into_iter().for_each(|index| pairs.add(u16::try_from(index).unwrap(), 1));
        pairs
    })
}

fn predictions() -> impl Strategy<Value = Predictions<'static>> {
    let version = prop_oneof![4 => "[0-9]\\.[0-9]{1,3}", 1 => "\\PC{0,16}", 1 => "[ -~\\n\\t\\x7f]{0,16}"];
    (any::<[u8; 32]>(), version, classes()).prop_flat_map(|(model, version, classes)| {
        let rows = classes.iter().map(|class| class.count).sum::<u32>();
        let features = || pairs(rows, limits::FEATURES);
        let bins = vec(pairs(rows, limits::BINS), 0..20);
        let counts = (pairs(rows, limits::BINS), bins, features(), features());
        (0..=u64::from(rows) * 1_000_000_000, counts).prop_map(move |(score_sum_nano, counts)| Predictions {
            model: Digest(model),
            version: version.clone().into(),
            rows,
            classes: classes.clone(),
            score_sum_nano,
            score_bins: counts.0,
            bins: counts.1,
            missing: counts.2,
            out_of_range: counts.3,
        })
    })
}

prop_compose! {
    pub(super) fn events()(
        texts in (time(), name(), name()), method in select(Method::ALL), route in select(Route::ALL),
        (status, predictions) in prop_oneof![
            (200..300_u16, vec(predictions(), 0..3)),
            (100..600_u16, Just(Vec::new())),
        ],
        error in prop::option::of(select(ErrorType::ALL)), durations in durations(), truncated in any::<bool>(),
    ) -> Event<'static> {
        let (time, app, request_id) = (texts.0.into(), texts.1.into(), texts.2.into());
        Event { time, app, request_id, method, route, status, error, durations, predictions, truncated }
    }
}
