//! Events by HTTP: `POST /v1/events`, and `/healthz`.
//!
//! The body is one or more event lines. It is counted as a whole or not at all, and once: the delivery is
//! named by the headers `portent-source` and `portent-sequence`, and one that comes again is acknowledged
//! and not counted. Without them it is refused, since a retry of it could not be told from news.
//! `portent-dropped` is the number of events that the sender gave up on before. Where tokens are asked for, a
//! delivery without one is refused before its body is looked at.

mod reading;

use bytes::Bytes;
use hyper::body::Body;
use hyper::header::{HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Request, StatusCode};
use portent_event::is_name;
use portent_server::Access;
use portent_server::response::{self, BufferedResponse};

use self::reading::{Read, Reading};
use super::body::{self, DeliveryLimits};
use super::deliveries::{Delivery, Verdict};
use crate::Aggregator;
use crate::registry::{Rejection, Way};

/// Where deliveries go.
const EVENTS: &str = "/v1/events";

/// Header that names the sender.
const SOURCE: &str = "portent-source";

/// Header that numbers the delivery.
const SEQUENCE: &str = "portent-sequence";

/// Header that reports lost events.
const DROPPED: &str = "portent-dropped";

/// Why a delivery is refused.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) reason: Rejection,
    pub(super) message: String,
}

/// Answers one request to the ingest listener, whether it came over a socket or from the same process.
pub(crate) async fn handle<B>(
    aggregator: Aggregator,
    access: &Access,
    limits: DeliveryLimits,
    request: Request<B>,
) -> BufferedResponse
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
{
    let path = request.uri().path();
    if path != "/healthz"
        && let Some(refused) = access.refuse(request.headers())
    {
        if path == EVENTS {
            aggregator.reject(Rejection::Unauthorized);
        }
        // For the sake of a sender that only lacks its token; a body longer than any delivery is not read.
        response::discard_later(request, limits.body_bytes as u64);
        return refused;
    }
    match path {
        EVENTS => match response::refuse_method(request.method(), "POST") {
            Some(refused) => refused,
            None => receive(&aggregator, limits, request).await,
        },
        "/healthz" => response::refuse_method(request.method(), "GET, HEAD")
            .unwrap_or_else(|| response::text(StatusCode::OK, "text/plain; charset=utf-8", "ok\n")),
        _ => response::not_found(),
    }
}

async fn receive<B>(aggregator: &Aggregator, limits: DeliveryLimits, request: Request<B>) -> BufferedResponse
where
    B: Body<Data = Bytes> + Unpin,
{
    let (head, body) = request.into_parts();
    let counted = count(aggregator, &head.headers, body, limits).await;
    counted.unwrap_or_else(|refusal| {
        aggregator.reject(refusal.reason);
        tracing::debug!(reason = refusal.reason.as_str(), "delivery refused");
        response::error(refusal.status, &refusal.message)
    })
}

async fn count<B>(
    aggregator: &Aggregator,
    headers: &HeaderMap,
    body: B,
    limits: DeliveryLimits,
) -> Result<BufferedResponse, Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut reading = Reading::new(aggregator.delta(Way::Http));
    body::read(headers, body, limits, |piece| reading.take(piece)).await?;
    let source = source(headers)?;
    let sequence = number(headers, SEQUENCE)?.ok_or_else(|| missing(SEQUENCE))?;
    let dropped = number(headers, DROPPED)?.unwrap_or_default();
    let Read { delta, oldest_event, lines } = reading.finish()?;
    let delivery = Delivery { source, sequence, oldest_event, arrived: delta.now() };
    let accepted = |is_duplicate| {
        let body = format!("{{\"accepted\":{lines},\"duplicate\":{is_duplicate}}}");
        response::text(StatusCode::OK, "application/json", body)
    };
    match aggregator.apply_delivery(&delivery, delta, dropped).await {
        Ok(Verdict::New) => Ok(accepted(false)),
        Ok(Verdict::Repeated) => Ok(accepted(true)),
        Ok(Verdict::OutsideWindow) => Ok(response::error(
            StatusCode::CONFLICT,
            "outside the window in which repeats are recognised: not counted",
        )),
        Err(_) => Ok(unavailable(aggregator)),
    }
}

/// The delivery may be sent again: whether it is kept by then, its identity will tell.
fn unavailable(aggregator: &Aggregator) -> BufferedResponse {
    aggregator.reject(Rejection::StorageFailed);
    let message = "the state directory cannot be written: send the same delivery again later";
    let mut answer = response::error(StatusCode::SERVICE_UNAVAILABLE, message);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

/// The value of a header that may not stand twice: nobody could say which of them is meant.
fn only<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a HeaderValue>, Refusal> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(unidentified(format!("header {name} stands twice"))),
        (value, None) => Ok(value),
    }
}

fn source(headers: &HeaderMap) -> Result<&str, Refusal> {
    let source = only(headers, SOURCE)?.ok_or_else(|| missing(SOURCE))?;
    let name = source.to_str().ok().filter(|name| is_name(name));
    name.ok_or_else(|| {
        unidentified(format!(
            "header {SOURCE} is not a name of 1 to 64 characters a-z, A-Z, 0-9, '.', '_', '-'"
        ))
    })
}

fn number<N: std::str::FromStr>(headers: &HeaderMap, name: &'static str) -> Result<Option<N>, Refusal> {
    let Some(value) = only(headers, name)? else { return Ok(None) };
    let digits = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse().ok());
    number.map(Some).ok_or_else(|| unidentified(format!("header {name} is not a whole number in range")))
}

fn missing(header: &str) -> Refusal {
    unidentified(format!("header {header} is missing: without it a repeat cannot be recognised"))
}

fn unidentified(message: String) -> Refusal {
    Refusal { status: StatusCode::BAD_REQUEST, reason: Rejection::Unidentified, message }
}

#[cfg(test)]
mod tests;
