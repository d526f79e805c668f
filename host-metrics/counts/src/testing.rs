//! A small model and its events, for the tests of several crates.
#![expect(clippy::unwrap_used, reason = "tests panic")]

use portent_event::{ClassCounts, Digest, Durations, ErrorType, Event, Method, Pairs, Predictions, Route};
use portent_model::{
    ClassSpec, Column, FeatureKind, FeatureSpec, Interface, LinearSpec, MissingPolicy, ModelSpec, Parameters,
    ProfileSpec,
};
use proptest::prelude::*;

use crate::models::{ModelMetadata, Models};

/// A moment after every event of [`event`].
pub const NOW: u64 = 1_700_000_000_000_000_000;

/// An artefact of the application `demo` with two features, two classes and bins.
pub fn artefact(version: &str) -> Vec<u8> {
    let feature = |name: &str| FeatureSpec {
        name: name.to_owned(),
        unit: String::new(),
        description: String::new(),
        kind: FeatureKind::Number,
        missing: MissingPolicy::Impute,
        lower: 0.0,
        upper: 100.0,
        plausible: (10.0, 90.0),
        imputed: 50.0,
        categories: Vec::new(),
    };
    let class = |name: &str| ClassSpec { name: name.to_owned(), share: 0.5 };
    let profile =
        |edges: &[f64], shares: &[f64]| ProfileSpec { edges: edges.to_vec(), shares: shares.to_vec() };
    let spec = ModelSpec {
        name: "logistic".to_owned(),
        app: "demo".to_owned(),
        version: version.to_owned(),
        model_type: "LogisticRegression".to_owned(),
        description: String::new(),
        threshold: 0.5,
        positive_class: 1,
        features: vec![feature("height"), feature("width")],
        encodings: Vec::new(),
        classes: vec![class("no"), class("yes")],
        parameters: Parameters::Linear {
            columns: vec![Column::Standardise { feature: 0, mean: 50.0, scale: 10.0 }],
            linear: LinearSpec { intercept: 0.0, weights: vec![1.0] },
        },
        profiles: vec![
            profile(&[20.0, 40.5], &[0.25, 0.5, 0.25]),
            profile(&[30.0], &[0.5, 0.5]),
            profile(&[0.5], &[0.5, 0.5]),
        ],
        self_check: Vec::new(),
        metadata: String::new(),
        interface: Interface::default(),
        derivations: Vec::new(),
    };
    spec.to_bytes().unwrap()
}

/// The digest of an [`artefact`].
pub fn digest(version: &str) -> Digest {
    ModelMetadata::read(&artefact(version)).unwrap().digest
}

/// Versions 1 and 2 of the model.
pub fn models() -> Models {
    let mut models = Models::default();
    ["1", "2"].iter().for_each(|version| {
        let metadata = ModelMetadata::read(&artefact(version)).unwrap();
        models.insert(metadata.digest, metadata.into());
    });
    models
}

/// An answered prediction of one row by version 1.
pub fn event() -> Event<'static> {
    let mut yes = ClassCounts::default();
    yes.observe(0.714_161_267);
    let mut first_bin = Pairs::default();
    first_bin.add(1, 1);
    Event {
        time: "2023-11-14T22:13:10.000Z".into(),
        app: "demo".into(),
        request_id: "r-1".into(),
        method: Method::Post,
        route: Route::Predict,
        status: 200,
        error: None,
        durations: Durations {
            total: 61_000,
            parse: Some(4_000),
            validate: Some(2_000),
            score: Some(9_000),
            encode: Some(3_000),
        },
        predictions: vec![Predictions {
            model: digest("1"),
            version: "1".into(),
            rows: 1,
            classes: vec![ClassCounts::default(), yes],
            score_sum_nano: 714_161_267,
            score_bins: first_bin.clone(),
            bins: vec![first_bin.clone(), first_bin.clone()],
            missing: Pairs::default(),
            out_of_range: first_bin,
        }],
        truncated: false,
    }
}

/// An answer that found the request at fault.
pub fn invalid_event() -> Event<'static> {
    let durations = Durations { total: 20_000, parse: Some(4_000), ..Durations::default() };
    Event { status: 422, error: Some(ErrorType::Validation), durations, predictions: Vec::new(), ..event() }
}

/// Any event that a sender could make of the demo model and of one that is not known.
pub fn any_event() -> impl Strategy<Value = Event<'static>> {
    let status = prop::sample::select(vec![200_u16, 404, 422, 500, 503, 599]);
    let method = prop::sample::select(Method::ALL);
    let route = prop::sample::select(Route::ALL);
    let error = prop::option::of(prop::sample::select(ErrorType::ALL));
    let (app, model) =
        (prop::sample::select(vec!["demo", "second"]), prop::sample::select(vec!["1", "2", "3"]));
    let (seconds, total, predicted) = (0_u64..40, any::<u32>(), any::<bool>());
    (app, model, method, route, status, error, seconds, total, predicted).prop_map(
        |(app, model, method, route, status, error, seconds, total, predicted)| {
            let mut event = event();
            event.predictions[0].model = digest(model);
            event.predictions.truncate(usize::from(predicted));
            event.durations.total = u64::from(total);
            let time = crate::clock::format(NOW - seconds * 500_000_000);
            Event { app: app.into(), method, route, status, error, time: time.into(), ..event }
        },
    )
}

/// The line of an event, with its newline.
pub fn line(event: &Event<'_>) -> Vec<u8> {
    let mut line = Vec::new();
    event.encode(&mut line);
    line
}
