//! From a seed to an artefact and its card.

use portent_model::{Model, Parameters};

use super::candidate::Candidate;
use super::compare::{Quality, compare};
use super::features::WIDTH;
use super::notes::{self, Provenance};
use super::sample::Samples;
use super::settings::{FEWEST_SCENARIOS, ScenarioSplit, Settings};
use super::task::task;
use crate::forest::{self, Forest};
use crate::logistic::LogisticModel;
use crate::metadata::Metadata;
use crate::random::SplitMix64;
use crate::self_check;
use crate::train::{Evidence, Options, TrainError, Trained, bare, finish, spec};

/// Inverse strength of the logistic regression's L2 penalty.
const C: f64 = 1.0;

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
    for recording in ScenarioSplit::Training.recordings(scenarios, seed) {
        for series in &recording.modules {
            samples.add(&recording, series, &mut random)?;
        }
    }
    Ok(samples)
}
