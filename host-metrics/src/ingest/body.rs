//! The body of a delivery: read, and decompressed where its sender compressed it, within limits.

use std::io::{self, Read as _};
use std::time::Duration;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::StatusCode;
use hyper::body::{Body as _, Incoming};
use hyper::header::{CONTENT_ENCODING, EXPECT, HeaderMap};

use super::http::Refusal;
use crate::registry::Rejection;
use crate::server::discard;

/// What one delivery may take.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryLimits {
    /// Bytes of a body, as it comes and as it is when it is decompressed.
    pub body_bytes: usize,
    /// Time for a body to arrive.
    pub body_timeout: Duration,
}

/// Reads a whole body, plain or `content-encoding: gzip`.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Incoming,
    limits: DeliveryLimits,
) -> Result<Bytes, Refusal> {
    let is_gzip = match headers.get(CONTENT_ENCODING).map(|coding| coding.as_bytes().to_ascii_lowercase()) {
        None => false,
        Some(coding) if coding == b"identity" => false,
        Some(coding) if coding == b"gzip" || coding == b"x-gzip" => true,
        Some(_) => return Err(unsupported()),
    };
    let body = read_as_it_comes(body, headers.contains_key(EXPECT), limits).await?;
    if !is_gzip {
        return Ok(body);
    }
    let limit = limits.body_bytes;
    let decompressing = tokio::task::spawn_blocking(move || decompress(&body, limit));
    match decompressing.await {
        Ok(Ok(Some(plain))) => Ok(plain.into()),
        Ok(Ok(None)) => Err(too_large(limit)),
        _ => Err(incomplete(StatusCode::BAD_REQUEST, "the body is not the gzip that its header says")),
    }
}

async fn read_as_it_comes(
    mut body: Incoming,
    expects: bool,
    limits: DeliveryLimits,
) -> Result<Bytes, Refusal> {
    let limit = limits.body_bytes;
    // Refused before the first byte where the client waits to be asked for it.
    if expects && body.size_hint().lower() > limit as u64 {
        return Err(too_large(limit));
    }
    match tokio::time::timeout(limits.body_timeout, Limited::new(&mut body, limit).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            discard(body).await;
            Err(too_large(limit))
        }
        Ok(Err(_)) => Err(incomplete(StatusCode::BAD_REQUEST, "body ended early")),
        Err(_) => Err(incomplete(StatusCode::REQUEST_TIMEOUT, "body did not arrive in time")),
    }
}

/// Decompresses up to a limit; `None` if there is more.
fn decompress(body: &[u8], limit: usize) -> io::Result<Option<Vec<u8>>> {
    let mut plain = Vec::new();
    MultiGzDecoder::new(body).take(limit as u64 + 1).read_to_end(&mut plain)?;
    Ok((plain.len() <= limit).then_some(plain))
}

fn too_large(limit: usize) -> Refusal {
    Refusal {
        status: StatusCode::PAYLOAD_TOO_LARGE,
        reason: Rejection::BodyTooLarge,
        message: format!("body longer than {limit} bytes"),
    }
}

fn incomplete(status: StatusCode, message: &str) -> Refusal {
    Refusal { status, reason: Rejection::Incomplete, message: message.to_owned() }
}

fn unsupported() -> Refusal {
    Refusal {
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        reason: Rejection::Malformed,
        message: "content-encoding is neither gzip nor identity".to_owned(),
    }
}
