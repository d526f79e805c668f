//! The body of a delivery: read, and decompressed where its sender compressed it, within limits.

use std::io::{self, Read as _};
use std::time::Duration;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt as _;
use hyper::StatusCode;
use hyper::body::Body;
use hyper::header::{CONTENT_ENCODING, EXPECT, HeaderMap};
use portent_server::response::discard;

use super::http::Refusal;
use crate::registry::Rejection;

/// What one delivery may take.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryLimits {
    /// Bytes of a body, as it comes and as it is when it is decompressed.
    pub body_bytes: usize,
    /// Time for a body to arrive.
    pub body_timeout: Duration,
}

/// Hands over a body piece by piece, plain or `content-encoding: gzip`. What is left of it when something is
/// wrong is thrown away, so that its sender comes to read the answer.
pub(super) async fn read<B>(
    headers: &HeaderMap,
    mut body: B,
    limits: DeliveryLimits,
    mut take: impl FnMut(&[u8]) -> Result<(), Refusal>,
) -> Result<(), Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let is_gzip = match headers.get(CONTENT_ENCODING).map(|coding| coding.as_bytes().to_ascii_lowercase()) {
        None => false,
        Some(coding) if coding == b"identity" => false,
        Some(coding) if coding == b"gzip" || coding == b"x-gzip" => true,
        Some(_) => {
            discard(body).await;
            return Err(unsupported());
        }
    };
    // Refused before the first byte where the client waits to be asked for it.
    if headers.contains_key(EXPECT) && body.size_hint().lower() > limits.body_bytes as u64 {
        return Err(too_large(limits.body_bytes));
    }
    let mut compressed = Vec::new();
    let reading = read_as_it_comes(&mut body, limits.body_bytes, |piece| match is_gzip {
        true => {
            compressed.extend_from_slice(piece);
            Ok(())
        }
        false => take(piece),
    });
    let late = || Err(incomplete(StatusCode::REQUEST_TIMEOUT, "body did not arrive in time"));
    let read = tokio::time::timeout(limits.body_timeout, reading).await.unwrap_or_else(|_| late());
    if read.is_err() {
        discard(body).await;
    }
    read?;
    if is_gzip {
        take(&decompressed(compressed, limits.body_bytes).await?)?;
    }
    Ok(())
}

async fn read_as_it_comes<B>(
    body: &mut B,
    limit: usize,
    mut take: impl FnMut(&[u8]) -> Result<(), Refusal>,
) -> Result<(), Refusal>
where
    B: Body<Data = Bytes> + Unpin,
{
    let mut left = limit;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| incomplete(StatusCode::BAD_REQUEST, "body ended early"))?;
        if let Some(piece) = frame.data_ref() {
            left = left.checked_sub(piece.len()).ok_or_else(|| too_large(limit))?;
            take(piece)?;
        }
    }
    Ok(())
}

/// Decompresses on a thread of its own.
async fn decompressed(body: Vec<u8>, limit: usize) -> Result<Vec<u8>, Refusal> {
    match tokio::task::spawn_blocking(move || decompress(&body, limit)).await {
        Ok(Ok(Some(plain))) => Ok(plain),
        Ok(Ok(None)) => Err(too_large(limit)),
        _ => Err(incomplete(StatusCode::BAD_REQUEST, "the body is not the gzip that its header says")),
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
