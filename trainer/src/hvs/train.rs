//! From a seed to an artefact and its card.

use portent_model::{Model, Parameters};
use serde::Serialize;

use super::candidate::Candidate;
use super::features::{WIDTH, features};
use super::notes::{self, Provenance};
use super::quality::{EventFigures, RowFigures, mean_warning, observe};
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

/// How candidates do, with thresholds chosen by one rule on the validation scenarios: the forest first, then logistic
/// regression, then the best rule of one feature.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// What was done.
    pub protocol: &'static str,
    /// Each candidate.
    pub candidates: Vec<Compared>,
}

/// One candidate.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// What it is.
    pub name: String,
    /// Score from which it raises an alarm.
    pub threshold: f64,
    /// On the scenarios that the threshold was chosen on.
    pub validation: EventFigures,
    /// On scenarios that nothing was chosen on.
    pub test: EventFigures,
    /// On the labelled rows of these.
    pub test_rows: RowFigures,
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
    let artefact = Candidate::Artefact(&model);
    let logistic = Candidate::Logistic(&logistic, (odds / sample_odds).ln());
    let quality = compare(artefact.clone(), logistic, settings, options.seed)?;

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
            samples.add(&recording, series, &features(&series.readings)?, &mut random);
        }
    }
    Ok(samples)
}

/// Chooses thresholds and the best rule on the validation scenarios, and measures on the test scenarios.
fn compare(
    artefact: Candidate<'_>,
    logistic: Candidate<'_>,
    settings: Settings,
    seed: u64,
) -> Result<Quality, TrainError> {
    let Settings { scenarios, false_alarms_a_day, .. } = settings;
    let candidates: Vec<Candidate<'_>> = [artefact, logistic].into_iter().chain(Candidate::rules()).collect();
    let (validation, _) = observe(&candidates, Part::Validation.recordings(scenarios, seed), false)?;
    let thresholds = validation.iter().map(|observed| observed.alarms.threshold_within(false_alarms_a_day));
    let thresholds: Vec<f64> = thresholds.map(round_up).collect();

    let warning = |index: &usize| mean_warning(&validation[*index].alarms, thresholds[*index]);
    let best_rule = (2..candidates.len()).max_by(|a, b| warning(a).total_cmp(&warning(b)));
    let chosen: Vec<usize> = [0, 1].into_iter().chain(best_rule).collect();
    let candidates: Vec<Candidate<'_>> = chosen.iter().map(|index| candidates[*index].clone()).collect();

    let (test, positive) = observe(&candidates, Part::Test.recordings(scenarios, seed), true)?;
    let compared = candidates.iter().zip(&test).zip(chosen).map(|((candidate, test), index)| Compared {
        name: candidate.name(),
        threshold: thresholds[index],
        validation: EventFigures::of(&validation[index].alarms, thresholds[index]),
        test: EventFigures::of(&test.alarms, thresholds[index]),
        test_rows: test.rows(candidate, &positive),
    });
    let compared = compared.collect();
    Ok(Quality { protocol: notes::PROTOCOL, candidates: compared })
}

/// To 4 decimals, so that a threshold can be written down, and never to one that raises more alarms.
fn round_up(threshold: f64) -> f64 {
    (threshold * 1e4).ceil() / 1e4
}
