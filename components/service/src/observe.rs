//! Counts of a request's rows. They hold the bins of values, never a value.

use std::borrow::Cow;

use portent_event::{ClassCounts, Pairs, Predictions, limits, to_nano};
use portent_model::{Feature, FeatureKind, Model, Profile};

use crate::rows::Rows;
use crate::scoring::{Prediction, Scored};

/// From this many rows on, reading edges and codes once per request pays.
const MANY_ROWS: u32 = 8;

/// Codes with a place of their own in [`Reference`].
const CODES: usize = 64;

/// Stands for a code without a place of its own.
const NO_BIN: u8 = u8::MAX;

/// Counts rows and their scores.
pub(crate) fn observe(model: &Model<'_>, rows: &Rows, scored: &Scored) -> Predictions<'static> {
    let mut predictions = Predictions {
        model: model.digest(),
        version: Cow::Owned(model.version().to_owned()),
        rows: u32::try_from(scored.scores.len()).unwrap_or(u32::MAX),
        classes: vec![ClassCounts::default(); model.classes().len()],
        score_sum_nano: 0,
        score_bins: Pairs::default(),
        bins: Vec::with_capacity(model.feature_count()),
        missing: Pairs::default(),
        out_of_range: Pairs::default(),
    };
    for row in 0..scored.scores.len() {
        observe_score(model, scored, row, &mut predictions);
    }
    for (index, feature) in model.features().enumerate() {
        let column = rows.values.chunks(model.feature_count()).filter_map(|row| row.get(index));
        let filled = rows.filled.get(index).copied().unwrap_or_default();
        observe_feature(model, (index, &feature), column, filled, &mut predictions);
    }
    predictions
}

fn observe_score(model: &Model<'_>, scored: &Scored, row: usize, predictions: &mut Predictions<'_>) {
    let Prediction { class, confidence } = scored.prediction(model, row);
    if let Some(counts) = predictions.classes.get_mut(class) {
        counts.observe(confidence);
    }
    let score = scored.scores.get(row).copied().unwrap_or_default();
    predictions.score_sum_nano += to_nano(score);
    let profile = model.score_profile();
    if profile.bin_count() > 0 {
        predictions.score_bins.add(profile.bin(score), 1);
    }
}

fn observe_feature<'v>(
    model: &Model<'_>,
    (index, feature): (usize, &Feature<'_>),
    column: impl Iterator<Item = &'v f64>,
    filled: u32,
    predictions: &mut Predictions<'_>,
) {
    let profile = model.feature_profile(index);
    let (mut bins, mut missing, mut out_of_range) = (Pairs::default(), filled, 0);
    if predictions.rows < MANY_ROWS {
        for value in column {
            if value.is_nan() {
                missing += 1;
                continue;
            }
            out_of_range += u32::from(!feature.is_plausible(*value));
            bins.add(profile.bin(*value), 1);
        }
    } else {
        let (reference, mut counts) = (Reference::of(feature, &profile), [0; limits::BINS + 1]);
        for value in column {
            if value.is_nan() {
                missing += 1;
                continue;
            }
            let (bin, is_plausible) = reference.place(*value);
            out_of_range += u32::from(!is_plausible);
            if let Some(count) = counts.get_mut(bin) {
                *count += 1;
            }
        }
        for (bin, count) in (0..).zip(counts).filter(|(_, count)| *count > 0) {
            bins.add(bin, count);
        }
    }
    let number = u16::try_from(index).unwrap_or(u16::MAX);
    for (pairs, count) in [(&mut predictions.missing, missing), (&mut predictions.out_of_range, out_of_range)]
    {
        if count > 0 {
            pairs.add(number, count);
        }
    }
    if profile.bin_count() > 0 {
        predictions.bins.push(bins);
    }
}

/// Edges and codes of one feature, read once for many rows.
struct Reference<'b, 'm> {
    feature: &'b Feature<'m>,
    /// Ascending, then infinite.
    edges: [f64; limits::BINS],
    /// Half the number of bins, rounded up to a power of two: the first step of the search for a bin.
    half: usize,
    plausible: (f64, f64),
    is_category: bool,
    /// Bins of the plausible codes that are whole numbers from 0 on; [`NO_BIN`] elsewhere.
    codes: [u8; CODES],
}

impl<'b, 'm> Reference<'b, 'm> {
    fn of(feature: &'b Feature<'m>, profile: &Profile<'_>) -> Self {
        let (mut edges, mut count) = ([f64::INFINITY; limits::BINS], 0);
        for (slot, edge) in edges.iter_mut().zip(profile.edges()) {
            *slot = edge;
            count += 1;
        }
        let is_category = feature.kind() == FeatureKind::Category;
        let mut codes = [NO_BIN; CODES];
        for code in feature.codes().filter(|code| is_category && feature.is_plausible(*code)) {
            if let (Some(slot), Ok(bin)) = (codes.get_mut(index(code)), u8::try_from(profile.bin(code))) {
                *slot = bin;
            }
        }
        let half = (count + 1_usize).next_power_of_two() / 2;
        Self { feature, edges, half, plausible: feature.plausible_range(), is_category, codes }
    }

    /// The results of [`Profile::bin`] and [`Feature::is_plausible`] for a finite value.
    fn place(&self, value: f64) -> (usize, bool) {
        if !self.is_category {
            let (low, high) = self.plausible;
            return (self.bin(value), low <= value && value <= high);
        }
        match self.codes.get(index(value)) {
            Some(bin) if *bin != NO_BIN => (usize::from(*bin), true),
            _ => (self.bin(value), self.feature.is_plausible(value)),
        }
    }

    /// The number of edges below.
    fn bin(&self, value: f64) -> usize {
        let (mut bin, mut step) = (0, self.half);
        while step > 0 {
            let edge = self.edges.get(bin + step - 1).copied().unwrap_or(f64::INFINITY);
            // A product in place of a branch, which could not be predicted.
            bin += step * usize::from(edge < value);
            step /= 2;
        }
        bin
    }
}

/// The place of a code; `usize::MAX` if it is not a whole number from 0 on.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of another number is not equal to it"
)]
fn index(code: f64) -> usize {
    let number = code as u8;
    if f64::from(number) == code { usize::from(number) } else { usize::MAX }
}
