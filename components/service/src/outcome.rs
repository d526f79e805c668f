//! What a route makes of a request.

use std::borrow::Cow;

pub(crate) use portent_event::Stage;
use portent_event::{Durations, ErrorType, Predictions};

use crate::exchange::{Clock, Header, Response};
use crate::refusal::{ErrorForm, Refusal};

/// An answer and what it adds to the counts.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) response: Response,
    pub(crate) error: Option<ErrorType>,
    pub(crate) durations: Durations,
    pub(crate) predictions: Option<Box<Predictions<'static>>>,
}

/// Measures the stages of a request.
#[derive(Clone, Copy)]
pub(crate) struct StopWatch<'c> {
    clock: &'c dyn Clock,
    last: u64,
    durations: Durations,
}

impl Outcome {
    pub(crate) fn new(response: Response) -> Self {
        Self { response, error: None, durations: Durations::default(), predictions: None }
    }

    pub(crate) fn json(status: u16, body: Vec<u8>) -> Self {
        Self::new(Response::json(status, body))
    }

    /// 200 with a JSON body.
    pub(crate) fn ok(body: &serde_json::Value) -> Self {
        Self::json(200, body.to_string().into_bytes())
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self::new(Response { status, headers: Vec::new(), body: Vec::new() })
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        let header: Header = (name, value.into());
        self.response.headers.push(header);
        self
    }
}

impl<'c> StopWatch<'c> {
    pub(crate) fn start(clock: &'c dyn Clock) -> Self {
        Self { clock, last: clock.now(), durations: Durations::default() }
    }

    /// The time since the last look belongs to this stage; a stage may take place in several parts.
    pub(crate) fn lap(&mut self, stage: Stage) {
        let now = self.clock.now();
        let time = now.saturating_sub(std::mem::replace(&mut self.last, now));
        let sum = self.durations.stage_mut(stage);
        *sum = Some(sum.unwrap_or_default() + time);
    }

    /// The outcome with its stages; a refusal in the form of the dialect.
    pub(crate) fn stop(self, result: Result<Outcome, Refusal<'_>>, form: ErrorForm) -> Outcome {
        let outcome = result.unwrap_or_else(|refusal| refusal.into_outcome(form));
        Outcome { durations: self.durations, ..outcome }
    }
}
