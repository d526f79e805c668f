//! Events by HTTP: `POST /v1/events`, and `/healthz`.
//!
//! The body is one or more event lines. It is counted once, as a whole or not at all. The headers `portent-source` and
//! `portent-sequence` identify the delivery: one that comes again is acknowledged and not counted. A delivery without
//! them is refused, since a retry of it could not be recognised. `portent-dropped` is the number of events that the
//! sender gave up on before. If tokens are required, a delivery without one is refused before its body is read.

use std::io::Read as _;
use std::time::Duration;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt as _;
use hyper::body::Body;
use hyper::header::{CONTENT_ENCODING, EXPECT, HeaderMap, HeaderValue, RETRY_AFTER};
use hyper::{Request, StatusCode};
use portent_counts::Delta;
use portent_counts::clock::SECOND;
use portent_counts::dedup::{Delivery, Verdict};
use portent_counts::lines::{Found, LineBuffer};
use portent_counts::registry::{Rejection, Way};
use portent_event::{DecodeError, Line, is_event_line, is_name};
use portent_server::Access;
use portent_server::response::{self, BufferedResponse, discard};

use crate::aggregator::Aggregator;

/// Path of deliveries.
const EVENTS: &str = "/v1/events";

/// Header that names the sender.
const SOURCE: &str = "portent-source";

/// Header that numbers the delivery.
const SEQUENCE: &str = "portent-sequence";

/// Header that reports lost events.
const DROPPED: &str = "portent-dropped";

/// Most applications of a delivery: each takes some kilobytes while the delivery is being read.
const APPS: usize = 64;

/// How far a sender's clock may be ahead. The window of repeats depends on event times: once a source with such a clock
/// is forgotten, deliveries of others are refused for that long.
const CLOCK_TOLERANCE: u64 = 10 * SECOND;

/// Limits of one delivery.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryLimits {
    /// Bytes of a body, as it comes and as it is when it is decompressed.
    pub body_bytes: usize,
    /// Time for a body to arrive.
    pub body_timeout: Duration,
}

/// Why a delivery is refused.
#[derive(Debug)]
struct RefusedDelivery {
    status: StatusCode,
    reason: Rejection,
    message: String,
}

/// The lines of a delivery, counted as they arrive.
#[derive(Debug)]
struct DeliveryLines<'a> {
    delta: Delta<'a>,
    buffer: LineBuffer,
    lines: u64,
    /// Time of the oldest event as the sender states it, so that a repeat has the same.
    oldest_event: Option<u64>,
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
) -> Result<BufferedResponse, RefusedDelivery>
where
    B: Body<Data = Bytes> + Unpin,
{
    let (delta, buffer) = (aggregator.delta(Way::Http), LineBuffer::default());
    let mut counted = DeliveryLines { delta, buffer, lines: 0, oldest_event: None };
    read_body(headers, body, limits, |piece| counted.take(piece)).await?;
    let source = source(headers)?.into();
    let sequence = number(headers, SEQUENCE)?.ok_or_else(|| missing(SEQUENCE))?;
    let dropped = number(headers, DROPPED)?.unwrap_or_default();
    // The last line may lack its newline.
    if !counted.buffer.is_empty() {
        counted.take(b"\n")?;
    }
    let DeliveryLines { delta, lines, oldest_event, .. } = counted;
    let no_event =
        || bad_times("a delivery holds at least one event, which begins its line with {\"portent\":");
    let oldest_event = oldest_event.ok_or_else(no_event)?;
    if oldest_event > delta.now.saturating_add(CLOCK_TOLERANCE) {
        let rule = "the time of every event is more than 10 seconds ahead of the aggregator's clock";
        return Err(bad_times(rule));
    }
    let ignored = delta.counts.ingest.ignored;
    let delivery = Delivery { source, sequence, oldest_event, arrived: delta.now };
    let accepted = |is_duplicate| {
        let accepted = lines - ignored;
        let body = format!("{{\"accepted\":{accepted},\"ignored\":{ignored},\"duplicate\":{is_duplicate}}}");
        response::text(StatusCode::OK, "application/json", body)
    };
    match aggregator.apply_delivery(delivery, delta, dropped).await {
        Ok(Verdict::New) => Ok(accepted(false)),
        Ok(Verdict::Repeated) => Ok(accepted(true)),
        Ok(Verdict::OutsideWindow) => Ok(response::error(
            StatusCode::CONFLICT,
            "outside the window in which repeats are recognised: not counted",
        )),
        Err(_) => Ok(unavailable(aggregator)),
    }
}

/// The delivery may be sent again: its identity shows whether it has been counted.
fn unavailable(aggregator: &Aggregator) -> BufferedResponse {
    aggregator.reject(Rejection::StorageFailed);
    let message = "the state directory cannot be written: send the same delivery again later";
    let mut answer = response::error(StatusCode::SERVICE_UNAVAILABLE, message);
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    answer
}

/// The value of a header that may not stand twice: nobody could say which of them is meant.
fn only<'a>(headers: &'a HeaderMap, name: &'static str) -> Result<Option<&'a HeaderValue>, RefusedDelivery> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(unidentified(format!("header {name} stands twice"))),
        (value, None) => Ok(value),
    }
}

fn source(headers: &HeaderMap) -> Result<&str, RefusedDelivery> {
    let source = only(headers, SOURCE)?.ok_or_else(|| missing(SOURCE))?;
    let name = source.to_str().ok().filter(|name| is_name(name));
    name.ok_or_else(|| {
        unidentified(format!(
            "header {SOURCE} is not a name of 1 to 64 characters a-z, A-Z, 0-9, '.', '_', '-'"
        ))
    })
}

fn number<N: std::str::FromStr>(
    headers: &HeaderMap,
    name: &'static str,
) -> Result<Option<N>, RefusedDelivery> {
    let Some(value) = only(headers, name)? else { return Ok(None) };
    let digits = value.to_str().ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse().ok());
    number.map(Some).ok_or_else(|| unidentified(format!("header {name} is not a whole number in range")))
}

impl DeliveryLines<'_> {
    /// Counts the lines that end in a piece of the body, up to the first that is wrong.
    fn take(&mut self, piece: &[u8]) -> Result<(), RefusedDelivery> {
        let (mut buffer, mut result) = (std::mem::take(&mut self.buffer), Ok(()));
        buffer.feed(piece, |found| {
            if result.is_ok() {
                result = self.count(found);
            }
        });
        self.buffer = buffer;
        result
    }

    /// Counts a line, or names it and the rule that it breaks.
    fn count(&mut self, found: Found<'_>) -> Result<(), RefusedDelivery> {
        self.lines += 1;
        let number = self.lines;
        let line = match found {
            Found::Whole(line) if is_event_line(line) => Line::decode(line),
            Found::TooLong { ours: true } => Err(DecodeError::TooLong),
            // Acknowledged as ignored, the event would be lost.
            Found::Whole(line) if (1..line.len()).any(|at| is_event_line(&line[at..])) => {
                return Err(bad_line(number, Rejection::Malformed, &"an event does not begin its line"));
            }
            Found::Whole(_) | Found::TooLong { ours: false } => {
                self.delta.counts.ingest.ignored += 1;
                return Ok(());
            }
        };
        match &line.map_err(|error| bad_line(number, Rejection::from(&error), &error))? {
            Line::Event(event) => {
                let time = event.nanoseconds();
                self.oldest_event = Some(self.oldest_event.map_or(time, |oldest| oldest.min(time)));
                self.delta.apply_event_of(event, time);
            }
            Line::Dropped(report) => self.delta.apply_drops(report),
        }
        if self.delta.counts.apps().len() > APPS {
            return Err(bad_line(number, Rejection::Rule, &"more than 64 applications in one delivery"));
        }
        Ok(())
    }
}

/// Hands over a body piece by piece, plain or `content-encoding: gzip`. If something is wrong, the rest of it is
/// discarded, so that its sender comes to read the answer.
async fn read_body<B>(
    headers: &HeaderMap,
    mut body: B,
    limits: DeliveryLimits,
    mut take: impl FnMut(&[u8]) -> Result<(), RefusedDelivery>,
) -> Result<(), RefusedDelivery>
where
    B: Body<Data = Bytes> + Unpin,
{
    let limit = limits.body_bytes;
    let is_gzip = match headers.get(CONTENT_ENCODING).map(|coding| coding.as_bytes().to_ascii_lowercase()) {
        None => false,
        Some(coding) if coding == b"identity" => false,
        Some(coding) if coding == b"gzip" || coding == b"x-gzip" => true,
        Some(_) => {
            discard(body).await;
            let message = "content-encoding is neither gzip nor identity";
            return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, Rejection::Malformed, message));
        }
    };
    // Refused before the first byte if the client waits for permission to send it.
    if headers.contains_key(EXPECT) && body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    let mut compressed = Vec::new();
    let reading = async {
        let mut left = limit;
        while let Some(frame) = body.frame().await {
            let early = |_| refused(StatusCode::BAD_REQUEST, Rejection::Incomplete, "body ended early");
            let frame = frame.map_err(early)?;
            let Some(piece) = frame.data_ref() else { continue };
            left = left.checked_sub(piece.len()).ok_or_else(|| too_large(limit))?;
            if is_gzip {
                compressed.extend_from_slice(piece);
            } else {
                take(piece)?;
            }
        }
        Ok(())
    };
    let late = || refused(StatusCode::REQUEST_TIMEOUT, Rejection::Incomplete, "body did not arrive in time");
    let read = tokio::time::timeout(limits.body_timeout, reading).await.unwrap_or_else(|_| Err(late()));
    if read.is_err() {
        discard(body).await;
    }
    read?;
    if is_gzip {
        take(&decompressed(compressed, limit).await?)?;
    }
    Ok(())
}

/// Decompresses on a thread of its own.
async fn decompressed(body: Vec<u8>, limit: usize) -> Result<Vec<u8>, RefusedDelivery> {
    let decompressing = tokio::task::spawn_blocking(move || {
        let mut plain = Vec::new();
        let read = MultiGzDecoder::new(&body[..]).take(limit as u64 + 1).read_to_end(&mut plain);
        read.map(|_| plain)
    });
    match decompressing.await {
        Ok(Ok(plain)) if plain.len() <= limit => Ok(plain),
        Ok(Ok(_)) => Err(too_large(limit)),
        _ => {
            let message = "the body is not the gzip that its header says";
            Err(refused(StatusCode::BAD_REQUEST, Rejection::Incomplete, message))
        }
    }
}

fn refused(status: StatusCode, reason: Rejection, message: impl Into<String>) -> RefusedDelivery {
    RefusedDelivery { status, reason, message: message.into() }
}

fn too_large(limit: usize) -> RefusedDelivery {
    let message = format!("body longer than {limit} bytes");
    refused(StatusCode::PAYLOAD_TOO_LARGE, Rejection::BodyTooLarge, message)
}

fn bad_line(number: u64, reason: Rejection, rule: &dyn std::fmt::Display) -> RefusedDelivery {
    refused(StatusCode::BAD_REQUEST, reason, format!("line {number}: {rule}"))
}

/// Nothing would distinguish a late repeat from a new delivery.
fn bad_times(rule: &str) -> RefusedDelivery {
    refused(StatusCode::BAD_REQUEST, Rejection::Rule, rule.to_owned())
}

fn missing(header: &str) -> RefusedDelivery {
    unidentified(format!("header {header} is missing: without it a repeat cannot be recognised"))
}

fn unidentified(message: String) -> RefusedDelivery {
    refused(StatusCode::BAD_REQUEST, Rejection::Unidentified, message)
}

#[cfg(test)]
mod tests;
