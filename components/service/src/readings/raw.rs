//! Raw readings: in time order, group by group, gaps filled, derived features computed.

use portent_model::{Derivation, Model, derive};

use crate::fields::Element;
use crate::json::Reader;
use crate::timestamp;
use crate::values;
use crate::violation::{Place, Rule, Violations};

use super::Readings;

/// A number of seconds since 1970 beyond which a time is no time: the end of the year 9999.
const GREATEST_SECONDS: f64 = 253_402_300_799.0;

impl<'a> Readings<'a> {
    /// The time of a raw reading: a text or seconds since 1970.
    pub(super) fn read_time(
        &mut self,
        input: Option<&'a str>,
        element: Element<'a>,
        place: Place<'a>,
        violations: &mut Violations<'a>,
    ) {
        let place = place.field(self.interface.time);
        let seconds = input.and_then(|input| match values::string(input) {
            Some(text) => timestamp::seconds(&text),
            None => Reader::new(input).number().ok().filter(|seconds| seconds.abs() <= GREATEST_SECONDS),
        });
        match (input, seconds) {
            (None, _) => violations.add(Rule::Missing, place, Some(element.text)),
            (Some(input), None) => {
                let rule = "Input should be a time as YYYY-MM-DDThh:mm:ssZ, or seconds since 1970";
                violations.add(Rule::own("datetime_parsing", rule), place, Some(input));
            }
            (Some(_), Some(_)) => {}
        }
        self.times.push(seconds.unwrap_or_default());
    }

    /// Completes the rows. Two readings of a group at the same time, and a sensor without any value in a group,
    /// are violations.
    pub(super) fn complete(&mut self, model: &Model<'a>, violations: &mut Violations<'a>) {
        let width = model.feature_count();
        let derivations: Vec<_> = model.derivations().collect();
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        order.sort_by(|one, other| {
            let of_group = self.groups[*one].cmp(&self.groups[*other]);
            of_group.then_with(|| self.times[*one].total_cmp(&self.times[*other]))
        });
        self.rows.filled = vec![0; width];
        let mut series = Vec::new();
        let groups: Vec<_> = order.chunk_by(|one, other| self.groups[*one] == self.groups[*other]).collect();
        for group in groups {
            self.check_times(group, violations);
            self.complete_group(group, &derivations, &mut series, violations);
        }
    }

    fn check_times(&self, group: &[usize], violations: &mut Violations<'a>) {
        for pair in group.windows(2) {
            if self.times[pair[0]] == self.times[pair[1]] {
                let later = pair[0].max(pair[1]);
                let rule = Rule::own("duplicate_time", "Another reading of the same group has the same time");
                violations.add(rule, Place::row(self.interface.list, later).field(self.interface.time), None);
            }
        }
    }

    fn complete_group(
        &mut self,
        group: &[usize],
        derivations: &[Derivation],
        series: &mut Vec<f64>,
        violations: &mut Violations<'a>,
    ) {
        let width = self.is_derived.len();
        series.clear();
        for row in group {
            let values = &self.rows.values[row * width..(row + 1) * width];
            series.extend_from_slice(values);
            let missing =
                values.iter().zip(&self.is_derived).map(|(value, derived)| value.is_nan() && !derived);
            self.rows
                .filled
                .iter_mut()
                .zip(missing)
                .for_each(|(filled, is_missing)| *filled += u32::from(is_missing));
        }
        match derive(width, derivations, series) {
            Ok(()) => {
                for (row, values) in group.iter().zip(series.chunks_exact(width)) {
                    self.rows.values[row * width..(row + 1) * width].copy_from_slice(values);
                }
            }
            Err(no_value) => {
                let rule = Rule::own("no_value", "No reading of the group has a value to fill the gap with");
                let first = group.iter().min().copied().unwrap_or_default();
                let place = Place::row(self.interface.list, first);
                let name = self.names.get(no_value.feature).copied().unwrap_or_default();
                violations.add(rule, place.field(name), None);
            }
        }
    }
}
