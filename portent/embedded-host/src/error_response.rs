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
        self.parts().0
    }

    pub(crate) fn error_type(self) -> ErrorType {
        self.parts().1
    }

    fn parts(self) -> (StatusCode, ErrorType, &'static str) {
        use ErrorType as Type;
        use StatusCode as Status;
        match self {
            Self::NoRoute => (Status::NOT_FOUND, Type::NotFound, "no component answers this path"),
            Self::BadHost => (Status::BAD_REQUEST, Type::Validation, "the Host header is not a host"),
            Self::BodyTooLarge => (
                Status::PAYLOAD_TOO_LARGE,
                Type::PayloadTooLarge,
                "the body is larger than this server accepts",
            ),
            Self::BodyBrokenOff => (Status::BAD_REQUEST, Type::Validation, "the body ended early"),
            Self::BodyTimeout => (Status::REQUEST_TIMEOUT, Type::Timeout, "the body did not arrive in time"),
            Self::Overloaded => {
                (Status::SERVICE_UNAVAILABLE, Type::Overloaded, "too many requests at once, try again")
            }
            Self::Timeout => (Status::GATEWAY_TIMEOUT, Type::Timeout, "the component did not answer in time"),
            Self::Trap => (Status::INTERNAL_SERVER_ERROR, Type::Trap, "the component failed"),
            Self::ScorerTimeout => {
                (Status::GATEWAY_TIMEOUT, Type::ScorerTimeout, "the scorer did not answer in time")
            }
            Self::ScorerTrap => (Status::INTERNAL_SERVER_ERROR, Type::ScorerTrap, "the scorer failed"),
            Self::NoResponse => {
                (Status::INTERNAL_SERVER_ERROR, Type::Internal, "the component gave no answer")
            }
        }
    }

    pub(crate) fn into_response(self) -> Response<ResponseBody> {
        let (status, _, detail) = self.parts();
        let mut response = json(status, &serde_json::json!({ "detail": detail }));
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
