//! The forest beside what it must be better than, on equal terms.

use portent_model::Model;
use serde::Serialize;

use super::candidate::Candidate;
use super::quality::{EventFigures, RowFigures, mean_warning, observe};
use super::settings::{ScenarioSplit, Settings};
use crate::train::TrainError;

/// How the figures come about.
const PROTOCOL: &str = "scenarios are split whole: of every 100, 60 for training, 20 for \
    validation and 20 for test, the kinds alike. A single reading at or above the threshold raises an alarm. \
    For each candidate, the threshold is the lowest one that keeps within the budget of false alarms on the \
    validation scenarios, and the rule is the one of 30 features, upwards and downwards, that gives the \
    longest warning there on average (20 minutes at most, 0 if none). Logistic regression is fitted to the \
    same rows as the forest. A request of so many readings of a module is scored as the service would, by \
    the threshold of the forest. An event is detected if there is an alarm in its module between the start \
    of the fault and the point of no return. Alarms of a module less than 5 minutes apart are one episode; \
    an episode that begins outside of a fault that runs away is a false alarm, but in the modules beside \
    one, where alarms count neither way";

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
    let (validation, _) = observe(&candidates, ScenarioSplit::Validation.recordings(scenarios, seed), false)?;
    let thresholds = validation.iter().map(|observed| observed.alarms.threshold_within(false_alarms_a_day));
    let mut thresholds: Vec<f64> = thresholds.map(round_up).collect();
    // The forest and logistic regression come first, then the short requests, then the rules.
    let short = 2..2 + SHORT_REQUESTS.len();

    let warning = |index: &usize| mean_warning(&validation[*index].alarms, thresholds[*index]);
    let best_rule = (short.end..candidates.len()).max_by(|a, b| warning(a).total_cmp(&warning(b)));
    let chosen: Vec<usize> = [0, 1].into_iter().chain(best_rule).chain(short.clone()).collect();
    short.for_each(|index| thresholds[index] = thresholds[0]);
    let candidates: Vec<Candidate<'_>> = chosen.iter().map(|index| candidates[*index].clone()).collect();

    let (test, positive) = observe(&candidates, ScenarioSplit::Test.recordings(scenarios, seed), true)?;
    let compared = candidates.iter().zip(&test).zip(chosen).map(|((candidate, test), index)| Compared {
        name: candidate.name(),
        threshold: thresholds[index],
        validation: EventFigures::of(&validation[index].alarms, thresholds[index]),
        test: EventFigures::of(&test.alarms, thresholds[index]),
        test_rows: test.rows(candidate, &positive),
    });
    let compared = compared.collect();
    Ok(Quality { protocol: PROTOCOL, candidates: compared })
}

/// To 4 decimals, so that a threshold can be written down, and never to one that raises more alarms.
fn round_up(threshold: f64) -> f64 {
    (threshold * 1e4).ceil() / 1e4
}
