//! The body of an answer on its way to the client.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::oneshot;
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;

/// A body of which everything is here, or one that its component still writes.
pub struct AnswerBody(Kind);

enum Kind {
    /// What a component of WASI 0.3 still writes.
    Rest(UnsyncBoxBody<Bytes, BrokenOff>),
    /// Its length is known, so it leaves with its head in one write.
    Whole { parts: VecDeque<Frame<Bytes>>, length: Option<u64> },
    Streamed {
        parts: VecDeque<Frame<Bytes>>,
        rest: HyperOutgoingBody,
        fate: Arc<AtomicBool>,
        _handed_over: oneshot::Sender<()>,
    },
}

/// Why a body ended before its end. The client sees a broken connection, never a body that looks complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the component left its answer unfinished")]
pub struct BrokenOff;

/// The host's end of a body that is still being written.
pub(crate) struct Handover {
    broken_off: Arc<AtomicBool>,
    handed_over: oneshot::Receiver<()>,
}

impl AnswerBody {
    /// A body of the host's own.
    pub(crate) fn from_bytes(bytes: Bytes) -> Self {
        let length = Some(bytes.len() as u64);
        Self(Kind::Whole { parts: VecDeque::from([Frame::data(bytes)]), length })
    }

    /// A body that is complete.
    pub(crate) fn whole(parts: VecDeque<Frame<Bytes>>, length: Option<u64>) -> Self {
        Self(Kind::Whole { parts, length })
    }

    /// A body that ends as broken off where its component leaves it so.
    pub(crate) fn of_rest(rest: UnsyncBoxBody<Bytes, BrokenOff>) -> Self {
        Self(Kind::Rest(rest))
    }

    /// The body of a component's answer, as far as it has been written. There is a handover if the component
    /// may still write more.
    pub(crate) fn of_component(mut body: HyperOutgoingBody) -> Result<(Self, Option<Handover>), BrokenOff> {
        let mut parts = VecDeque::new();
        let mut length = Some(0);
        let mut context = Context::from_waker(Waker::noop());
        loop {
            let part = match Pin::new(&mut body).poll_frame(&mut context) {
                Poll::Ready(Some(part)) => part.map_err(|_| BrokenOff)?,
                Poll::Ready(None) => return Ok((Self(Kind::Whole { parts, length }), None)),
                Poll::Pending => return Ok(Self::streamed(parts, body)),
            };
            // With trailers, the length stays open: the body must go out in chunks.
            length = part.data_ref().and_then(|data| Some(length? + data.len() as u64));
            parts.push_back(part);
        }
    }

    fn streamed(parts: VecDeque<Frame<Bytes>>, rest: HyperOutgoingBody) -> (Self, Option<Handover>) {
        let broken_off = Arc::new(AtomicBool::new(false));
        let (sender, handed_over) = oneshot::channel();
        let fate = Arc::clone(&broken_off);
        let body = Self(Kind::Streamed { parts, rest, fate, _handed_over: sender });
        (body, Some(Handover { broken_off, handed_over }))
    }
}

impl Handover {
    /// Waits until the body has been handed over, or its client has left.
    pub(crate) async fn done(&mut self) {
        // The other end sends nothing: it is dropped with the body.
        drop((&mut self.handed_over).await);
    }

    /// Makes an unfinished body end as broken off. Call this before the component goes.
    pub(crate) fn break_off(&self) {
        self.broken_off.store(true, Ordering::Release);
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match &mut self.0 {
            Kind::Rest(rest) => Pin::new(rest).poll_frame(context),
            Kind::Whole { parts, length } => {
                let part = parts.pop_front();
                let taken = part.as_ref().and_then(Frame::data_ref).map_or(0, |data| data.len() as u64);
                *length = length.map(|length| length - taken);
                Poll::Ready(part.map(Ok))
            }
            Kind::Streamed { parts, rest, fate, .. } => {
                if let Some(part) = parts.pop_front() {
                    return Poll::Ready(Some(Ok(part)));
                }
                match Pin::new(rest).poll_frame(context) {
                    Poll::Ready(None) if fate.load(Ordering::Acquire) => Poll::Ready(Some(Err(BrokenOff))),
                    polled => polled.map_err(|_| BrokenOff),
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::Rest(rest) => rest.is_end_stream(),
            Kind::Whole { parts, .. } => parts.is_empty(),
            Kind::Streamed { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::Rest(rest) => rest.size_hint(),
            Kind::Whole { length, .. } => length.map_or_else(SizeHint::new, SizeHint::with_exact),
            Kind::Streamed { .. } => SizeHint::new(),
        }
    }
}

impl std::fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnswerBody").finish_non_exhaustive()
    }
}
