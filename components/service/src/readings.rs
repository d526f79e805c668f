//! Applications that take lists of readings: every answer is a list.
//!
//! A complete reading holds all features: the client computed the derived ones, as the service that this replaces
//! demanded. A raw reading holds the values of the sensors and a time. Its derived features are computed here, from the
//! readings of the same group in the same request.

use std::borrow::Cow;

use portent_event::{ErrorType, Stage};
use portent_model::{Derivation, Interface, Model, derive};
use portent_openapi::contract::GREATEST_SECONDS;

use crate::body;
use crate::call::Call;
use crate::explanation::push_warnings;
use crate::fields::{Element, Fields};
use crate::json::{JsonType, Reader, push_float, push_integer, push_string};
use crate::limits;
use crate::observe::observe;
use crate::outcome::Outcome;
use crate::refusal::{ErrorForm, Refusal};
use crate::rows::{RowReader, Rows};
use crate::scoring::Scored;
use crate::stop_watch::StopWatch;
use crate::timestamp;
use crate::values::{self, Coercion};
use crate::violation::{InputRule, Place, Violations};

/// Readings of a request.
struct Readings<'a> {
    reader: RowReader<'a>,
    interface: Interface<'a>,
    /// Names of the fields: the features, the group, the time.
    names: Vec<&'a str>,
    is_derived: Vec<bool>,
    form: Option<ReadingForm>,
    rows: Rows,
    violations: Violations<'a>,
    groups: Vec<Option<Cow<'a, str>>>,
    /// Seconds since 1970; of raw readings only.
    times: Vec<f64>,
}

/// Form of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ReadingForm {
    Complete,
    Raw,
}

/// Answers a list of readings.
pub(crate) fn predict(call: &Call<'_>) -> Outcome {
    call.respond(ErrorForm::Details, text, answer)
}

/// The body, if it is JSON by its headers.
fn text<'a>(call: &Call<'a>) -> Result<Cow<'a, str>, Refusal<'a>> {
    let text = body::text(call.request)?;
    if body::is_json(call.request) {
        return Ok(text);
    }
    let detail = "Content-Type is not supported; send application/json";
    Err(Refusal::new(415, ErrorType::UnsupportedMediaType, detail))
}

fn answer<'a>(call: &Call<'a>, text: &'a str, watch: &mut StopWatch<'_>) -> Result<Outcome, Refusal<'a>> {
    let explain = call.explain()?;
    let mut readings = Readings::new(call);
    readings.read(text, watch)?;
    if readings.violations.is_empty() && readings.form == Some(ReadingForm::Raw) {
        readings.complete(call.model);
        watch.lap(Stage::Validate);
    }
    if !readings.violations.is_empty() {
        return Err(readings.violations.into());
    }
    let list = readings.interface.list;
    let scored = call.score(&readings.rows, explain, |row| Place::row(list, row))?;
    watch.lap(Stage::Score);
    let predictions = observe(call.model, &readings.rows, &scored);
    let body = readings.body(call, &scored, !predictions.out_of_range.is_empty());
    watch.lap(Stage::Encode);
    Ok(Outcome::predicted(body, predictions))
}

impl<'a> Readings<'a> {
    fn new(call: &Call<'a>) -> Self {
        let (model, interface) = (call.model, call.model.interface());
        let reader = RowReader::new(model, Coercion::Lax);
        let names = model.features().map(|feature| feature.name());
        Self {
            names: names.chain([interface.group, interface.time]).collect(),
            is_derived: (0..model.feature_count()).map(|feature| model.is_derived(feature)).collect(),
            reader,
            interface,
            form: None,
            rows: Rows::default(),
            violations: Violations::default(),
            groups: Vec::new(),
            times: Vec::new(),
        }
    }

    fn read(&mut self, text: &'a str, watch: &mut StopWatch<'_>) -> Result<(), Refusal<'a>> {
        let list = self.interface.list;
        let mut reader = Reader::new(text);
        if reader.next_type()? != JsonType::Object {
            reader.skip()?;
            reader.end()?;
            self.violations.add(InputRule::NotAnObject, Place::default(), Some(text.trim()));
            return Ok(());
        }
        let mut occurrences = 0;
        reader.begin_object()?;
        while let Some(key) = reader.next_key()? {
            if key != list {
                reader.skip()?;
                continue;
            }
            occurrences += 1;
            match reader.next_type()? {
                JsonType::Array if occurrences == 1 => self.read_list(&mut reader, watch)?,
                JsonType::Array => _ = reader.skip()?,
                _ => self.violations.add(
                    InputRule::NotAList,
                    Place::default().field(list),
                    Some(reader.skip()?),
                ),
            }
        }
        reader.end()?;
        match occurrences {
            0 => self.violations.add(InputRule::Missing, Place::default().field(list), Some(text.trim())),
            1 => {}
            _ => self.violations.add(InputRule::repeated(), Place::default().field(list), None),
        }
        watch.lap(Stage::Parse);
        Ok(())
    }

    fn read_list(&mut self, reader: &mut Reader<'a>, watch: &mut StopWatch<'_>) -> Result<(), Refusal<'a>> {
        reader.begin_array()?;
        let (mut fields, mut row, mut more) = (Fields::default(), 0, true);
        while more {
            more = fields.read_chunk(reader, &self.names)?;
            watch.lap(Stage::Parse);
            if row + fields.len() > limits::BATCH_ROWS {
                return Err(Refusal::too_large(format!(
                    "A request has at most {} readings",
                    limits::BATCH_ROWS
                )));
            }
            for (element, inputs) in fields.iter() {
                self.read_reading(element, inputs, Place::row(self.interface.list, row));
                row += 1;
            }
            watch.lap(Stage::Validate);
        }
        if row == 0 {
            let rule =
                InputRule::own("too_short", "List should have at least 1 item after validation, not 0");
            self.violations.add(rule, Place::default().field(self.interface.list), Some("[]"));
        }
        Ok(())
    }

    /// Adds a reading, or the rules that it breaks.
    fn read_reading(&mut self, element: Element<'a>, inputs: &[Option<&'a str>], place: Place<'a>) {
        if !element.is_object {
            return self.violations.add(InputRule::NotAnObject, place, Some(element.text));
        }
        if let Some(name) = element.repeated.and_then(|index| self.names.get(index)) {
            self.violations.add(InputRule::repeated(), place.field(name), None);
        }
        let is_complete = !self.is_derived.contains(&true)
            || self.is_derived.iter().zip(inputs).any(|(is_derived, input)| *is_derived && input.is_some());
        let form = if is_complete { ReadingForm::Complete } else { ReadingForm::Raw };
        if *self.form.get_or_insert(form) != form {
            let rule = "A request holds raw readings or readings with all derived features, not both";
            return self.violations.add(InputRule::own("mixed_forms", rule), place, None);
        }
        self.read_values(form, element, inputs, place);
        let fields = inputs.len() - 2;
        self.read_group(inputs[fields], place);
        if form == ReadingForm::Raw {
            self.read_time(inputs[fields + 1], element, place);
        }
    }

    fn read_values(
        &mut self,
        form: ReadingForm,
        element: Element<'a>,
        inputs: &[Option<&'a str>],
        place: Place<'a>,
    ) {
        for ((feature, is_derived), input) in self.reader.features.iter().zip(&self.is_derived).zip(inputs) {
            let read = match (form, *input) {
                (ReadingForm::Raw, None | Some("null")) => Ok(f64::NAN),
                (ReadingForm::Raw, Some(_)) if *is_derived => Ok(f64::NAN),
                (ReadingForm::Complete, None) => Err(InputRule::Missing),
                (_, Some(text)) => values::read(feature, text, Coercion::Lax)
                    .and_then(|value| values::check_bounds(feature, value).map_or(Ok(value), Err))
                    .and_then(|value| if form == ReadingForm::Raw { check_raw(value) } else { Ok(value) }),
            };
            self.rows.values.push(read.unwrap_or_else(|rule| {
                self.violations.add(rule, place.field(feature.name()), Some(input.unwrap_or(element.text)));
                f64::NAN
            }));
        }
    }

    /// The group is a text, `null` or absent.
    fn read_group(&mut self, input: Option<&'a str>, place: Place<'a>) {
        let input = input.filter(|text| *text != "null");
        let group = input.and_then(values::string);
        if input.is_some() && group.is_none() {
            self.violations.add(InputRule::Text, place.field(self.interface.group), input);
        }
        self.groups.push(group);
    }

    /// The time of a raw reading: a text or seconds since 1970.
    fn read_time(&mut self, input: Option<&'a str>, element: Element<'a>, place: Place<'a>) {
        let place = place.field(self.interface.time);
        let seconds = input.and_then(|input| match values::string(input) {
            Some(text) => timestamp::seconds(&text),
            None => Reader::new(input).number().ok().filter(|seconds| seconds.abs() <= GREATEST_SECONDS),
        });
        match (input, seconds) {
            (None, _) => self.violations.add(InputRule::Missing, place, Some(element.text)),
            (Some(input), None) => {
                let rule = "Input should be a time as YYYY-MM-DDThh:mm:ssZ, or seconds since 1970";
                self.violations.add(InputRule::own("datetime_parsing", rule), place, Some(input));
            }
            (Some(_), Some(_)) => {}
        }
        self.times.push(seconds.unwrap_or_default());
    }

    /// Completes the rows. Two readings of a group at the same time, and a sensor without any value in a group,
    /// are violations.
    fn complete(&mut self, model: &Model<'a>) {
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
            self.check_times(group);
            self.complete_group(group, &derivations, &mut series);
        }
    }

    fn check_times(&mut self, group: &[usize]) {
        for pair in group.windows(2) {
            if self.times[pair[0]] == self.times[pair[1]] {
                let later = pair[0].max(pair[1]);
                let rule =
                    InputRule::own("duplicate_time", "Another reading of the same group has the same time");
                self.violations.add(
                    rule,
                    Place::row(self.interface.list, later).field(self.interface.time),
                    None,
                );
            }
        }
    }

    fn complete_group(&mut self, group: &[usize], derivations: &[Derivation], series: &mut Vec<f64>) {
        let width = self.is_derived.len();
        series.clear();
        for row in group {
            let values = &self.rows.values[row * width..(row + 1) * width];
            series.extend_from_slice(values);
            let missing =
                values.iter().zip(&self.is_derived).map(|(value, derived)| value.is_nan() && !derived);
            for (filled, is_missing) in self.rows.filled.iter_mut().zip(missing) {
                *filled += u32::from(is_missing);
            }
        }
        match derive(width, derivations, series) {
            Ok(()) => {
                for (row, values) in group.iter().zip(series.chunks_exact(width)) {
                    self.rows.values[row * width..(row + 1) * width].copy_from_slice(values);
                }
            }
            Err(no_value) => {
                let rule =
                    InputRule::own("no_value", "No reading of the group has a value to fill the gap with");
                let first = group.iter().min().copied().unwrap_or_default();
                let place = Place::row(self.interface.list, first);
                let name = self.names.get(no_value.feature).copied().unwrap_or_default();
                self.violations.add(rule, place.field(name), None);
            }
        }
    }

    /// The answer, in the form of the service that this replaces; with warnings if there are any.
    fn body(&self, call: &Call<'_>, scored: &Scored, warn: bool) -> Vec<u8> {
        let mut body = Vec::with_capacity(112 * scored.scores.len() + 64);
        body.extend_from_slice(b"{\"error\":null,\"model_version\":");
        push_string(&mut body, call.model.version());
        body.extend_from_slice(b",\"predictions\":[");
        for (row, (group, score)) in self.groups.iter().zip(&scored.scores).enumerate() {
            body.extend_from_slice(if row > 0 { b",{" } else { b"{" });
            if !self.interface.group.is_empty() {
                push_string(&mut body, self.interface.group);
                body.push(b':');
                match group {
                    Some(group) => push_string(&mut body, group),
                    None => body.extend_from_slice(b"null"),
                }
                body.push(b',');
            }
            push_string(&mut body, self.interface.prediction);
            body.push(b':');
            push_integer(&mut body, scored.prediction(call.model, row).class);
            body.push(b',');
            push_string(&mut body, self.interface.score);
            body.push(b':');
            push_float(&mut body, *score);
            if warn {
                push_warnings(&mut body, call.model, &self.rows, row);
            }
            scored.push_explanation(&mut body, call.model, &self.rows, row);
            body.push(b'}');
        }
        body.extend_from_slice(b"]}");
        body
    }
}

/// The bound of a raw value, so that changes and deviations are finite.
fn check_raw(value: f64) -> Result<f64, InputRule> {
    if value > limits::RAW_VALUE {
        Err(InputRule::AtMost(limits::RAW_VALUE))
    } else if value < -limits::RAW_VALUE {
        Err(InputRule::AtLeast(-limits::RAW_VALUE))
    } else {
        Ok(value)
    }
}
