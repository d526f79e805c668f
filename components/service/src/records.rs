//! Applications that take records: `/predict` one object, `/predict/batch` a list of them.

mod answer;
mod envelope;

use crate::body;
use crate::call::Call;
use crate::coding::Coding;
use crate::fields::Fields;
use crate::json::Reader;
use crate::limits;
use crate::outcome::{Outcome, Stage, StopWatch};
use crate::refusal::{ErrorForm, Refusal};
use crate::rows::{RowReader, Rows};
use crate::scoring::{Scored, score};
use crate::values::Coercion;
use crate::violation::{Place, Rule, Violations};

use answer::Answer;
use envelope::Envelope;

/// Answers one row.
pub(crate) fn single(call: &Call<'_>) -> Outcome {
    let mut watch = StopWatch::start(call.clock);
    match text(call) {
        Ok(text) => {
            let result = read_single(call, &text, &mut watch);
            watch.stop(result, ErrorForm::Detail)
        }
        Err(refusal) => watch.stop(Err(refusal), ErrorForm::Detail),
    }
}

/// Answers many rows; one broken row refuses the batch, and each broken row is named.
pub(crate) fn batch(call: &Call<'_>) -> Outcome {
    let mut watch = StopWatch::start(call.clock);
    match text(call) {
        Ok(text) => {
            let result = read_batch(call, &text, &mut watch);
            watch.stop(result, ErrorForm::Detail)
        }
        Err(refusal) => watch.stop(Err(refusal), ErrorForm::Detail),
    }
}

fn read_single<'a>(
    call: &Call<'a>,
    text: &'a str,
    watch: &mut StopWatch<'_>,
) -> Result<Outcome, Refusal<'a>> {
    let explain = call.explain()?;
    let row_reader = RowReader::new(call.model, Coercion::Lax);
    let fields = Fields::of_text(text, row_reader.names())?;
    watch.lap(Stage::Parse);
    let (mut violations, mut rows) = (Violations::default(), Rows::default());
    for element in fields.iter() {
        row_reader.read(element, None, Place::default(), &mut violations, &mut rows);
    }
    watch.lap(Stage::Validate);
    let scored = scored(call, &rows, explain, violations, watch, |_| Place::default())?;
    let answer = Answer { call, reader: &row_reader, rows: &rows, scored };
    Ok(answer.written(watch, |body, warn| answer.push(body, 0, warn)))
}

fn read_batch<'a>(call: &Call<'a>, text: &'a str, watch: &mut StopWatch<'_>) -> Result<Outcome, Refusal<'a>> {
    let explain = call.explain()?;
    let row_reader = RowReader::new(call.model, Coercion::Lax);
    let list = call.model.interface().list;
    let mut violations = Violations::default();
    let envelope = Envelope::read(text, list)?;
    let stated = envelope.coding(&row_reader, &mut violations);
    let rows = match envelope.list {
        Some(text) if text.starts_with('[') => {
            let mut batch = Batch { reader: &row_reader, stated, list, rows: Rows::default() };
            batch.read(text, &mut violations, watch)?;
            batch.rows
        }
        Some(text) => {
            violations.add(Rule::NotAList, Place::default().field(list), Some(text));
            Rows::default()
        }
        None if envelope.is_object => {
            violations.add(Rule::Missing, Place::default().field(list), Some(text.trim()));
            Rows::default()
        }
        None => {
            violations.add(Rule::NotAnObject, Place::default(), Some(text.trim()));
            Rows::default()
        }
    };
    let scored = scored(call, &rows, explain, violations, watch, |row| Place::row(list, row))?;
    let answer = Answer { call, reader: &row_reader, rows: &rows, scored };
    Ok(answer.written(watch, |body, warn| {
        body.extend_from_slice(b"{\"predictions\":[");
        for row in 0..answer.scored.scores.len() {
            if row > 0 {
                body.push(b',');
            }
            answer.push(body, row, warn);
        }
        body.extend_from_slice(format!("],\"count\":{}}}", answer.scored.scores.len()).as_bytes());
    }))
}

/// Reads the rows of a batch.
struct Batch<'b, 'm> {
    reader: &'b RowReader<'m>,
    stated: Option<Coding>,
    list: &'m str,
    rows: Rows,
}

impl<'m> Batch<'_, 'm> {
    fn read<'a>(
        &mut self,
        text: &'a str,
        violations: &mut Violations<'a>,
        watch: &mut StopWatch<'_>,
    ) -> Result<(), Refusal<'a>>
    where
        'm: 'a,
    {
        let mut reader = Reader::new(text);
        reader.begin_array()?;
        let (mut fields, mut row, mut more) = (Fields::default(), 0, true);
        while more {
            more = fields.read_chunk(&mut reader, self.reader.names())?;
            watch.lap(Stage::Parse);
            if row + fields.len() > limits::BATCH_ROWS {
                return Err(Refusal::too_large(format!("A batch has at most {} rows", limits::BATCH_ROWS)));
            }
            for element in fields.iter() {
                let place = Place::row(self.list, row);
                self.reader.read(element, self.stated, place, violations, &mut self.rows);
                row += 1;
            }
            watch.lap(Stage::Validate);
        }
        Ok(())
    }
}

/// The body, if it is JSON by its headers.
fn text<'a>(call: &Call<'a>) -> Result<std::borrow::Cow<'a, str>, Refusal<'a>> {
    let text = body::text(call.request)?;
    if text.is_empty() {
        return Err(Violations::one(Rule::Missing, Place::default(), None).into());
    }
    if !body::is_json(call.request) {
        return Err(Violations::one(Rule::NotAnObject, Place::default(), None).into());
    }
    Ok(text)
}

/// Scores rows, if all of them are valid.
fn scored<'a>(
    call: &Call<'a>,
    rows: &Rows,
    explain: bool,
    violations: Violations<'a>,
    watch: &mut StopWatch<'_>,
    place: impl Fn(usize) -> Place<'a>,
) -> Result<Scored, Refusal<'a>> {
    if !violations.is_empty() {
        return Err(violations.into());
    }
    let scored = score(call.model, rows, explain, place)?;
    watch.lap(Stage::Score);
    Ok(scored)
}
