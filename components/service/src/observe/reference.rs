//! What the values of a feature are compared with, read once for many rows.

use portent_event::limits;
use portent_model::{Feature, FeatureKind, Profile};

/// Edges and codes of one feature.
pub(super) struct Reference<'b, 'm> {
    feature: &'b Feature<'m>,
    /// Ascending, then infinite.
    edges: [f64; limits::BINS],
    /// Half the number of bins, rounded up to a power of two: how far the search for a bin goes at first.
    half: usize,
    plausible: (f64, f64),
    is_category: bool,
    /// Bins of the plausible codes that are whole numbers from 0 on; [`NO_BIN`] elsewhere.
    codes: [u8; CODES],
}

/// Codes with a place of their own.
const CODES: usize = 64;

const NO_BIN: u8 = u8::MAX;

impl<'b, 'm> Reference<'b, 'm> {
    pub(super) fn of(feature: &'b Feature<'m>, profile: &Profile<'_>) -> Self {
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

    /// The bin of a finite value as [`Profile::bin`] says it, and whether it is plausible as [`Feature::is_plausible`]
    /// does.
    pub(super) fn place(&self, value: f64) -> (usize, bool) {
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
            // A product, since which way it goes cannot be foretold.
            bin += step * usize::from(edge < value);
            step /= 2;
        }
        bin
    }
}

/// The place of a code; none where it is not a whole number from 0 on.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of another number is not equal to it"
)]
fn index(code: f64) -> usize {
    let number = code as u8;
    if f64::from(number) == code { usize::from(number) } else { usize::MAX }
}
