//! Any event that a sender could write.

use portent_event::{ClassCounts, Digest, Durations, ErrorType, Event, Method, Pairs, Predictions, Route};
use proptest::prelude::*;

pub(crate) fn event() -> impl Strategy<Value = Event<'static>> {
    let name = || "[a-zA-Z0-9._-]{1,64}";
    let vocabulary = (
        prop::sample::select(Method::ALL),
        prop::sample::select(Route::ALL),
        prop::option::of(prop::sample::select(ErrorType::ALL)),
    );
    let durations = (0..=86_400_000_000_000_u64, prop::collection::vec(prop::option::of(0.0..=1.0), 4));
    let time = "20[0-9]{2}-0[1-9]-[01][1-9]T[01][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?Z";
    let predictions = prop::collection::vec(predictions(), 0..=4);
    (name(), name(), time, vocabulary, durations, 100_u16..=599, predictions, any::<bool>()).prop_map(
        |(app, id, time, (method, route, error), (total, stages), status, predictions, truncated)| {
            let stage = |index: usize| stages[index].map(|share| (total as f64 * share) as u64);
            Event {
                time: time.into(),
                app: app.into(),
                request_id: id.into(),
                method,
                route,
                status: if predictions.is_empty() { status } else { 200 },
                error,
                durations: Durations {
                    total,
                    parse: stage(0),
                    validate: stage(1),
                    score: stage(2),
                    encode: stage(3),
                },
                predictions,
                truncated,
            }
        },
    )
}

/// Predictions of ten rows, which every list of counts has room for.
fn predictions() -> impl Strategy<Value = Predictions<'static>> {
    let confidences = prop::collection::vec((0_usize..3, 0.0..=1.0), 10);
    let counts = (pairs(32), prop::collection::vec(pairs(32), 0..4), pairs(256), pairs(256));
    (any::<[u8; 32]>(), "[ -~]{0,64}", confidences, 0..=10_000_000_000_u64, counts).prop_map(
        |(digest, version, confidences, score_sum_nano, (score_bins, bins, missing, out_of_range))| {
            let mut classes = vec![ClassCounts::default(); 3];
            confidences.into_iter().for_each(|(class, confidence)| classes[class].observe(confidence));
            let (model, version, rows) = (Digest(digest), version.into(), 10);
            Predictions {
                model,
                version,
                rows,
                classes,
                score_sum_nano,
                score_bins,
                bins,
                missing,
                out_of_range,
            }
        },
    )
}

fn pairs(bound: u16) -> impl Strategy<Value = Pairs> {
    prop::collection::vec((0..bound, 1_u32..3), 0..3).prop_map(|list| {
        let mut pairs = Pairs::default();
        list.into_iter().for_each(|(index, count)| pairs.add(index, count));
        pairs
    })
}
