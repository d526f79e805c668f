//! A body whose parts must follow each other within a time.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep};
use wasmtime_wasi_http::Error;

/// See the module's description.
pub(super) struct TimedBody {
    body: Incoming,
    limit: Duration,
    /// Runs only while a part is awaited.
    overdue: Option<Pin<Box<Sleep>>>,
}

impl TimedBody {
    pub(super) fn new(body: Incoming, limit: Duration) -> Self {
        Self { body, limit, overdue: None }
    }

    fn poll_overdue(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let limit = self.limit;
        self.overdue.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(context)
    }
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        match Pin::new(&mut self.body).poll_frame(context) {
            Poll::Ready(part) => {
                let next = Instant::now() + self.limit;
                if let Some(overdue) = &mut self.overdue {
                    overdue.as_mut().reset(next);
                }
                Poll::Ready(part.map(|part| part.map_err(|_| Error::HttpResponseIncomplete)))
            }
            Poll::Pending => self.poll_overdue(context).map(|()| Some(Err(Error::ConnectionReadTimeout))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
