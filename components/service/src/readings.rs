//! Applications that take lists of readings: every answer is a list.
//!
//! A reading is complete (all features, the derived ones computed by the client, as the service that this
//! replaces demanded) or raw (what the sensors said, with a time): then the derived features are computed here,
//! from the readings of the same group in the same request.

mod answer;
mod raw;
mod reading;

use std::borrow::Cow;

use portent_event::ErrorType;
use portent_model::Interface;

use crate::body;
use crate::call::Call;
use crate::fields::Fields;
use crate::json::{Kind, Reader};
use crate::limits;
use crate::outcome::{Outcome, Stage, StopWatch};
use crate::refusal::{ErrorForm, Refusal};
use crate::rows::{RowReader, Rows};
use crate::scoring::score;
use crate::values::Coercion;
use crate::violation::{Place, Rule, Violations};

/// Readings of a request.
struct Readings<'a> {
    reader: RowReader<'a>,
    interface: Interface<'a>,
    /// Names of the fields: the features, the group, the time.
    names: Vec<&'a str>,
    is_derived: Vec<bool>,
    form: Option<Form>,
    rows: Rows,
    groups: Vec<Option<Cow<'a, str>>>,
    /// Seconds since 1970; of raw readings only.
    times: Vec<f64>,
}

/// What a reading holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Complete,
    Raw,
}

/// Answers a list of readings.
pub(crate) fn predict(call: &Call<'_>) -> Outcome {
    let mut watch = StopWatch::start(call.clock);
    match text(call) {
        Ok(text) => {
            let result = answer(call, &text, &mut watch);
            watch.stop(result, ErrorForm::Details)
        }
        Err(refusal) => watch.stop(Err(refusal), ErrorForm::Details),
    }
}

/// The body, if it is JSON by its headers.
fn text<'a>(call: &Call<'a>) -> Result<Cow<'a, str>, Refusal<'a>> {
    let text = body::text(call.request)?;
    if body::is_json(call.request) {
        Ok(text)
    } else {
        let detail = "Content-Type is not supported; send application/json";
        Err(Refusal::new(415, ErrorType::UnsupportedMediaType, detail))
    }
}

fn answer<'a>(call: &Call<'a>, text: &'a str, watch: &mut StopWatch<'_>) -> Result<Outcome, Refusal<'a>> {
    let explain = call.explain()?;
    let mut readings = Readings::new(call);
    let mut violations = Violations::default();
    readings.read(text, &mut violations, watch)?;
    if violations.is_empty() && readings.form == Some(Form::Raw) {
        readings.complete(call.model, &mut violations);
        watch.lap(Stage::Validate);
    }
    if !violations.is_empty() {
        return Err(violations.into());
    }
    let list = readings.interface.list;
    let scored = score(call, &readings.rows, explain, |row| Place::row(list, row))?;
    watch.lap(Stage::Score);
    let predictions = scored.observed(call.model, &readings.rows);
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
            groups: Vec::new(),
            times: Vec::new(),
        }
    }

    fn read(
        &mut self,
        text: &'a str,
        violations: &mut Violations<'a>,
        watch: &mut StopWatch<'_>,
    ) -> Result<(), Refusal<'a>> {
        let list = self.interface.list;
        let mut reader = Reader::new(text);
        if reader.kind()? != Kind::Object {
            reader.skip()?;
            reader.end()?;
            violations.add(Rule::NotAnObject, Place::default(), Some(text.trim()));
            return Ok(());
        }
        let mut times_seen = 0;
        reader.begin_object()?;
        while let Some(key) = reader.next_key()? {
            if key != list {
                reader.skip()?;
                continue;
            }
            times_seen += 1;
            match reader.kind()? {
                Kind::Array if times_seen == 1 => self.read_list(&mut reader, violations, watch)?,
                Kind::Array => _ = reader.skip()?,
                _ => violations.add(Rule::NotAList, Place::default().field(list), Some(reader.skip()?)),
            }
        }
        reader.end()?;
        match times_seen {
            0 => violations.add(Rule::Missing, Place::default().field(list), Some(text.trim())),
            1 => {}
            _ => violations.add(Rule::repeated(), Place::default().field(list), None),
        }
        watch.lap(Stage::Parse);
        Ok(())
    }

    fn read_list(
        &mut self,
        reader: &mut Reader<'a>,
        violations: &mut Violations<'a>,
        watch: &mut StopWatch<'_>,
    ) -> Result<(), Refusal<'a>> {
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
                self.read_reading(element, inputs, Place::row(self.interface.list, row), violations);
                row += 1;
            }
            watch.lap(Stage::Validate);
        }
        if row == 0 {
            let rule = Rule::own("too_short", "List should have at least 1 item after validation, not 0");
            violations.add(rule, Place::default().field(self.interface.list), Some("[]"));
        }
        Ok(())
    }
}
