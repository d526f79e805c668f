//! How good something is that raises alarms: by event, and by row.

use serde::Serialize;

use super::alarms::Alarms;
use super::candidate::Candidate;
use super::features::features;
use super::recording::{Label, Recording};
use crate::metrics::{area_under_roc, average_precision, round};
use crate::train::TrainError;

/// Decimals that figures are stated with.
const DECIMALS: i32 = 4;

/// Minutes before the point of no return that leave time to act.
const IN_TIME: f64 = 5.0;

/// How a candidate does on some recordings.
#[derive(Clone, Debug, Default)]
pub(super) struct Observed {
    pub(super) alarms: Alarms,
    /// Scores of the labelled rows, if they are wanted.
    scores: Vec<f64>,
}

/// Figures at one threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventFigures {
    /// Faults that ran away.
    pub events: usize,
    /// Those with an alarm between the fault's start and the point of no return.
    pub detected: usize,
    /// Those with an alarm at least 5 minutes before it.
    pub detected_in_time: usize,
    /// Median time from the first alarm to the point of no return over the detected events, minutes.
    pub lead_median: Option<f64>,
    /// The time that nine in ten of them exceed, minutes.
    pub lead_tenth: Option<f64>,
    /// Alarm episodes outside of such faults.
    pub false_alarms: usize,
    /// Days times modules watched outside of such faults.
    pub module_days: f64,
    /// The former over the latter.
    pub false_alarms_a_module_day: f64,
    /// Both, by what went on.
    pub circumstances: Vec<Circumstance>,
}

/// False alarms in one kind of circumstance.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Circumstance {
    /// Kind of the scenario, or that a neighbour is running away; alarms then are not counted as false.
    pub name: String,
    /// Alarm episodes.
    pub alarms: usize,
    /// Days times modules.
    pub module_days: f64,
}

/// Figures over all labelled rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RowFigures {
    /// Area under the ROC curve.
    pub auc: f64,
    /// Average precision, the area under the precision-recall curve.
    pub average_precision: f64,
    /// Brier score, of what states a probability.
    pub brier: Option<f64>,
}

/// Scores recordings by all candidates; `rows` says whether the score of every row is kept. Returns the
/// classes of the labelled rows as well.
pub(super) fn observe(
    candidates: &[Candidate<'_>],
    recordings: impl Iterator<Item = Recording>,
    rows: bool,
) -> Result<(Vec<Observed>, Vec<bool>), TrainError> {
    let mut observed = vec![Observed::default(); candidates.len()];
    let mut positive = Vec::new();
    for recording in recordings {
        for series in &recording.modules {
            let features = features(&series.readings)?;
            let labelled = || series.labels.iter().map(|label| *label != Label::Unlabelled);
            for (candidate, observed) in candidates.iter().zip(&mut observed) {
                let scores = candidate.scores(&features)?;
                observed.alarms.add(&recording, series, &scores);
                if rows {
                    let kept = scores.iter().zip(labelled()).filter(|(_, labelled)| *labelled);
                    observed.scores.extend(kept.map(|(score, _)| score));
                }
            }
            let labels = series.labels.iter().filter(|label| **label != Label::Unlabelled);
            positive.extend(labels.map(|label| *label == Label::Hazardous));
        }
    }
    Ok((observed, positive))
}

impl Observed {
    /// Figures over the rows that were kept.
    pub(super) fn rows(&self, candidate: &Candidate<'_>, positive: &[bool]) -> RowFigures {
        let squares = self.scores.iter().zip(positive).map(|(score, class)| {
            candidate.probability(*score).map(|p| (p - f64::from(u8::from(*class))).powi(2))
        });
        let brier = squares.sum::<Option<f64>>().map(|sum| sum / positive.len() as f64);
        RowFigures {
            auc: round(area_under_roc(positive, &self.scores), DECIMALS),
            average_precision: round(average_precision(positive, &self.scores), DECIMALS),
            brier: brier.map(|brier| round(brier, 2 * DECIMALS)),
        }
    }
}

impl EventFigures {
    pub(super) fn of(alarms: &Alarms, threshold: f64) -> Self {
        let mut leads = alarms.leads(threshold);
        leads.sort_by(f64::total_cmp);
        let quantile = |share| (!leads.is_empty()).then(|| round(crate::profile::quantile(&leads, share), 1));
        let (false_alarms, module_days) = alarms.false_alarms(threshold);
        let circumstances = alarms.by_circumstance(threshold).into_iter();
        Self {
            events: alarms.events(),
            detected: leads.len(),
            detected_in_time: leads.iter().filter(|lead| **lead >= IN_TIME).count(),
            lead_median: quantile(0.5),
            lead_tenth: quantile(0.1),
            false_alarms,
            module_days: round(module_days, 1),
            false_alarms_a_module_day: round(false_alarms as f64 / module_days, 3),
            circumstances: circumstances
                .map(|(name, alarms, days)| Circumstance {
                    name: name.to_owned(),
                    alarms,
                    module_days: round(days, 1),
                })
                .collect(),
        }
    }
}

/// By how many minutes an event is announced on average: 20 at most, and 0 where it is not. What the rules
/// are ranked by.
pub(super) fn mean_warning(alarms: &Alarms, threshold: f64) -> f64 {
    alarms.leads(threshold).iter().map(|lead| lead.min(20.0)).sum::<f64>() / alarms.events() as f64
}
