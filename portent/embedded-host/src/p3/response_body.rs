//! The body of an answer: read ahead as far as it is there, so that it leaves with its head in one write.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::body::{Body, Frame};
use portent_event::ErrorType;
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep_until, timeout};
use wasmtime_wasi_http::WasiBody;

use super::life::OpenAnswer;
use crate::host::answer_body::BrokenOff;
use crate::host::exchange::Exchange;

/// How long the head of an answer waits for its body. The worker writes both in one go, so the body is there when
/// the head is, unless the component takes its time over it.
const READ_AHEAD: Duration = Duration::from_millis(1);

/// The beginning of a body.
pub(crate) struct Beginning {
    pub(crate) parts: VecDeque<Frame<Bytes>>,
    /// Length of the parts, if there are no trailers among them.
    pub(crate) length: Option<u64>,
    pub(crate) is_whole: bool,
}

/// The rest of a body, which its component still writes.
pub(crate) struct Rest {
    parts: VecDeque<Frame<Bytes>>,
    body: WasiBody,
    answer: OpenAnswer,
    exchange: Exchange,
    status: StatusCode,
    overdue: Pin<Box<Sleep>>,
    _handed_over: oneshot::Sender<()>,
}

impl Beginning {
    /// Reads as much as comes at once.
    pub(crate) async fn read(body: &mut WasiBody) -> Result<Self, BrokenOff> {
        let mut beginning = Self { parts: VecDeque::new(), length: Some(0), is_whole: false };
        if let Ok(read) = timeout(READ_AHEAD, beginning.extend(body)).await {
            read?;
        }
        Ok(beginning)
    }

    async fn extend(&mut self, body: &mut WasiBody) -> Result<(), BrokenOff> {
        // A body of a declared length is complete with its last byte: what ends it need not be awaited.
        while body.size_hint().exact() != Some(0) {
            let Some(part) = body.frame().await else {
                self.is_whole = true;
                return end(body);
            };
            let part = part.map_err(|_| BrokenOff)?;
            self.length = part.data_ref().and_then(|data| Some(self.length? + data.len() as u64));
            self.parts.push_back(part);
        }
        self.is_whole = true;
        Ok(())
    }
}

/// A body that has ended: it must have the length that its head declares.
fn end(body: &WasiBody) -> Result<(), BrokenOff> {
    if body.size_hint().exact().is_none_or(|missing| missing == 0) { Ok(()) } else { Err(BrokenOff) }
}

impl Rest {
    /// The end of the receiver tells that the body has been handed over, or its client has left.
    pub(crate) fn new(
        parts: VecDeque<Frame<Bytes>>,
        body: WasiBody,
        answer: OpenAnswer,
        exchange: Exchange,
        status: StatusCode,
    ) -> (Self, oneshot::Receiver<()>) {
        let (sender, handed_over) = oneshot::channel();
        let overdue = Box::pin(sleep_until(exchange.deadline()));
        (Self { parts, body, answer, exchange, status, overdue, _handed_over: sender }, handed_over)
    }

    fn break_off(&self, error: ErrorType) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        self.exchange.report(error, self.status, false);
        Poll::Ready(Some(Err(BrokenOff)))
    }
}

impl Body for Rest {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if let Some(part) = self.parts.pop_front() {
            return Poll::Ready(Some(Ok(part)));
        }
        let is_complete = self.body.size_hint().exact() == Some(0);
        match Pin::new(&mut self.body).poll_frame(context) {
            // A component that goes ends its bodies, and those are not the ends that it meant.
            Poll::Ready(None) if self.answer.is_broken() && !is_complete => self.break_off(ErrorType::Trap),
            Poll::Ready(None) if end(&self.body).is_err() => self.break_off(ErrorType::Internal),
            Poll::Ready(Some(Err(_))) => self.break_off(ErrorType::Internal),
            Poll::Ready(part) => Poll::Ready(part.map(|part| part.map_err(|_| BrokenOff))),
            Poll::Pending => match self.overdue.as_mut().poll(context) {
                Poll::Ready(()) => self.break_off(ErrorType::Timeout),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}
