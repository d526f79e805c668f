//! The forest beside what it must be better than, on equal terms.

use portent_model::Model;
use serde::Serialize;

use super::candidate::Candidate;
use super::notes;
use super::quality::{EventFigures, RowFigures, mean_warning, observe};
use super::train::{Part, Settings};
use crate::train::TrainError;

/// Readings of a module that a short request holds.
const SHORT_REQUESTS: [usize; 2] = [6, 1];

/// How candidates do, with thresholds chosen by one rule on the validation scenarios: the forest first, then
/// logistic regression, the best rule of one feature, and the forest in short requests.
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

/// Chooses thresholds and the best rule on the validation scenarios, and measures on the test scenarios.
/// Short requests are held to the threshold of the forest, as they are in the service.
pub(super) fn compare(
    model: &Model<'_>,
    logistic: Candidate<'_>,
    settings: Settings,
    seed: u64,
) -> Result<Quality, TrainError> {
    let Settings { scenarios, false_alarms_a_day, .. } = settings;
    let short = SHORT_REQUESTS.map(|history| Candidate::Cut(model, history));
    let named = [Candidate::Artefact(model), logistic].into_iter().chain(short);
    let candidates: Vec<Candidate<'_>> = named.chain(Candidate::rules()).collect();
    let (validation, _) = observe(&candidates, Part::Validation.recordings(scenarios, seed), false)?;
    let thresholds = validation.iter().map(|observed| observed.alarms.threshold_within(false_alarms_a_day));
    let mut thresholds: Vec<f64> = thresholds.map(round_up).collect();
    // The forest and logistic regression come first, then the short requests, then the rules.
    let short = 2..2 + SHORT_REQUESTS.len();

    let warning = |index: &usize| mean_warning(&validation[*index].alarms, thresholds[*index]);
    let best_rule = (short.end..candidates.len()).max_by(|a, b| warning(a).total_cmp(&warning(b)));
    let chosen: Vec<usize> = [0, 1].into_iter().chain(best_rule).chain(short.clone()).collect();
    short.for_each(|index| thresholds[index] = thresholds[0]);
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
