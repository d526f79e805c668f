//! `/predict` and `/predict/batch`: named fields in, class and confidence out.

use portent_event::{Durations, ErrorType};
use portent_model::{Model, RowError};

use crate::exchange::{Body, Clock, Request};
use crate::json::{self, Unreadable, push_float, push_string};
use crate::limits;
use crate::observe::observe;
use crate::rows::{RowReader, Rows};
use crate::service::Outcome;
use crate::violation::{Place, Rule, Violation, Violations};

/// Names of a batch's fields.
const BATCH: [&str; 2] = ["patients", "encoding"];

/// Answers one row.
pub(crate) fn single(model: &Model<'_>, request: &Request<'_>, clock: &dyn Clock) -> Outcome {
    let mut watch = StopWatch::start(clock);
    let text = match json_body(request) {
        Ok(text) => text,
        Err(outcome) => return outcome,
    };
    let reader = RowReader::new(model);
    let (mut violations, mut rows) = (Violations::default(), Rows::default());
    let object = reader.fields(text, Place::default(), &mut violations);
    watch.durations.parse = watch.lap();
    if let Some(object) = object {
        reader.read(&object, text, None, Place::default(), &mut violations, &mut rows);
        watch.durations.validate = watch.lap();
    }
    finish(model, &reader, &rows, violations, watch, |body, answer| push_answer(body, &answer, 0))
}

/// Answers many rows; one broken row refuses the batch, and each broken row is named.
pub(crate) fn batch(model: &Model<'_>, request: &Request<'_>, clock: &dyn Clock) -> Outcome {
    let mut watch = StopWatch::start(clock);
    let text = match json_body(request) {
        Ok(text) => text,
        Err(outcome) => return outcome,
    };
    let reader = RowReader::new(model);
    let (mut violations, mut rows) = (Violations::default(), Rows::default());
    let (elements, stated) = match batch_fields(text, &reader, &mut violations) {
        Ok(Some(fields)) => fields,
        Ok(None) => return watch.stop(violations.into_outcome()),
        Err(outcome) => return watch.stop(outcome),
    };
    watch.durations.parse = watch.lap();
    for (row, element) in elements.iter().enumerate() {
        let place = Place { list: Some(BATCH[0]), row: Some(row), ..Place::default() };
        if let Some(object) = reader.fields(element, place, &mut violations) {
            reader.read(&object, element, stated, place, &mut violations, &mut rows);
        }
    }
    watch.durations.validate = watch.lap();
    finish(model, &reader, &rows, violations, watch, |body, answer| {
        body.extend_from_slice(b"{\"predictions\":[");
        for row in 0..answer.scores.len() {
            if row > 0 {
                body.push(b',');
            }
            push_answer(body, &answer, row);
        }
        body.extend_from_slice(format!("],\"count\":{}}}", answer.scores.len()).as_bytes());
    })
}

/// What an answer is written from.
struct Answer<'r> {
    model: Model<'r>,
    reader: &'r RowReader<'r>,
    rows: &'r Rows,
    scores: Vec<f64>,
}

/// Measures the stages of a request.
struct StopWatch<'c> {
    clock: &'c dyn Clock,
    last: u64,
    durations: Durations,
}

impl<'c> StopWatch<'c> {
    fn start(clock: &'c dyn Clock) -> Self {
        Self { clock, last: clock.now(), durations: Durations::default() }
    }

    fn lap(&mut self) -> Option<u64> {
        let now = self.clock.now();
        Some(now.saturating_sub(std::mem::replace(&mut self.last, now)))
    }

    fn stop(self, outcome: Outcome) -> Outcome {
        Outcome { durations: self.durations, ..outcome }
    }
}

/// Scores valid rows, writes the answer and counts what was predicted.
fn finish<'r>(
    model: &Model<'r>,
    reader: &'r RowReader<'r>,
    rows: &'r Rows,
    violations: Violations<'_>,
    mut watch: StopWatch<'_>,
    write: impl FnOnce(&mut Vec<u8>, Answer<'r>),
) -> Outcome {
    if !violations.is_empty() {
        return watch.stop(violations.into_outcome());
    }
    let scores = match score(model, rows) {
        Ok(scores) => scores,
        Err(outcome) => return watch.stop(outcome),
    };
    watch.durations.score = watch.lap();
    let predictions = observe(model, &rows.values, &scores);
    let mut body = Vec::with_capacity(96 * scores.len() + 32);
    write(&mut body, Answer { model: *model, reader, rows, scores });
    watch.durations.encode = watch.lap();
    watch.stop(Outcome { predictions: Some(Box::new(predictions)), ..Outcome::json(200, body) })
}

fn score(model: &Model<'_>, rows: &Rows) -> Result<Vec<f64>, Outcome> {
    let score = |(index, row): (usize, &[f64])| {
        model.score(row).map_err(|error| {
            let row = (rows.codings.len() > 1).then_some(index);
            not_scored(error, Place { list: row.map(|_| BATCH[0]), row, ..Place::default() })
        })
    };
    rows.values.chunks_exact(model.feature_count()).enumerate().map(score).collect()
}

/// Rows were validated, so only sums beyond the range of numbers are the client's doing.
fn not_scored(error: RowError, place: Place<'_>) -> Outcome {
    match error {
        RowError::Overflow => {
            Violations::from(Violation { rule: Rule::Overflow, place, input: None }).into_outcome()
        }
        RowError::Width { .. } | RowError::Missing(_) | RowError::NotFinite(_) => {
            Outcome::detail(500, ErrorType::Internal, "Prediction error: the row does not fit the model")
        }
    }
}

fn push_answer(body: &mut Vec<u8>, answer: &Answer<'_>, row: usize) {
    let score = answer.scores.get(row).copied().unwrap_or_default();
    let class = answer.model.predict(score);
    let is_positive = class == answer.model.positive_class();
    body.extend_from_slice(format!("{{\"prediction\":{class},\"confidence\":").as_bytes());
    push_float(body, if is_positive { score } else { 1.0 - score });
    body.extend_from_slice(b",\"model_name\":");
    push_string(body, answer.model.name());
    if let Some(name) = answer.rows.codings.get(row).and_then(|coding| answer.reader.codings.name(*coding)) {
        body.extend_from_slice(b",\"encoding\":");
        push_string(body, name);
    }
    body.push(b'}');
}

type BatchFields<'a> = (Vec<&'a str>, Option<crate::coding::Coding>);

/// The rows of a batch and the coding stated for all of them; `None` after adding violations.
fn batch_fields<'a>(
    text: &'a str,
    reader: &RowReader<'_>,
    violations: &mut Violations<'a>,
) -> Result<Option<BatchFields<'a>>, Outcome> {
    let names = if reader.codings.are_offered() { &BATCH[..] } else { &BATCH[..1] };
    let field = |index: usize| Place { field: Some(BATCH[index]), ..Place::default() };
    let object = match json::object(text, names) {
        Ok(object) => object,
        Err(unreadable) => {
            violations.unreadable(unreadable, Place::default(), Rule::NotAnObject, text);
            return Ok(None);
        }
    };
    if let Some(index) = object.repeated {
        violations.add(Rule::Repeated, field(index), None);
    }
    let stated = match object.values.get(1).copied().flatten().map(|text| (text, reader.named_coding(text))) {
        None => None,
        Some((_, Ok(coding))) => Some(coding),
        Some((text, Err(rule))) => {
            violations.add(rule, field(1), Some(text));
            None
        }
    };
    let Some(list) = object.values.first().copied().flatten() else {
        violations.add(Rule::Missing, field(0), Some(text));
        return Ok(None);
    };
    match json::array(list, limits::BATCH_ROWS) {
        Ok(array) if array.too_long => Err(Outcome::detail(
            413,
            ErrorType::PayloadTooLarge,
            &format!("A batch has at most {} rows", limits::BATCH_ROWS),
        )),
        Ok(array) => Ok(violations.is_empty().then_some((array.elements, stated))),
        Err(Unreadable::Syntax { .. } | Unreadable::OtherType) => {
            violations.add(Rule::NotAList, field(0), Some(list));
            Ok(None)
        }
    }
}

/// The body as text, if it is JSON by its headers and UTF-8.
fn json_body<'a>(request: &Request<'a>) -> Result<&'a str, Outcome> {
    let violation = |rule, offset, input| {
        let place = Place { offset, ..Place::default() };
        Violations::from(Violation { rule, place, input }).into_outcome()
    };
    let encoding = request.header("content-encoding").unwrap_or("identity");
    if !encoding.eq_ignore_ascii_case("identity") {
        let detail = "Content-Encoding is not supported; send the body as it is";
        return Err(Outcome::detail(415, ErrorType::UnsupportedMediaType, detail));
    }
    let bytes = match request.body {
        Body::Complete(bytes) => bytes,
        Body::TooLarge => {
            let detail = format!("A body has at most {} bytes", limits::BODY_BYTES);
            return Err(Outcome::detail(413, ErrorType::PayloadTooLarge, &detail));
        }
        Body::Broken => {
            return Err(Outcome::detail(400, ErrorType::Validation, "The body ended before its time"));
        }
    };
    if bytes.is_empty() {
        return Err(violation(Rule::Missing, None, None));
    }
    if !request.header("content-type").is_none_or(is_json) {
        return Err(violation(Rule::NotAnObject, None, None));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        violation(Rule::Syntax("invalid UTF-8".to_owned()), Some(error.valid_up_to()), Some("{}"))
    })
}

/// `application/json` and `application/*+json`, whatever their parameters; as FastAPI decides it.
fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let subtype = essence.strip_prefix("application/");
    subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}
