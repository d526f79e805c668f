//! The one place where an error becomes HTTP, in the form of the dialect that was spoken.

mod listed;

use std::borrow::Cow;

use portent_event::ErrorType;

use crate::json::JsonError;
use crate::outcome::Outcome;
use crate::violation::Violations;

/// Why a request is not answered as asked.
#[derive(Debug)]
pub(crate) enum Refusal<'a> {
    /// Rules that the request breaks.
    Broken(Violations<'a>),
    /// Anything else: status, type and one sentence.
    Other(u16, ErrorType, Cow<'static, str>),
    /// A method that the route does not have; the header says which it has.
    Method(&'static str),
}

/// How a dialect tells an error.
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

    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        Self::Method(allow)
    }

    /// A 413.
    pub(crate) fn too_large(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(413, ErrorType::PayloadTooLarge, text)
    }

    /// A 400 with one sentence, for dialects without a list of violations.
    pub(crate) fn bad(text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(400, ErrorType::Validation, text)
    }

    /// The answer.
    pub(crate) fn into_outcome(self, form: ErrorForm) -> Outcome {
        let (status, error, body) = match &self {
            Self::Broken(violations) => {
                let status = if form == ErrorForm::Detail { 422 } else { 400 };
                (status, ErrorType::Validation, listed::body(violations, form))
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

/// One sentence in the dialect's form.
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
