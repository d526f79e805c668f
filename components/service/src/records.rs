//! Applications that take records: `/predict` one object, `/predict/batch` a list of them.

mod answer;
mod envelope;

use crate::body;
use crate::call::Call;
use crate::coding::Coding;
use crate::fields::Fields;
use crate::json::{Reader, push_integer};
use crate::limits;
use crate::outcome::{Outcome, Stage, StopWatch};
use crate::plain::PlainRows;
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
    let (mut violations, mut rows) = (Violations::default(), Rows::default());
    if row_reader.read_plain(text, &mut rows) {
        watch.lap(Stage::Parse);
    } else {
        let fields = Fields::of_text(text, row_reader.names())?;
        watch.lap(Stage::Parse);
        for element in fields.iter() {
            row_reader.read(element, None, Place::default(), &mut violations, &mut rows);
        }
    }
    watch.lap(Stage::Validate);
    let scored = scored(call, &rows, explain, violations, watch, |_| Place::default())?;
    let answer = Answer { call, reader: &row_reader, rows: &rows, scored };
    Ok(answer.written(watch, |body, frame, warn| answer.push(body, frame, 0, warn)))
}

fn read_batch<'a>(call: &Call<'a>, text: &'a str, watch: &mut StopWatch<'_>) -> Result<Outcome, Refusal<'a>> {
    let explain = call.explain()?;
    let row_reader = RowReader::new(call.model, Coercion::Lax);
    let list = call.model.interface().list;
    let mut passed = *watch;
    let (rows, violations) = match Batch::in_one_pass(&row_reader, list, text, &mut passed) {
        Some(read) => {
            *watch = passed;
            read
        }
        None => Batch::by_envelope(&row_reader, list, text, watch)?,
    };
    let scored = scored(call, &rows, explain, violations, watch, |row| Place::row(list, row))?;
    let answer = Answer { call, reader: &row_reader, rows: &rows, scored };
    Ok(answer.written(watch, |body, frame, warn| {
        body.extend_from_slice(b"{\"predictions\":[");
        for row in 0..answer.scored.scores.len() {
            if row > 0 {
                body.push(b',');
            }
            answer.push(body, frame, row, warn);
        }
        body.extend_from_slice(b"],\"count\":");
        push_integer(body, answer.scored.scores.len());
        body.push(b'}');
    }))
}

/// Reads the rows of a batch.
struct Batch<'b, 'm> {
    reader: &'b RowReader<'m>,
    stated: Option<Coding>,
    list: &'m str,
    rows: Rows,
}

impl<'b, 'm> Batch<'b, 'm> {
    /// Reads the body where it is an object that holds the list once and states no coding: most do. `None` for any
    /// other body, broken ones among them, of which nothing may be judged before its end.
    fn in_one_pass<'a>(
        row_reader: &'b RowReader<'m>,
        list: &'m str,
        text: &'a str,
        watch: &mut StopWatch<'_>,
    ) -> Option<(Rows, Violations<'a>)>
    where
        'm: 'a,
    {
        let (mut reader, mut violations) = (Reader::new(text), Violations::default());
        let mut batch = Self { reader: row_reader, stated: None, list, rows: Rows::default() };
        let mut is_read = false;
        reader.begin_object().ok()?;
        while let Some(key) = reader.next_key().ok()? {
            if key == list && !std::mem::replace(&mut is_read, true) {
                batch.read(&mut reader, &mut violations, watch).ok()?;
            } else if key == list || key == envelope::ENCODING {
                return None;
            } else {
                reader.skip().ok()?;
            }
        }
        reader.end().ok()?;
        is_read.then_some((batch.rows, violations))
    }

    /// Reads any body: first what it holds, then the rows.
    fn by_envelope<'a>(
        row_reader: &'b RowReader<'m>,
        list: &'m str,
        text: &'a str,
        watch: &mut StopWatch<'_>,
    ) -> Result<(Rows, Violations<'a>), Refusal<'a>>
    where
        'm: 'a,
    {
        let mut violations = Violations::default();
        let envelope = Envelope::read(text, list)?;
        let stated = envelope.coding(row_reader, &mut violations);
        let mut batch = Self { reader: row_reader, stated, list, rows: Rows::default() };
        match envelope.list {
            Some(text) if text.starts_with('[') => {
                batch.read(&mut Reader::new(text), &mut violations, watch)?;
            }
            Some(text) => violations.add(Rule::NotAList, Place::default().field(list), Some(text)),
            None if envelope.is_object => {
                violations.add(Rule::Missing, Place::default().field(list), Some(text.trim()));
            }
            None => violations.add(Rule::NotAnObject, Place::default(), Some(text.trim())),
        }
        Ok((batch.rows, violations))
    }

    fn read<'a>(
        &mut self,
        reader: &mut Reader<'a>,
        violations: &mut Violations<'a>,
        watch: &mut StopWatch<'_>,
    ) -> Result<(), Refusal<'a>>
    where
        'm: 'a,
    {
        reader.begin_array()?;
        let (mut plain, mut fields) = (PlainRows::new(self.reader), Fields::default());
        let (mut row, mut more) = (0, true);
        while more {
            fields.clear(0);
            more = plain.read_chunk(reader)?;
            if more && plain.len() == 0 {
                more = fields.read_chunk(reader, self.reader.names())?;
            }
            watch.lap(Stage::Parse);
            if row + plain.len() + fields.len() > limits::BATCH_ROWS {
                return Err(Refusal::too_large(format!("A batch has at most {} rows", limits::BATCH_ROWS)));
            }
            for (values, text) in plain.iter() {
                if !plain.add(values, self.stated, &mut self.rows) {
                    self.add(&Fields::of_text(text, self.reader.names())?, row, violations);
                }
                row += 1;
            }
            self.add(&fields, row, violations);
            row += fields.len();
            watch.lap(Stage::Validate);
        }
        Ok(())
    }

    /// Adds the rows that elements are, the first of which is the one with this index.
    fn add<'a>(&mut self, fields: &Fields<'a>, first: usize, violations: &mut Violations<'a>)
    where
        'm: 'a,
    {
        for (row, element) in (first..).zip(fields.iter()) {
            let place = Place::row(self.list, row);
            self.reader.read(element, self.stated, place, violations, &mut self.rows);
        }
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
    let scored = score(call, rows, explain, place)?;
    watch.lap(Stage::Score);
    Ok(scored)
}
