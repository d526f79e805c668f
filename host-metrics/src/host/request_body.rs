//! The body of a request on its way to a component.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, SizeHint};
use wasmtime_wasi_http::{Error, WasiBody};

/// A body that is here, or one that ends in an error beyond a limit.
pub(crate) enum RequestBody {
    Whole(Bytes),
    Streamed { body: WasiBody, left: u64 },
}

impl RequestBody {
    /// Passes at most `limit` bytes on, as they come.
    pub(crate) fn streamed<B>(body: B, limit: u64) -> Self
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: std::error::Error,
    {
        let body = body.map_err(|error| {
            tracing::debug!(%error, "request body broken off");
            Error::HttpProtocolError
        });
        Self::Streamed { body: body.boxed_unsync(), left: limit }
    }
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let (body, left) = match &mut *self {
            Self::Whole(bytes) if bytes.is_empty() => return Poll::Ready(None),
            Self::Whole(bytes) => return Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Streamed { body, left } => (body, left),
        };
        let polled = Pin::new(body).poll_frame(context);
        let Poll::Ready(Some(Ok(frame))) = polled else { return polled };
        let length = frame.data_ref().map_or(0, |data| data.len() as u64);
        let Some(rest) = left.checked_sub(length) else {
            return Poll::Ready(Some(Err(Error::HttpRequestBodySize(None))));
        };
        *left = rest;
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Streamed { body, .. } => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Streamed { body, .. } => body.size_hint(),
        }
    }
}
