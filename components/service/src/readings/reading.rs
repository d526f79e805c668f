//! One reading: its form, its values, its group.

use crate::fields::Element;
use crate::limits;
use crate::values::{self, Coercion};
use crate::violation::{Place, Rule, Violations};

use super::{Form, Readings};

impl<'a> Readings<'a> {
    /// Adds a reading, or what is wrong with it.
    pub(super) fn read_reading(
        &mut self,
        element: Element<'a>,
        inputs: &[Option<&'a str>],
        place: Place<'a>,
        violations: &mut Violations<'a>,
    ) {
        if !element.is_object {
            return violations.add(Rule::NotAnObject, place, Some(element.text));
        }
        if let Some(name) = element.repeated.and_then(|index| self.names.get(index)) {
            violations.add(Rule::repeated(), place.field(name), None);
        }
        let is_complete = !self.is_derived.contains(&true)
            || self.is_derived.iter().zip(inputs).any(|(is_derived, input)| *is_derived && input.is_some());
        let form = if is_complete { Form::Complete } else { Form::Raw };
        if *self.form.get_or_insert(form) != form {
            let rule = "A request holds raw readings or readings with all derived features, not both";
            return violations.add(Rule::own("mixed_forms", rule), place, None);
        }
        self.read_values(form, element, inputs, place, violations);
        let fields = inputs.len() - 2;
        self.read_group(inputs[fields], place, violations);
        if form == Form::Raw {
            self.read_time(inputs[fields + 1], element, place, violations);
        }
    }

    fn read_values(
        &mut self,
        form: Form,
        element: Element<'a>,
        inputs: &[Option<&'a str>],
        place: Place<'a>,
        violations: &mut Violations<'a>,
    ) {
        for ((feature, is_derived), input) in self.reader.features.iter().zip(&self.is_derived).zip(inputs) {
            let read = match (form, *input) {
                (Form::Raw, None | Some("null")) => Ok(f64::NAN),
                (Form::Raw, Some(_)) if *is_derived => Ok(f64::NAN),
                (Form::Complete, None) => Err(Rule::Missing),
                (_, Some(text)) => values::read(feature, text, Coercion::Lax)
                    .and_then(|value| values::check_bounds(feature, value).map_or(Ok(value), Err))
                    .and_then(|value| if form == Form::Raw { check_raw(value) } else { Ok(value) }),
            };
            self.rows.values.push(read.unwrap_or_else(|rule| {
                violations.add(rule, place.field(feature.name()), Some(input.unwrap_or(element.text)));
                f64::NAN
            }));
        }
    }

    /// The group is a text, `null` or absent.
    fn read_group(&mut self, input: Option<&'a str>, place: Place<'a>, violations: &mut Violations<'a>) {
        let group = match input {
            None | Some("null") => None,
            Some(text) => {
                let group = values::string(text);
                if group.is_none() {
                    violations.add(Rule::Text, place.field(self.interface.group), Some(text));
                }
                group
            }
        };
        self.groups.push(group);
    }
}

/// Changes and deviations of raw values are to be numbers.
fn check_raw(value: f64) -> Result<f64, Rule> {
    if value > limits::RAW_VALUE {
        Err(Rule::AtMost(limits::RAW_VALUE))
    } else if value < -limits::RAW_VALUE {
        Err(Rule::AtLeast(-limits::RAW_VALUE))
    } else {
        Ok(value)
    }
}
