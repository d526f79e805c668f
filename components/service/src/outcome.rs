//! The result of a route: the response, and the parts of its event.

use std::borrow::Cow;

use portent_event::{Durations, ErrorType, Predictions};

use crate::exchange::Response;

/// Room for the type of the content, the identity of the request and its trace.
const USUAL_HEADERS: usize = 3;

/// An answer, and its share in the counts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) response: Response,
    pub(crate) error: Option<ErrorType>,
    pub(crate) durations: Durations,
    pub(crate) predictions: Option<Box<Predictions<'static>>>,
}

impl Outcome {
    pub(crate) fn new(response: Response) -> Self {
        Self { response, error: None, durations: Durations::default(), predictions: None }
    }

    pub(crate) fn json(status: u16, body: Vec<u8>) -> Self {
        let mut headers = Vec::with_capacity(USUAL_HEADERS);
        headers.push(("content-type", Cow::Borrowed("application/json")));
        Self::new(Response { status, headers, body })
    }

    /// 200 with a JSON body.
    pub(crate) fn ok(body: &serde_json::Value) -> Self {
        Self::json(200, body.to_string().into_bytes())
    }

    /// 200 with a JSON body that holds these predictions.
    pub(crate) fn predicted(body: Vec<u8>, predictions: Predictions<'static>) -> Self {
        Self { predictions: Some(Box::new(predictions)), ..Self::json(200, body) }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self::new(Response { status, headers: Vec::new(), body: Vec::new() })
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.response.headers.push((name, value.into()));
        self
    }
}
