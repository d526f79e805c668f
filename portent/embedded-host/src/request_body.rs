//! The body of a request. It is read before the request gets a permit, so that slow senders hold none.

use std::error::Error;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::error_response::ErrorResponse;

/// Memory for the bodies of all requests together, beyond the first [`SMALL_BYTES`] of each.
const ALL_BYTES: usize = 256 << 20;

/// A body up to this takes nothing of the shared memory: the number of connections bounds the sum of such bodies.
const SMALL_BYTES: usize = 64 << 10;

/// The unit in which shared memory is taken.
const UNIT_BYTES: usize = 1 << 10;

/// Most of a refused body that is read and discarded, and the time for that.
const DISCARDED_BYTES: usize = 128 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// Memory for the bodies of all requests together.
#[derive(Clone)]
pub(crate) struct BodyMemory(Arc<Semaphore>);

/// A body that has been read to its end, and its share of the memory.
pub(crate) struct RequestBody {
    bytes: Bytes,
    _share: Option<OwnedSemaphorePermit>,
}

impl Default for BodyMemory {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(ALL_BYTES / UNIT_BYTES)))
    }
}

impl BodyMemory {
    /// Reads a body of at most `limit` bytes to its end.
    pub(crate) async fn read<B>(&self, body: B, limit: u64) -> Result<RequestBody, ErrorResponse>
    where
        B: Body<Data = Bytes>,
        B::Error: Error + Send + Sync + 'static,
    {
        let mut body = pin!(body);
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (mut first, mut rest, mut share) = (Bytes::new(), BytesMut::new(), None);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                tracing::debug!(%error, "request body broken off");
                ErrorResponse::BodyBrokenOff
            })?;
            let Ok(data) = frame.into_data() else { continue };
            let length = first.len() + rest.len() + data.len();
            if length > limit {
                discard(body).await;
                return Err(ErrorResponse::BodyTooLarge);
            }
            self.grow(&mut share, length)?;
            if first.is_empty() {
                first = data;
            } else {
                rest.extend_from_slice(&data);
            }
        }
        let bytes = if rest.is_empty() { first } else { [first, rest.freeze()].concat().into() };
        Ok(RequestBody { bytes, _share: share })
    }

    fn grow(&self, share: &mut Option<OwnedSemaphorePermit>, length: usize) -> Result<(), ErrorResponse> {
        let held = share.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let units = length.saturating_sub(SMALL_BYTES).div_ceil(UNIT_BYTES);
        let missing = u32::try_from(units.saturating_sub(held)).unwrap_or(u32::MAX);
        if missing == 0 {
            return Ok(());
        }
        let more =
            Arc::clone(&self.0).try_acquire_many_owned(missing).map_err(|_| ErrorResponse::Overloaded)?;
        match share {
            Some(share) => share.merge(more),
            None => *share = Some(more),
        }
        Ok(())
    }
}

/// Reads a refused body, within bounds, so that its sender comes to read the response: closing a socket with unread
/// input resets the connection.
async fn discard<B>(body: Pin<&mut B>)
where
    B: Body<Data = Bytes>,
    B::Error: Error + Send + Sync + 'static,
{
    let mut body = Limited::new(body, DISCARDED_BYTES);
    // Whoever is slower than that gets the reset.
    timeout(DISCARD_TIME, async { while let Some(Ok(_)) = body.frame().await {} }).await.ok();
}

impl Body for RequestBody {
    type Data = Bytes;
    type Error = wasmtime_wasi_http::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, wasmtime_wasi_http::Error>>> {
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then(|| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// So many chunks of so many bytes.
    struct Chunks(usize, usize);

    impl Body for Chunks {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            let left = self.0;
            self.0 = left.saturating_sub(1);
            Poll::Ready((left > 0).then(|| Ok(Frame::data(Bytes::from(vec![b'x'; self.1])))))
        }
    }

    #[tokio::test]
    async fn bodies_are_read_whole_or_refused() {
        let memory = BodyMemory(Arc::new(Semaphore::new(1 << 10)));
        let length = |body: RequestBody| body.bytes.len();
        assert_eq!(memory.read(Chunks(0, 1), 10).await.map(length), Ok(0));
        assert_eq!(memory.read(Chunks(3, 100), 300).await.map(length), Ok(300));
        assert_eq!(memory.read(Chunks(3, 100), 299).await.map(length), Err(ErrorResponse::BodyTooLarge));
    }

    #[tokio::test]
    async fn memory_is_shared_and_given_back() {
        let memory = BodyMemory(Arc::new(Semaphore::new(1 << 10)));
        let large = memory.read(Chunks(10, 100 << 10), 2 << 20).await;
        assert!(large.is_ok());
        let refused = memory.read(Chunks(10, 100 << 10), 2 << 20).await;
        assert_eq!(refused.map(|body| body.bytes.len()), Err(ErrorResponse::Overloaded));
        assert!(memory.read(Chunks(1, 60 << 10), 2 << 20).await.is_ok(), "small bodies need none of it");
        drop(large);
        assert!(memory.read(Chunks(10, 100 << 10), 2 << 20).await.is_ok());
    }
}
