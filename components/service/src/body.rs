//! The request's body: bounded, decoded, text.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use portent_event::ErrorType;

use crate::exchange::{Body, Request};
use crate::limits;
use crate::refusal::Refusal;
use crate::violation::{InputRule, Place, Violations};

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The body's bytes, decoded if the request says that they are compressed.
pub(crate) fn bytes<'a>(request: &Request<'a>) -> Result<Cow<'a, [u8]>, Refusal<'a>> {
    let bytes = match request.body {
        Body::Complete(bytes) => bytes,
        Body::TooLarge => return Err(too_large()),
        Body::Broken => return Err(Refusal::bad("The body ended before its time")),
    };
    let Some(encoding) = request.header("content-encoding") else { return Ok(Cow::Borrowed(bytes)) };
    match encoding.to_ascii_lowercase().as_str() {
        "identity" | "" => Ok(Cow::Borrowed(bytes)),
        // RFC 1952: a file has one member or more.
        "gzip" | "x-gzip" => decoded(MultiGzDecoder::new(bytes)),
        // RFC 9110 means zlib's format; some clients send the bare stream.
        "deflate" if is_zlib(bytes) => decoded(ZlibDecoder::new(bytes)),
        "deflate" => decoded(DeflateDecoder::new(bytes)),
        _ => {
            let text = "Content-Encoding is not supported; send gzip, deflate or the body as it is";
            Err(Refusal::new(415, ErrorType::UnsupportedMediaType, text))
        }
    }
}

/// The body as the text of JSON.
pub(crate) fn text<'a>(request: &Request<'a>) -> Result<Cow<'a, str>, Refusal<'a>> {
    match bytes(request)? {
        Cow::Borrowed(bytes) => Ok(Cow::Borrowed(utf8(bytes)?)),
        Cow::Owned(bytes) => {
            let mut text = String::from_utf8(bytes).map_err(|error| not_utf8(error.utf8_error()))?;
            if text.starts_with(BYTE_ORDER_MARK) {
                text.drain(..BYTE_ORDER_MARK.len_utf8());
            }
            Ok(Cow::Owned(text))
        }
    }
}

/// Bytes as the text of JSON. A byte order mark before it is passed over, as RFC 8259 §8.1 allows.
pub(crate) fn utf8<'a>(bytes: &[u8]) -> Result<&str, Violations<'a>> {
    std::str::from_utf8(bytes).map(after_mark).map_err(not_utf8)
}

/// A text without the byte order mark that some Windows programs write at its beginning.
pub(crate) fn after_mark(text: &str) -> &str {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// Whether the content type, if there is one, is `application/json` or `application/*+json`.
pub(crate) fn is_json(request: &Request<'_>) -> bool {
    request.header("content-type").is_none_or(|content_type| {
        if content_type == "application/json" {
            return true;
        }
        let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let subtype = essence.strip_prefix("application/");
        subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
    })
}

fn decoded<'a>(decoder: impl Read) -> Result<Cow<'a, [u8]>, Refusal<'a>> {
    let mut bytes = Vec::new();
    let read = decoder.take(limits::BODY_BYTES as u64 + 1).read_to_end(&mut bytes);
    if bytes.len() > limits::BODY_BYTES {
        return Err(too_large());
    }
    match read {
        Ok(_) => Ok(Cow::Owned(bytes)),
        Err(_) => Err(Refusal::bad("The body is not what its Content-Encoding says")),
    }
}

fn not_utf8<'a>(error: std::str::Utf8Error) -> Violations<'a> {
    let place = Place { offset: Some(error.valid_up_to()), ..Place::default() };
    Violations::one(InputRule::Syntax("invalid UTF-8"), place, Some("{}"))
}

/// RFC 1950: the method is deflate, and the first two bytes are a multiple of 31.
fn is_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [first, second, ..] if first & 0x0f == 8 && (u16::from(*first) << 8 | u16::from(*second)) % 31 == 0)
}

fn too_large<'a>() -> Refusal<'a> {
    Refusal::too_large(format!("A body has at most {} bytes", limits::BODY_BYTES))
}
