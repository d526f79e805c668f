//! The answers that the host gives itself. Clients learn what happened, the log learns why.

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use portent_event::ErrorType;

use super::answer_body::AnswerBody;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Why the host answers in place of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    NoRoute,
    BadHost,
    BodyTooLarge,
    BodyBrokenOff,
    BodyTimeout,
    Overloaded,
    Timeout,
    Trap,
    ScorerTimeout,
    ScorerTrap,
    NoAnswer,
}

impl Refusal {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::NoRoute => StatusCode::NOT_FOUND,
            Self::BadHost | Self::BodyBrokenOff => StatusCode::BAD_REQUEST,
            Self::BodyTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::BodyTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
            Self::Timeout | Self::ScorerTimeout => StatusCode::GATEWAY_TIMEOUT,
            Self::Trap | Self::ScorerTrap | Self::NoAnswer => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    pub(crate) fn error_type(self) -> ErrorType {
        match self {
            Self::NoRoute => ErrorType::NotFound,
            Self::BadHost | Self::BodyBrokenOff => ErrorType::Validation,
            Self::BodyTooLarge => ErrorType::PayloadTooLarge,
            Self::Overloaded => ErrorType::Overloaded,
            Self::BodyTimeout | Self::Timeout => ErrorType::Timeout,
            Self::Trap => ErrorType::Trap,
            Self::ScorerTimeout => ErrorType::ScorerTimeout,
            Self::ScorerTrap => ErrorType::ScorerTrap,
            Self::NoAnswer => ErrorType::Internal,
        }
    }

    fn detail(self) -> &'static str {
        match self {
            Self::NoRoute => "no component answers this path",
            Self::BadHost => "the Host header is not a host",
            Self::BodyTooLarge => "the body is larger than this server accepts",
            Self::BodyBrokenOff => "the body ended early",
            Self::BodyTimeout => "the body did not arrive in time",
            Self::Overloaded => "too many requests at once, try again",
            Self::Timeout => "the component did not answer in time",
            Self::Trap => "the component failed",
            Self::ScorerTimeout => "the scorer did not answer in time",
            Self::ScorerTrap => "the scorer failed",
            Self::NoAnswer => "the component gave no answer",
        }
    }

    pub(crate) fn into_response(self) -> Response<AnswerBody> {
        let mut response = json(self.status(), &serde_json::json!({ "detail": self.detail() }));
        if self == Self::Overloaded {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// An answer of JSON.
pub(crate) fn json(status: StatusCode, value: &serde_json::Value) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::from_bytes(Bytes::from(value.to_string())));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}
