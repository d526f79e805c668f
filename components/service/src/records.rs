//! Applications that take records: `/predict` takes one object, `/predict/batch` a list of them.

use std::borrow::Cow;
use std::ops::Range;

use portent_event::Stage;
use portent_openapi::contract::ENCODING;

use crate::body;
use crate::call::Call;
use crate::coding::Coding;
use crate::explanation::push_warnings;
use crate::fields::{self, Fields};
use crate::json::{Reader, push_float, push_integer, push_string};
use crate::limits;
use crate::observe::observe;
use crate::outcome::Outcome;
use crate::refusal::{ErrorForm, Refusal};
use crate::rows::{PlainRows, RowReader, Rows};
use crate::scoring::Scored;
use crate::stop_watch::StopWatch;
use crate::values::Coercion;
use crate::violation::{InputRule, Place, Violations};

/// Answers one row.
pub(crate) fn single(call: &Call<'_>) -> Outcome {
    call.respond(ErrorForm::Detail, text, answer_single)
}

/// Answers many rows. One broken row refuses the batch, and each broken row is named.
pub(crate) fn batch(call: &Call<'_>) -> Outcome {
    call.respond(ErrorForm::Detail, text, answer_batch)
}

/// The body, if it is JSON by its headers.
fn text<'a>(call: &Call<'a>) -> Result<Cow<'a, str>, Refusal<'a>> {
    let text = body::text(call.request)?;
    if text.is_empty() {
        return Err(Violations::one(InputRule::Missing, Place::default(), None).into());
    }
    if !body::is_json(call.request) {
        return Err(Violations::one(InputRule::NotAnObject, Place::default(), None).into());
    }
    Ok(text)
}

fn answer_single<'a>(
    call: &Call<'a>,
    text: &'a str,
    watch: &mut StopWatch<'_>,
) -> Result<Outcome, Refusal<'a>> {
    let explain = call.explain()?;
    let reader = RowReader::new(call.model, Coercion::Lax);
    let (mut violations, mut rows) = (Violations::default(), Rows::default());
    if reader.read_plain(text, &mut rows) {
        watch.lap(Stage::Parse);
    } else {
        let fields = Fields::of_text(text, reader.names())?;
        watch.lap(Stage::Parse);
        for element in fields.iter() {
            reader.read(element, None, Place::default(), &mut violations, &mut rows);
        }
    }
    watch.lap(Stage::Validate);
    let scored = scored(call, &rows, explain, violations, watch, |_| Place::default())?;
    let answer = RecordAnswer { call, reader: &reader, rows: &rows, scored };
    Ok(answer.write(watch, |body, frame, warn| answer.push(body, frame, 0, warn)))
}

fn answer_batch<'a>(
    call: &Call<'a>,
    text: &'a str,
    watch: &mut StopWatch<'_>,
) -> Result<Outcome, Refusal<'a>> {
    let explain = call.explain()?;
    let reader = RowReader::new(call.model, Coercion::Lax);
    let list = call.model.interface().list;
    let mut passed = *watch;
    let batch = match Batch::new(&reader, list).read_in_one_pass(text, &mut passed) {
        Some(batch) => {
            *watch = passed;
            batch
        }
        None => Batch::new(&reader, list).read_by_members(text, watch)?,
    };
    let Batch { rows, violations, .. } = batch;
    let scored = scored(call, &rows, explain, violations, watch, |row| Place::row(list, row))?;
    let answer = RecordAnswer { call, reader: &reader, rows: &rows, scored };
    Ok(answer.write(watch, |body, frame, warn| {
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
    let scored = call.score(rows, explain, place)?;
    watch.lap(Stage::Score);
    Ok(scored)
}

/// Reads the rows of a batch.
struct Batch<'b, 'm, 'a> {
    reader: &'b RowReader<'m>,
    stated: Option<Coding>,
    list: &'m str,
    rows: Rows,
    violations: Violations<'a>,
}

impl<'b, 'm: 'a, 'a> Batch<'b, 'm, 'a> {
    fn new(reader: &'b RowReader<'m>, list: &'m str) -> Self {
        Self { reader, stated: None, list, rows: Rows::default(), violations: Violations::default() }
    }

    /// Reads a body that is an object, holds the list once and states no coding. Most do. `None` for any other body,
    /// broken ones among them, since those must be read to the end before a row is validated.
    fn read_in_one_pass(mut self, text: &'a str, watch: &mut StopWatch<'_>) -> Option<Self> {
        let (mut reader, mut is_read) = (Reader::new(text), false);
        reader.begin_object().ok()?;
        while let Some(key) = reader.next_key().ok()? {
            if key == self.list && !std::mem::replace(&mut is_read, true) {
                self.read(&mut reader, watch).ok()?;
            } else if key == self.list || key == ENCODING {
                return None;
            } else {
                reader.skip().ok()?;
            }
        }
        reader.end().ok()?;
        is_read.then_some(self)
    }

    /// Reads any body: first its members, then the rows.
    fn read_by_members(mut self, text: &'a str, watch: &mut StopWatch<'_>) -> Result<Self, Refusal<'a>> {
        let (names, whole) = ([self.list, ENCODING], Some(text.trim()));
        let (element, [rows, encoding]) = fields::members(text, &names)?;
        if let Some(name) = element.repeated.and_then(|index| names.get(index)) {
            self.violations.add(InputRule::repeated(), Place::default().field(name), None);
        }
        if let Some(text) = encoding.filter(|_| self.reader.codings.are_offered()) {
            match self.reader.named_coding(text) {
                Ok(coding) => self.stated = Some(coding),
                Err(rule) => self.violations.add(rule, Place::default().field(ENCODING), Some(text)),
            }
        }
        let place = Place::default().field(self.list);
        match rows {
            Some(text) if text.starts_with('[') => self.read(&mut Reader::new(text), watch)?,
            Some(text) => self.violations.add(InputRule::NotAList, place, Some(text)),
            None if element.is_object => self.violations.add(InputRule::Missing, place, whole),
            None => self.violations.add(InputRule::NotAnObject, Place::default(), whole),
        }
        Ok(self)
    }

    fn read(&mut self, reader: &mut Reader<'a>, watch: &mut StopWatch<'_>) -> Result<(), Refusal<'a>> {
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
                    self.add(&Fields::of_text(text, self.reader.names())?, row);
                }
                row += 1;
            }
            self.add(&fields, row);
            row += fields.len();
            watch.lap(Stage::Validate);
        }
        Ok(())
    }

    /// Adds the rows of elements; `first` is the index of the first.
    fn add(&mut self, fields: &Fields<'a>, first: usize) {
        for (row, element) in (first..).zip(fields.iter()) {
            let place = Place::row(self.list, row);
            self.reader.read(element, self.stated, place, &mut self.violations, &mut self.rows);
        }
    }
}

/// The parts of an answer.
struct RecordAnswer<'b, 'm> {
    call: &'b Call<'m>,
    reader: &'b RowReader<'m>,
    rows: &'b Rows,
    scored: Scored,
}

/// The text around the numbers in the answer, which is the same for every row.
struct Frame {
    text: Vec<u8>,
    /// The places of the class and of the confidence.
    numbers: [usize; 2],
}

impl RecordAnswer<'_, '_> {
    /// The answer, whose body `write` writes. It learns whether there are warnings.
    fn write(&self, watch: &mut StopWatch<'_>, write: impl FnOnce(&mut Vec<u8>, &Frame, bool)) -> Outcome {
        let predictions = observe(self.call.model, self.rows, &self.scored);
        let mut body = Vec::with_capacity(96 * self.scored.scores.len() + 32);
        write(&mut body, &self.frame(), !predictions.out_of_range.is_empty());
        watch.lap(Stage::Encode);
        Outcome::predicted(body, predictions)
    }

    /// Appends the answer for one row.
    fn push(&self, body: &mut Vec<u8>, frame: &Frame, row: usize, warn: bool) {
        let Self { call, reader, rows, scored } = self;
        let prediction = scored.prediction(call.model, row);
        let [to_class, to_confidence, to_end] = frame.parts();
        body.extend_from_slice(to_class);
        push_integer(body, prediction.class);
        body.extend_from_slice(to_confidence);
        push_float(body, prediction.confidence);
        body.extend_from_slice(to_end);
        if let Some(name) = rows.codings.get(row).and_then(|coding| reader.codings.name(*coding)) {
            body.extend_from_slice(b",\"encoding\":");
            push_string(body, name);
        }
        if warn {
            push_warnings(body, call.model, rows, row);
        }
        scored.push_explanation(body, call.model, rows, row);
        body.push(b'}');
    }

    fn frame(&self) -> Frame {
        let model = self.call.model;
        let interface = model.interface();
        let mut text = Vec::with_capacity(96);
        push_field(&mut text, b'{', interface.prediction);
        let class = text.len();
        push_field(&mut text, b',', interface.score);
        let confidence = text.len();
        push_field(&mut text, b',', "model_name");
        push_string(&mut text, model.name());
        Frame { text, numbers: [class, confidence] }
    }
}

impl Frame {
    fn parts(&self) -> [&[u8]; 3] {
        let [class, confidence] = self.numbers;
        let part = |range: Range<usize>| self.text.get(range).unwrap_or_default();
        [part(0..class), part(class..confidence), part(confidence..self.text.len())]
    }
}

fn push_field(out: &mut Vec<u8>, before: u8, name: &str) {
    out.push(before);
    push_string(out, name);
    out.push(b':');
}
