//! From a seed to an artefact and its card.

use portent_model::{Model, Parameters};
use serde::Serialize;

use super::candidate::Candidate;
use super::compare::{Quality, compare};
use super::features::WIDTH;
use super::notes::{self, Provenance};
use super::recording::Recording;
use super::sample::Samples;
use super::{simulator, task};
use crate::forest::{self, Forest, Growth};
use crate::logistic::LogisticModel;
use crate::metadata::Metadata;
use crate::random::SplitMix64;
use crate::self_check;
use crate::train::{Evidence, Options, TrainError, Trained, bare, finish, spec};

/// Rounds of scenarios that are dealt out at a time: three to training, one to validation and one to test.
const ROUNDS: u64 = 5;

/// Fewest scenarios: every part then has one round of all kinds.
const FEWEST_SCENARIOS: u64 = ROUNDS * simulator::ROUND;

/// Inverse strength of the logistic regression's L2 penalty.
const C: f64 = 1.0;

/// What a training run uses.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Settings {
    /// Scenarios to simulate.
    pub scenarios: u64,
    /// Size of the forest.
    pub growth: Growth,
    /// False alarms a module-day that a threshold may raise on the validation scenarios.
    pub false_alarms_a_day: f64,
}

/// What scenarios are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Training,
    Validation,
    Test,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            scenarios: 1000,
            growth: Growth { trees: 60, max_depth: 8, min_samples_leaf: 200, features_a_split: 6 },
            false_alarms_a_day: 0.1,
        }
    }
}

impl Part {
    /// What the scenario with this number is for: whole rounds, so that every part has all kinds alike.
    pub(super) fn of(number: u64) -> Self {
        match number / simulator::ROUND % ROUNDS {
            3 => Self::Validation,
            4 => Self::Test,
            _ => Self::Training,
        }
    }

    pub(super) fn recordings(self, scenarios: u64, seed: u64) -> impl Iterator<Item = Recording> {
        let numbers = (0..scenarios).filter(move |number| Self::of(*number) == self);
        numbers.map(move |number| simulator::simulate(seed, number))
    }
}

/// Simulates, trains, chooses the threshold and measures.
///
/// # Errors
/// [`TrainError`]
pub fn train(settings: Settings, options: Options) -> Result<Trained<Quality>, TrainError> {
    let Settings { scenarios, growth, .. } = settings;
    if scenarios < FEWEST_SCENARIOS {
        return Err(TrainError::FewScenarios { actual: scenarios, required: FEWEST_SCENARIOS });
    }
    let task = task();
    let samples = samples(scenarios, options.seed)?;
    let sample = &samples.training;
    let fitted = forest::fit(&sample.rows, WIDTH, &sample.positive, growth, options.seed)?;
    let mut forest = Forest::of(&fitted)?;
    forest.weigh(&sample.rows, WIDTH, &sample.positive, &sample.weights);
    let dataset = sample.dataset();
    let logistic = LogisticModel::fit(&dataset, C)?;
    let (sample_odds, odds) = sample.odds();

    let parameters = Parameters::Trees(forest.averaging()?);
    let reference = samples.reference.dataset();
    let draft = bare(&task, parameters.clone()).to_bytes()?;
    let model = Model::open(&draft)?;
    let logistic = Candidate::Logistic(&logistic, (odds / sample_odds).ln());
    let quality = compare(&model, logistic, settings, options.seed)?;

    let artefact = Candidate::Artefact(&model);
    let scores = artefact.scores(&samples.reference.rows)?;
    let self_check = self_check::rows(&task.features, &dataset, &artefact.scores(&sample.rows)?);
    let threshold = quality.candidates.first().map_or(0.5, |forest| forest.threshold);
    let spec =
        spec(&task, parameters, threshold, Evidence { reference: &reference, scores: &scores, self_check });
    let provenance = Provenance::new(settings, options, sample, &samples.reference);
    let metadata = Metadata::new(&task, provenance, settings, &quality);
    let sections = notes::sections(&spec, &metadata, options);
    finish(&task, options.date, spec, &metadata, &sections, quality.clone())
}

fn samples(scenarios: u64, seed: u64) -> Result<Samples, TrainError> {
    let mut samples = Samples::default();
    let mut random = SplitMix64::new(seed);
    for recording in Part::Training.recordings(scenarios, seed) {
        for series in &recording.modules {
            samples.add(&recording, series, &mut random)?;
        }
    }
    Ok(samples)
}
