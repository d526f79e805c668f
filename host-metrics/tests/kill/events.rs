//! The load: events made from random numbers, and what each must add to the counts.

use std::collections::BTreeMap;
use std::sync::Arc;

use portent_counts::clock;
use portent_counts::models::ModelMetadata;
use portent_counts::registry::{CONFIDENCE, DURATION};
use portent_event::{
    ClassCounts, Digest, DropReason, DropReport, Durations, ErrorType, Event, Method, Predictions, Route,
};

use crate::random::Random;
use crate::samples::{self, Samples};

/// Statuses of events: the last one has no registered meaning.
const STATUSES: [u16; 7] = [200, 200, 200, 404, 422, 500, 599];

/// Lines, and what they add to the counts.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) bytes: Vec<u8>,
    pub(crate) counts: Samples,
}

/// Models that predictions name: the aggregator knows the first.
#[derive(Debug)]
pub(crate) struct Zoo(Vec<(Digest, Arc<ModelMetadata>)>);

impl Zoo {
    /// A model with its artefact, and two without.
    pub(crate) fn new(artefact: &[u8]) -> Self {
        let known = ModelMetadata::read(artefact).unwrap();
        let unknown = [1, 2].map(|byte| (Digest([byte; 32]), ModelMetadata::unknown()));
        Self([(known.digest, Arc::new(known))].into_iter().chain(unknown).collect())
    }

    fn predictions(&self, random: &mut Random) -> Vec<Predictions<'static>> {
        let mut models: Vec<_> = self.0.iter().collect();
        let number = random.below(3) as usize;
        let skipped = random.below(models.len() as u64) as usize;
        models.rotate_left(skipped);
        models.into_iter().take(number).map(|(digest, _)| predictions(*digest, random)).collect()
    }

    fn card(&self, digest: &Digest) -> &ModelMetadata {
        self.0.iter().find(|(known, _)| known == digest).map(|(_, card)| &**card).unwrap()
    }
}

impl Batch {
    /// This many events of an application, perhaps with a drop report.
    pub(crate) fn new(random: &mut Random, zoo: &Zoo, way: &str, app: &str, events: u64) -> Self {
        let mut batch = Self::default();
        for _ in 0..events {
            let event = event(random, zoo, app);
            event.encode(&mut batch.bytes);
            batch.count_event(&event, zoo);
            batch.count(format!("portent_events_received_total{{way=\"{way}\"}}"), 1);
        }
        if random.chance(10) {
            let report = DropReport { app: app.into(), count: 3, reason: DropReason::Timeout };
            report.encode(&mut batch.bytes);
            batch.count(format!("portent_events_dropped_total{{app=\"{app}\",reason=\"timeout\"}}"), 3);
        }
        batch
    }

    fn count_event(&mut self, event: &Event<'_>, zoo: &Zoo) {
        let Event { app, method, route, status, durations, .. } = event;
        let status = if *status == 599 { "other".to_owned() } else { status.to_string() };
        let labels = format!("app=\"{app}\",method=\"{method}\",endpoint=\"{route}\"");
        self.count(format!("api_requests_total{{{labels},status_code=\"{status}\"}}"), 1);
        self.observe("api_request_duration_seconds", &labels, durations.total);
        if let Some(error) = event.error {
            let series =
                format!("api_errors_total{{app=\"{app}\",error_type=\"{error}\",endpoint=\"{route}\"}}");
            self.count(series, 1);
        }
        if let Some(score) = durations.score {
            let labels = format!("app=\"{app}\",endpoint=\"{route}\"");
            self.observe("prediction_duration_seconds", &labels, score);
        }
        for predictions in &event.predictions {
            self.count_predictions(app, predictions, zoo.card(&predictions.model));
        }
    }

    fn count_predictions(&mut self, app: &str, predictions: &Predictions<'_>, card: &ModelMetadata) {
        let model = &card.name;
        let series = format!("portent_score_sum_total{{app=\"{app}\",model_name=\"{model}\"}}");
        self.add(series, u128::from(predictions.score_sum_nano));
        for (index, class) in predictions.classes.iter().enumerate() {
            let result = &card.classes[index.min(card.classes.len() - 1)];
            let result = format!("prediction_result=\"{result}\"");
            let series = format!("predictions_total{{app=\"{app}\",model_name=\"{model}\",{result}}}");
            self.count(series, u64::from(class.count));
            let bounds = CONFIDENCE.iter().map(|(_, text)| *text).chain(["+Inf"]);
            let buckets: Vec<_> = bounds.zip(class.confidence.iter().copied().chain([0; 9])).collect();
            let labels = format!("app=\"{app}\",{result}");
            self.histogram("prediction_confidence_score", &labels, &buckets, class.confidence_sum_nano);
        }
    }

    fn observe(&mut self, family: &str, labels: &str, nanoseconds: u64) {
        let reached = DURATION.iter().position(|(bound, _)| nanoseconds <= *bound).unwrap_or(DURATION.len());
        let bounds = DURATION.iter().map(|(_, text)| *text).chain(["+Inf"]);
        let buckets: Vec<_> = bounds.enumerate().map(|(at, text)| (text, u32::from(at == reached))).collect();
        self.histogram(family, labels, &buckets, nanoseconds);
    }

    fn histogram(&mut self, family: &str, labels: &str, buckets: &[(&str, u32)], sum_nano: u64) {
        let mut count = 0;
        for (bound, more) in buckets {
            count += u64::from(*more);
            self.count(format!("{family}_bucket{{{labels},le=\"{bound}\"}}"), count);
        }
        self.count(format!("{family}_count{{{labels}}}"), count);
        self.add(format!("{family}_sum{{{labels}}}"), u128::from(sum_nano));
    }

    fn count(&mut self, series: String, number: u64) {
        self.add(series, u128::from(number) * 1_000_000_000);
    }

    fn add(&mut self, series: String, nano: u128) {
        samples::add(&mut self.counts, &BTreeMap::from([(series, nano)]));
    }
}

/// Whether the reference knows the family that a series belongs to.
pub(crate) fn is_counted(series: &str) -> bool {
    let families = [
        "api_requests_total",
        "api_request_duration_seconds",
        "api_errors_total",
        "predictions_total",
        "prediction_duration_seconds",
        "prediction_confidence_score",
        "portent_score_sum_total",
        "portent_events_received_total",
        "portent_events_dropped_total",
    ];
    families.iter().any(|family| series.starts_with(family))
}

fn event(random: &mut Random, zoo: &Zoo, app: &str) -> Event<'static> {
    let status = random.pick(&STATUSES);
    let magnitude = random.below(36);
    let total = random.below(1 << magnitude);
    let predictions = if status == 200 { zoo.predictions(random) } else { Vec::new() };
    let durations = Durations {
        total,
        parse: random.chance(70).then(|| random.below(total + 1)),
        score: (!predictions.is_empty()).then(|| random.below(total + 1)),
        ..Durations::default()
    };
    Event {
        time: clock::format(clock::now() - random.below(30_000_000_000)).into(),
        app: app.to_owned().into(),
        request_id: format!("r-{}", random.below(1 << 40)).into(),
        method: random.pick(Method::ALL),
        route: random.pick(Route::ALL),
        status,
        error: (status >= 400).then(|| random.pick(ErrorType::ALL)),
        durations,
        predictions,
        truncated: false,
    }
}

fn predictions(model: Digest, random: &mut Random) -> Predictions<'static> {
    let mut classes = vec![ClassCounts::default(), ClassCounts::default()];
    let rows = 1 + random.below(4) as u32;
    for _ in 0..rows {
        classes[random.below(2) as usize].observe(0.5 + random.below(500_001) as f64 / 1e6);
    }
    Predictions {
        model,
        version: "1".into(),
        rows,
        classes,
        score_sum_nano: random.below(u64::from(rows) * 1_000_000_000 + 1),
        score_bins: portent_event::Pairs::default(),
        bins: Vec::new(),
        missing: portent_event::Pairs::default(),
        out_of_range: portent_event::Pairs::default(),
    }
}
