//! Rows to learn from: few of the many that are alike, more of those that are hard.

use portent_model::NoValue;

use super::features::{WIDTH, features, looking_back};
use super::recording::{Label, Recording, Series};
use super::simulator::Kind;
use crate::dataset::Dataset;
use crate::random::SplitMix64;

/// Share of every kind of row for the reference profile.
const REFERENCE_SHARE: f64 = 0.01;

/// Hazardous rows of each event to learn from.
const ROWS_AN_EVENT: f64 = 30.0;

/// Share of the rows that look back over fewer readings than there are, and over how many. Without them, a
/// forest that has always seen what went before takes a hot module in a request of one reading for a quiet
/// one.
const CUT_SHARE: f64 = 0.5;
const HISTORIES: [usize; 4] = [1, 2, 6, 20];

/// Rows with their classes, and how many rows of the recordings each stands for.
#[derive(Clone, Debug, Default)]
pub struct Sample {
    /// [`WIDTH`] values a row.
    pub rows: Vec<f64>,
    /// Whether each row is hazardous.
    pub positive: Vec<bool>,
    /// The inverse of the probability with which it was taken.
    pub weights: Vec<f64>,
}

/// Rows to learn from, and rows as they occur.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    /// Drawn by strata, so that rare and hard rows are frequent.
    pub training: Sample,
    /// Drawn evenly.
    pub reference: Sample,
}

impl Samples {
    /// Draws rows of one module of a recording. Rows without a label are left out. Rows to learn from are
    /// such as a service computes for requests of several lengths.
    pub(super) fn add(
        &mut self,
        recording: &Recording,
        series: &Series,
        random: &mut SplitMix64,
    ) -> Result<(), NoValue> {
        let hazardous = series.labels.iter().filter(|label| **label == Label::Hazardous).count();
        let whole = features(&series.readings)?;
        let mut cut = Vec::new();
        for history in HISTORIES {
            cut.push(looking_back(&series.readings, history)?);
        }
        for (index, label) in series.labels.iter().enumerate() {
            let rows = if random.chance(CUT_SHARE) { &cut[random.below(cut.len())] } else { &whole };
            let share = share(recording, index, *label, hazardous);
            self.training.draw(row(rows, index), *label, share, random);
            self.reference.draw(row(&whole, index), *label, REFERENCE_SHARE, random);
        }
        Ok(())
    }
}

impl Sample {
    fn draw(&mut self, row: &[f64], label: Label, share: f64, random: &mut SplitMix64) {
        if label != Label::Unlabelled && random.chance(share) {
            self.rows.extend(row);
            self.positive.push(label == Label::Hazardous);
            self.weights.push(1.0 / share);
        }
    }

    /// The rows, without their weights.
    pub(super) fn dataset(&self) -> Dataset {
        Dataset::new(self.rows.chunks_exact(WIDTH).map(<[f64]>::to_vec).zip(self.positive.iter().copied()))
    }

    /// Odds of a hazardous row in this sample, and in the recordings.
    pub(super) fn odds(&self) -> (f64, f64) {
        let (mut positive, mut negative) = ((0.0, 0.0), (0.0, 0.0));
        for (class, weight) in self.positive.iter().zip(&self.weights) {
            let sums = if *class { &mut positive } else { &mut negative };
            *sums = (sums.0 + 1.0, sums.1 + weight);
        }
        (positive.0 / negative.0, positive.1 / negative.1)
    }
}

fn row(rows: &[f64], index: usize) -> &[f64] {
    &rows[index * WIDTH..(index + 1) * WIDTH]
}

/// Probability with which a row is taken. Rows 10 seconds apart are much alike, and nearly all are benign.
/// Every event has about the same number of rows, or the slow ones, with many times the rows of the violent
/// ones, would be all that is learnt; `hazardous` is how many there are in the module.
fn share(recording: &Recording, index: usize, label: Label, hazardous: usize) -> f64 {
    let is = |kind: Kind| recording.kind() == kind.name();
    let beside_runaway = recording.runaway_start().is_some_and(|start| index >= start);
    if label == Label::Hazardous {
        (ROWS_AN_EVENT / hazardous as f64).min(1.0)
    } else if is(Kind::ContainedShort) || beside_runaway {
        0.03
    } else if is(Kind::CoolingFailure) || is(Kind::SensorFault) {
        0.015
    } else {
        0.005
    }
}
