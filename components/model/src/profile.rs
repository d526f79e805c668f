//! The reference profile: the distribution of the training data, in bins.

use portent_event::limits;

use crate::error::{ArtefactError, check};
use crate::format::{Section, size};
use crate::sections::{Records, Sections, f64_at, index_at};

/// The profile of each feature, and that of the score behind them; or none at all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Profiles<'a> {
    records: Records<'a>,
    values: Records<'a>,
}

/// Reference distribution of one feature or of the score.
///
/// With edges `e[0] < … < e[n-1]` there are `n + 1` bins: a value `x` falls into the first bin whose edge is
/// not below it, `x ≤ e[i]`, or into the last one if there is none.
#[derive(Clone, Copy, Debug)]
pub struct Profile<'a> {
    values: Records<'a>,
    start: usize,
    edges: usize,
}

impl<'a> Profiles<'a> {
    pub(crate) fn open(sections: &Sections<'a>, features: usize) -> Result<Self, ArtefactError> {
        let records = sections.records(Section::Profile, size::PROFILE)?;
        let values = sections.records(Section::ProfileValues, size::VALUE)?;
        let profiles = Self { records, values };
        let entries = records.len();
        if entries == 0 && values.len() == 0 {
            return Ok(profiles);
        }
        let is_whole = entries == features + 1;
        check(is_whole, Section::Profile, 0, "not one entry per feature and one for the score")?;
        for (entry, number) in (0..entries).zip(0..) {
            let rule = |holds, rule| check(holds, Section::Profile, number, rule);
            let profile = profiles.get(entry);
            rule(profile.edges < limits::BINS, "more bins than the limit")?;
            let end = profile.start.checked_add(2 * profile.edges + 1);
            rule(end.is_some_and(|end| end <= values.len()), "values out of bounds")?;
            let ascends = profile.edges().zip(profile.edges().skip(1)).all(|(edge, next)| edge < next);
            rule(ascends && profile.edges().all(f64::is_finite), "edges do not ascend")?;
            let sum: f64 = profile.shares().sum();
            let are_shares = profile.shares().all(|share| (0.0..=1.0).contains(&share));
            rule(are_shares && (sum - 1.0).abs() <= 1e-6, "shares do not sum to 1")?;
        }
        Ok(profiles)
    }

    pub(crate) fn get(&self, entry: usize) -> Profile<'a> {
        let record = self.records.get(entry);
        Profile { values: self.values, start: index_at(record, 0), edges: index_at(record, 4) }
    }
}

impl<'a> Profile<'a> {
    /// Number of bins; 0 if the artefact has no profile.
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
    pub fn bin(&self, value: f64) -> u16 {
        u16::try_from(self.edges().take_while(|edge| *edge < value).count()).unwrap_or(u16::MAX)
    }
}
