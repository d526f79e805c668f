//! Violations as bodies of answers.

use crate::json::{push_number, push_string};
use crate::limits;
use crate::violation::{Part, Place, Rule, Violation, Violations};

use super::{ErrorForm, text_body};

/// Most violations that fit one sentence.
const IN_ONE_SENTENCE: usize = 10;

/// The body that tells what is broken.
pub(super) fn body(violations: &Violations<'_>, form: ErrorForm) -> Vec<u8> {
    match form {
        ErrorForm::Detail => list(b"{\"detail\":[", violations, true),
        ErrorForm::Details => {
            let is_syntax =
                violations.listed().iter().any(|violation| matches!(violation.rule, Rule::Syntax(_)));
            let error = if is_syntax { "Could not parse input JSON" } else { "Invalid input format" };
            list(format!("{{\"error\":\"{error}\",\"details\":[").as_bytes(), violations, false)
        }
        ErrorForm::Message | ErrorForm::Code => text_body(400, &sentence(violations), form),
    }
}

/// A list in pydantic's form. Places begin with the part of the request where that is FastAPI's way.
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
    let kind = violation.rule.kind();
    out.extend_from_slice(b"{\"type\":");
    push_string(out, kind);
    out.extend_from_slice(b",\"loc\":");
    push_place(out, &violation.place, with_part);
    out.extend_from_slice(b",\"msg\":");
    push_string(out, &violation.rule.message());
    out.extend_from_slice(b",\"input\":");
    // Numbers beyond f64 are JSON, but the client's own parser may refuse them.
    let is_plain = |input: &str| serde_json::from_str::<serde_json::Value>(input).is_ok();
    let input = violation.input.filter(|input| input.len() <= limits::ECHOED_INPUT_BYTES && is_plain(input));
    out.extend_from_slice(input.unwrap_or("null").as_bytes());
    push_context(out, &violation.rule);
    if violation.rule.is_pydantic() {
        out.extend_from_slice(b",\"url\":\"https://errors.pydantic.dev/2.5/v/");
        out.extend_from_slice(kind.as_bytes());
        out.push(b'"');
    }
    out.push(b'}');
}

fn push_place(out: &mut Vec<u8>, place: &Place<'_>, with_part: bool) {
    let part = match place.part {
        Part::Query => Some("query"),
        Part::Body => with_part.then_some("body"),
        Part::Lines => None,
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

fn push_context(out: &mut Vec<u8>, rule: &Rule) {
    let bound = |out: &mut Vec<u8>, prefix: &[u8], bound: f64| {
        out.extend_from_slice(prefix);
        push_number(out, bound);
        out.push(b'}');
    };
    match rule {
        Rule::AtLeast(least) => bound(out, b",\"ctx\":{\"ge\":", *least),
        Rule::AtMost(most) => bound(out, b",\"ctx\":{\"le\":", *most),
        Rule::Syntax(message) => {
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
    let place = if part == Part::Lines {
        let field = field.map(|field| format!(", column {field}"));
        format!("line {}{}", row.unwrap_or_default(), field.unwrap_or_default())
    } else {
        let row = row.map(|row| format!("[{row}]")).unwrap_or_default();
        let dot = if field.is_some() && (list.is_some() || !row.is_empty()) { "." } else { "" };
        format!("{}{row}{dot}{}", list.unwrap_or_default(), field.unwrap_or_default())
    };
    let rule = match (&violation.rule, offset) {
        (Rule::Syntax(rule), Some(offset)) => format!("the body is not JSON at byte {offset}: {rule}"),
        (rule, _) => rule.message().into_owned(),
    };
    if place.is_empty() { rule } else { format!("{place}: {rule}") }
}
