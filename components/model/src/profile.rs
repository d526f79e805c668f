//! The reference profile: how the training data were distributed, in bins.

use portent_event::limits;

use crate::bytes::{Records, f64_at, index_at};
use crate::format::Section;
use crate::model::content;
use crate::{ArtefactError, Model};

/// Reference distribution of one feature or of the score.
///
/// With edges `e[0] < … < e[n-1]` there are `n + 1` bins: a value `x` falls into the first bin whose edge is
/// not below it, `x ≤ e[i]`, and into the last one if there is none.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'a> {
    values: Records<'a>,
    start: usize,
    edges: usize,
}

impl<'a> Profile<'a> {
    pub(crate) fn new(model: &Model<'a>, entry: usize) -> Self {
        let record = model.profiles.get(entry);
        Self { values: model.profile_values, start: index_at(record, 0), edges: index_at(record, 4) }
    }

    /// Number of bins; 0 if the artefact has no profile.
    #[must_use]
    pub fn bin_count(&self) -> usize {
        if self.values.len() == 0 { 0 } else { self.edges + 1 }
    }

    /// Edges between the bins, ascending.
    pub fn edges(&self) -> impl Iterator<Item = f64> + use<'a> {
        let Self { values, start, edges } = *self;
        values.range(start, edges).iter().map(|value| f64_at(value, 0))
    }

    /// Shares of the training data per bin; they sum to 1.
    pub fn shares(&self) -> impl Iterator<Item = f64> + use<'a> {
        let (values, start) = (self.values, self.start + self.edges);
        (start..start + self.bin_count()).map(move |index| f64_at(values.get(index), 0))
    }

    /// The bin of a value.
    #[must_use]
    pub fn bin(&self, value: f64) -> u16 {
        u16::try_from(self.edges().take_while(|edge| *edge < value).count()).unwrap_or(u16::MAX)
    }
}

pub(crate) fn check(model: &Model<'_>) -> Result<(), ArtefactError> {
    let entries = model.profiles.len();
    if entries == 0 && model.profile_values.len() == 0 {
        return Ok(());
    }
    if entries != model.feature_count() + 1 {
        return Err(content(Section::Profile, 0, "not one entry a feature and one for the score"));
    }
    for (entry, number) in (0..entries).zip(0..) {
        let rule = |rule| Err(content(Section::Profile, number, rule));
        let profile = Profile::new(model, entry);
        if profile.edges >= limits::BINS {
            return rule("more bins than the limit");
        }
        let end = profile.start.checked_add(2 * profile.edges + 1);
        if end.is_none_or(|end| end > model.profile_values.len()) {
            return rule("values out of bounds");
        }
        let mut edges = profile.edges();
        let first = edges.next().unwrap_or_default();
        if !first.is_finite() || edges.try_fold(first, ascend).is_none() {
            return rule("edges do not ascend");
        }
        let sum: f64 = profile.shares().sum();
        if profile.shares().any(|share| !(0.0..=1.0).contains(&share)) || (sum - 1.0).abs() > 1e-6 {
            return rule("shares do not sum to 1");
        }
    }
    Ok(())
}

fn ascend(last: f64, next: f64) -> Option<f64> {
    (next.is_finite() && next > last).then_some(next)
}
