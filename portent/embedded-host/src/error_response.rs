//! Responses of the host itself. They tell the client what happened; the log tells why.

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};
use portent_event::ErrorType;

use crate::response_body::ResponseBody;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Why the host responds in place of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorResponse {
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
    NoResponse,
}

impl ErrorResponse {
    pub(crate) fn status(self) -> StatusCode {
        StatusCode::from_u16(self.parts().0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn error_type(self) -> ErrorType {
        self.parts().1
    }

    /// The status, the reported error, and the text for the client.
    fn parts(self) -> (u16, ErrorType, &'static str) {
        use ErrorType as Type;
        match self {
            Self::NoRoute => (404, Type::NotFound, "no component answers this path"),
            Self::BadHost => (400, Type::Validation, "the Host header is not a host"),
            Self::BodyTooLarge => (413, Type::PayloadTooLarge, "the body is larger than this server accepts"),
            Self::BodyBrokenOff => (400, Type::Validation, "the body ended early"),
            Self::BodyTimeout => (408, Type::Timeout, "the body did not arrive in time"),
            Self::Overloaded => (503, Type::Overloaded, "too many requests at once, try again"),
            Self::Timeout => (504, Type::Timeout, "the component did not answer in time"),
            Self::Trap => (500, Type::Trap, "the component failed"),
            Self::ScorerTimeout => (504, Type::ScorerTimeout, "the scorer did not answer in time"),
            Self::ScorerTrap => (500, Type::ScorerTrap, "the scorer failed"),
            Self::NoResponse => (500, Type::Internal, "the component gave no answer"),
        }
    }

    pub(crate) fn into_response(self) -> Response<ResponseBody> {
        let (_, _, detail) = self.parts();
        let mut response = json(self.status(), &serde_json::json!({ "detail": detail }));
        if self == Self::Overloaded {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// A response in JSON.
pub(crate) fn json(status: StatusCode, value: &serde_json::Value) -> Response<ResponseBody> {
    let mut response = Response::new(Bytes::from(value.to_string()).into());
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}
