//! The body of a response on its way to the client.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Frame, SizeHint};
use tokio::time::timeout;
use wasmtime_wasi_http::WasiBody;

/// The frames of a body that are here, and the rest of it that its component still writes.
#[derive(Debug)]
pub struct ResponseBody {
    frames: VecDeque<Frame<Bytes>>,
    /// Length of the frames, if they are all and there are no trailers: the body then leaves with its head in one write.
    length: Option<u64>,
    rest: Option<UnsyncBoxBody<Bytes, BrokenOff>>,
}

/// A body ended before its end. The client sees a broken connection, never a body that looks complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the component left its response unfinished")]
pub struct BrokenOff;

/// The beginning of a component's body.
#[derive(Default)]
pub(crate) struct Beginning {
    frames: VecDeque<Frame<Bytes>>,
    length: u64,
    has_trailers: bool,
    /// The beginning is all of the body.
    pub(crate) is_whole: bool,
}

impl Beginning {
    /// Reads the frames that are there.
    pub(crate) fn read_now(body: &mut WasiBody) -> Result<Self, BrokenOff> {
        let mut beginning = Self::default();
        let polled = pin!(beginning.extend(body)).poll(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(read) = polled {
            read?;
        }
        Ok(beginning)
    }

    /// Reads the frames that come within a time.
    pub(crate) async fn read_within(time: Duration, body: &mut WasiBody) -> Result<Self, BrokenOff> {
        let mut beginning = Self::default();
        timeout(time, beginning.extend(body)).await.unwrap_or(Ok(()))?;
        Ok(beginning)
    }

    async fn extend(&mut self, body: &mut WasiBody) -> Result<(), BrokenOff> {
        // A body of a declared length is complete with its last byte: its end need not be awaited.
        while !is_complete(body) {
            let Some(frame) = body.frame().await else {
                check_end(body)?;
                break;
            };
            let frame = frame.map_err(|_| BrokenOff)?;
            self.length += frame.data_ref().map_or(0, |data| data.len() as u64);
            self.has_trailers |= frame.is_trailers();
            self.frames.push_back(frame);
        }
        self.is_whole = true;
        Ok(())
    }

    /// The body that begins so; `None` is a whole one.
    pub(crate) fn followed_by(self, rest: Option<UnsyncBoxBody<Bytes, BrokenOff>>) -> ResponseBody {
        let length = (rest.is_none() && !self.has_trailers).then_some(self.length);
        ResponseBody { frames: self.frames, length, rest }
    }
}

/// Whether a body of a declared length has come to its end.
pub(crate) fn is_complete(body: &WasiBody) -> bool {
    body.size_hint().exact() == Some(0)
}

/// A body that has ended must have the length that its head declares.
pub(crate) fn check_end(body: &WasiBody) -> Result<(), BrokenOff> {
    if body.size_hint().exact().is_none_or(|missing| missing == 0) { Ok(()) } else { Err(BrokenOff) }
}

impl From<Bytes> for ResponseBody {
    fn from(bytes: Bytes) -> Self {
        let length = Some(bytes.len() as u64);
        Self { frames: VecDeque::from([Frame::data(bytes)]), length, rest: None }
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match (self.frames.pop_front(), &mut self.rest) {
            (Some(frame), _) => {
                let taken = frame.data_ref().map_or(0, |data| data.len() as u64);
                self.length = self.length.map(|length| length - taken);
                Poll::Ready(Some(Ok(frame)))
            }
            (None, Some(rest)) => Pin::new(rest).poll_frame(context),
            (None, None) => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.frames.is_empty() && self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.length.map_or_else(SizeHint::new, SizeHint::with_exact)
    }
}
