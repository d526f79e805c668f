//! Errors as HTTP responses, in the form of the protocol of the request. No other module makes one.

use std::borrow::Cow;

use portent_event::ErrorType;

use crate::json::{JsonError, push_number, push_string};
use crate::limits;
use crate::outcome::Outcome;
use crate::violation::{InputRule, Place, RequestPart, Violation, Violations};

/// Most violations that fit one sentence.
const IN_ONE_SENTENCE: usize = 10;

/// Why a request is refused.
#[derive(Debug)]
pub(crate) enum Refusal<'a> {
    /// The request breaks rules.
    Broken(Violations<'a>),
    /// Anything else: status, type and one sentence.
    Other(u16, ErrorType, Cow<'static, str>),
    /// The route does not have the method; it has those of this header.
    Method(&'static str),
}

/// The form of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorForm {
    /// FastAPI's `{"detail": …}`; broken rules are 422.
    Detail,
    /// `{"error": text, "details": […]}`; broken rules are 400.
    Details,
    /// `{"error": text}`: Open Inference Protocol and V1.
    Message,
    /// `{"error_code": code, "message": text}`: MLflow.
    Code,
}

impl<'a> Refusal<'a> {
    pub(crate) fn new(status: u16, error: ErrorType, text: impl Into<Cow<'static, str>>) -> Self {
        Self::Other(status, error, text.into())
    }

    /// A 404.
    pub(crate) fn not_found() -> Self {
        Self::new(404, ErrorType::NotFound, "Not Found")
    }

    /// A 413.
    pub(crate) fn too_large(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(413, ErrorType::PayloadTooLarge, text)
    }

    /// A 400 with one sentence, for protocols without a list of violations.
    pub(crate) fn bad(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, ErrorType::Validation, text)
    }

    /// The answer.
    pub(crate) fn into_outcome(self, form: ErrorForm) -> Outcome {
        let (status, error, body) = match &self {
            Self::Broken(violations) => {
                let status = if form == ErrorForm::Detail { 422 } else { 400 };
                (status, ErrorType::Validation, violations_body(violations, form))
            }
            Self::Other(status, error, text) => (*status, *error, text_body(*status, text, form)),
            Self::Method(_) => (405, ErrorType::MethodNotAllowed, text_body(405, "Method Not Allowed", form)),
        };
        let outcome = Outcome { error: Some(error), ..Outcome::json(status, body) };
        match self {
            Self::Method(allow) => outcome.with_header("allow", allow),
            Self::Broken(_) | Self::Other(..) => outcome,
        }
    }
}

impl Refusal<'_> {
    /// 200 with a JSON body, or the refusal.
    pub(crate) fn into_answer(result: Result<serde_json::Value, Self>, form: ErrorForm) -> Outcome {
        result.map_or_else(|refusal| refusal.into_outcome(form), |body| Outcome::ok(&body))
    }
}

impl<'a> From<Violations<'a>> for Refusal<'a> {
    fn from(violations: Violations<'a>) -> Self {
        Self::Broken(violations)
    }
}

impl From<JsonError> for Refusal<'_> {
    fn from(error: JsonError) -> Self {
        Self::Broken(error.into())
    }
}

/// One sentence in this form.
fn text_body(status: u16, text: &str, form: ErrorForm) -> Vec<u8> {
    let body = match form {
        ErrorForm::Detail => serde_json::json!({ "detail": text }),
        ErrorForm::Details | ErrorForm::Message => serde_json::json!({ "error": text }),
        ErrorForm::Code => serde_json::json!({ "error_code": mlflow_code(status), "message": text }),
    };
    body.to_string().into_bytes()
}

/// Names of MLflow's `databricks_pb2.ErrorCode` for the statuses that they stand for there.
fn mlflow_code(status: u16) -> &'static str {
    match status {
        404 => "RESOURCE_DOES_NOT_EXIST",
        503 => "TEMPORARILY_UNAVAILABLE",
        500.. => "INTERNAL_ERROR",
        _ => "BAD_REQUEST",
    }
}

/// Broken rules in this form.
fn violations_body(violations: &Violations<'_>, form: ErrorForm) -> Vec<u8> {
    match form {
        ErrorForm::Detail => list(b"{\"detail\":[", violations, true),
        ErrorForm::Details => {
            let is_syntax =
                violations.listed().iter().any(|violation| matches!(violation.rule, InputRule::Syntax(_)));
            let error = if is_syntax { "Could not parse input JSON" } else { "Invalid input format" };
            list(format!("{{\"error\":\"{error}\",\"details\":[").as_bytes(), violations, false)
        }
        ErrorForm::Message | ErrorForm::Code => text_body(400, &sentence(violations), form),
    }
}

/// A list in pydantic's form. In FastAPI's form, a place begins with the part of the request.
fn list(prefix: &[u8], violations: &Violations<'_>, with_part: bool) -> Vec<u8> {
    let mut body = prefix.to_vec();
    for (index, violation) in violations.listed().iter().enumerate() {
        if index > 0 {
            body.push(b',');
        }
        push_violation(&mut body, violation, with_part);
    }
    if violations.left_out() > 0 {
        let message = format!("{} more errors are not listed", violations.left_out());
        body.extend_from_slice(b",{\"type\":\"too_many_errors\",\"loc\":");
        push_place(&mut body, &Place::default(), with_part);
        body.extend_from_slice(b",\"msg\":");
        push_string(&mut body, &message);
        body.push(b'}');
    }
    body.extend_from_slice(b"]}");
    body
}

fn push_violation(out: &mut Vec<u8>, violation: &Violation<'_>, with_part: bool) {
    let name = violation.rule.name();
    out.extend_from_slice(b"{\"type\":");
    push_string(out, name);
    out.extend_from_slice(b",\"loc\":");
    push_place(out, &violation.place, with_part);
    out.extend_from_slice(b",\"msg\":");
    push_string(out, &violation.rule.message());
    out.extend_from_slice(b",\"input\":");
    // Numbers out of the range of f64 are JSON, but the client's own parser may refuse them.
    let is_plain = |input: &str| serde_json::from_str::<serde_json::Value>(input).is_ok();
    let input = violation.input.filter(|input| input.len() <= limits::ECHOED_INPUT_BYTES && is_plain(input));
    out.extend_from_slice(input.unwrap_or("null").as_bytes());
    push_context(out, &violation.rule);
    if violation.rule.is_pydantic() {
        out.extend_from_slice(b",\"url\":\"https://errors.pydantic.dev/2.5/v/");
        out.extend_from_slice(name.as_bytes());
        out.push(b'"');
    }
    out.push(b'}');
}

fn push_place(out: &mut Vec<u8>, place: &Place<'_>, with_part: bool) {
    let part = match place.part {
        RequestPart::Query => Some("query"),
        RequestPart::Body => with_part.then_some("body"),
        RequestPart::Lines => None,
    };
    let start = out.len();
    for text in [part, place.list].into_iter().flatten() {
        out.push(b',');
        push_string(out, text);
    }
    if let Some(row) = place.row {
        out.extend_from_slice(format!(",{row}").as_bytes());
    }
    if let Some(field) = place.field {
        out.push(b',');
        push_string(out, field);
    }
    if let Some(offset) = place.offset {
        out.extend_from_slice(format!(",{offset}").as_bytes());
    }
    match out.get_mut(start) {
        Some(comma) => *comma = b'[',
        None => out.push(b'['),
    }
    out.push(b']');
}

fn push_context(out: &mut Vec<u8>, rule: &InputRule) {
    let bound = |out: &mut Vec<u8>, prefix: &[u8], bound: f64| {
        out.extend_from_slice(prefix);
        push_number(out, bound);
        out.push(b'}');
    };
    match rule {
        InputRule::AtLeast(least) => bound(out, b",\"ctx\":{\"ge\":", *least),
        InputRule::AtMost(most) => bound(out, b",\"ctx\":{\"le\":", *most),
        InputRule::Syntax(message) => {
            out.extend_from_slice(b",\"ctx\":{\"error\":");
            push_string(out, message);
            out.push(b'}');
        }
        _ => {}
    }
}

/// All in one sentence: `instances[3].age: Input should be …; …`.
fn sentence(violations: &Violations<'_>) -> String {
    let listed = violations.listed().iter().take(IN_ONE_SENTENCE).map(phrase);
    let mut sentence = listed.collect::<Vec<_>>().join("; ");
    let left_out = violations.count().saturating_sub(IN_ONE_SENTENCE);
    if left_out > 0 {
        sentence += &format!("; and {left_out} more");
    }
    sentence
}

fn phrase(violation: &Violation<'_>) -> String {
    let Place { part, list, row, field, offset } = violation.place;
    let place = if part == RequestPart::Lines {
        let field = field.map(|field| format!(", column {field}"));
        format!("line {}{}", row.unwrap_or_default(), field.unwrap_or_default())
    } else {
        let row = row.map(|row| format!("[{row}]")).unwrap_or_default();
        let dot = if field.is_some() && (list.is_some() || !row.is_empty()) { "." } else { "" };
        format!("{}{row}{dot}{}", list.unwrap_or_default(), field.unwrap_or_default())
    };
    let rule = match (&violation.rule, offset) {
        (InputRule::Syntax(rule), Some(offset)) => format!("the body is not JSON at byte {offset}: {rule}"),
        (rule, _) => rule.message().into_owned(),
    };
    if place.is_empty() { rule } else { format!("{place}: {rule}") }
}
