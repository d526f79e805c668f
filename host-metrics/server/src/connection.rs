//! One connection, from its handshake to its end.

use std::convert::Infallible;
use std::error::Error;
use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::mem;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Either as EitherBody};
use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, HeaderValue, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;

use crate::access::Access;
use crate::connection_limit::ConnectionLimit;
use crate::refused_requests::RefusalReason;
use crate::response::{self, BufferedResponse};

/// Most bytes of a request's head; a longer one is answered 431.
const HEADER_BYTES: usize = 16 * 1024;

/// Limits of a listener.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// Connections with a request in flight, from the complete head to the last byte of the response. A request
    /// beyond the limit is answered 503. [`EXTRA_CONNECTIONS`](crate::EXTRA_CONNECTIONS) more are open to read a
    /// head. If all are open, a new connection takes the place of the one that has waited longest for a request.
    pub connections: usize,
    /// Whether a path is that of a health check. Health checks are answered beyond the limit of connections too.
    pub is_health: fn(path: &str) -> bool,
    /// Time for the head of a request to arrive, counted from the end of the request before it. This is also the
    /// longest that a kept-alive connection may idle, that a TLS handshake may take, and that a client may read
    /// nothing of its response.
    pub header_timeout: Duration,
    /// Whether a client that has closed its side after the request is still answered. If so, the server does not
    /// notice that a client is gone until it writes the response.
    pub half_close: bool,
    /// Time for requests in flight to finish after the shutdown.
    pub drain: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            is_health: |_| false,
            header_timeout: Duration::from_secs(30),
            half_close: false,
            drain: Duration::from_secs(10),
        }
    }
}

/// What all connections of a listener share.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) access: Arc<Access>,
    pub(crate) limits: ServerLimits,
    pub(crate) connections: ConnectionLimit,
    pub(crate) shutdown: CancellationToken,
}

/// Serves a connection until it ends, or until a new connection takes its place.
pub(crate) async fn serve_connection<H, F, B>(stream: TcpStream, listener: &Listener, handler: H)
where
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<B>>,
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY not set");
    }
    let progress = Arc::<Progress>::default();
    let mut serving = pin!(async {
        let stream = match listener.access.acceptor() {
            None => Some(Either::Left(stream)),
            Some(acceptor) => handshake(&acceptor, stream, listener).await.map(Either::Right),
        };
        if let Some(stream) = stream {
            serve_http(stream, listener, &progress, handler).await;
        }
    });
    let mut displaced = pin!(None);
    let is_displaced = poll_fn(|context| {
        if serving.as_mut().poll(context).is_ready() {
            return Poll::Ready(false);
        }
        let mut request = progress.lock();
        if mem::take(&mut request.is_new) {
            displaced.set(None);
        }
        if request.permit.is_some() {
            return Poll::Pending;
        }
        if displaced.is_none() {
            displaced.set(Some(listener.connections.displaced()));
        }
        displaced
            .as_mut()
            .as_pin_mut()
            .map_or(Poll::Pending, |displaced| displaced.poll(context).map(|()| true))
    });
    if is_displaced.await {
        listener.access.refused().count(RefusalReason::Displaced);
        tracing::debug!("idle connection closed for another");
    }
}

/// The stream behind TLS; `None` if the handshake fails, takes too long or meets the shutdown.
async fn handshake(
    acceptor: &TlsAcceptor,
    stream: TcpStream,
    listener: &Listener,
) -> Option<TlsStream<TcpStream>> {
    let shaking = timeout(listener.limits.header_timeout, acceptor.accept(stream));
    let reason = match listener.shutdown.run_until_cancelled(shaking).await? {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "not in time".to_owned(),
    };
    listener.access.refused().count(RefusalReason::Handshake);
    tracing::debug!(reason, "TLS handshake failed");
    None
}

async fn serve_http<H, F, B>(
    stream: Either<TcpStream, TlsStream<TcpStream>>,
    listener: &Listener,
    progress: &Arc<Progress>,
    handler: H,
) where
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<B>>,
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let limits = &listener.limits;
    let service = service_fn(move |request: Request<Incoming>| {
        let is_admitted = progress.begin(&listener.connections) || (limits.is_health)(request.uri().path());
        let response = if is_admitted { Ok(handler(request)) } else { Err(refuse(request, listener)) };
        let in_writing = InWriting(Arc::clone(progress));
        async move {
            Ok::<_, Infallible>(match response {
                Ok(response) => response.await.map(|body| {
                    EitherBody::Left(body.map_err(move |error| {
                        let _held = &in_writing;
                        error
                    }))
                }),
                Err(refused) => refused.map(EitherBody::Right),
            })
        }
    });
    let observed = Observed { stream, progress, patience: limits.header_timeout, stalled: None };
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .half_close(limits.half_close)
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(observed), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = listener.shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        if let Some(reason) = RefusalReason::of(&error, progress.lock().head_begun) {
            listener.access.refused().count(reason);
        }
        tracing::debug!(%error, "connection ended early");
    }
}

/// Answers a request beyond the limit, and counts it.
fn refuse(request: Request<Incoming>, listener: &Listener) -> BufferedResponse {
    listener.access.refused().count(RefusalReason::Busy);
    response::discard_later(request, u64::MAX);
    let mut response =
        response::error(StatusCode::SERVICE_UNAVAILABLE, "too many requests are being answered");
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The progress of a connection's request, shared by its task, its stream and its responses.
#[derive(Debug, Default)]
struct Progress(Mutex<CurrentRequest>);

#[derive(Debug, Default)]
struct CurrentRequest {
    /// Whether anything has been read since the last response.
    head_begun: bool,
    /// Whether the head is complete and the connection's task has not seen that yet.
    is_new: bool,
    /// Whether hyper has taken all of the response. It is written at the next flush.
    is_taken: bool,
    /// There while the request is in flight.
    permit: Option<OwnedSemaphorePermit>,
}

impl Progress {
    fn lock(&self) -> MutexGuard<'_, CurrentRequest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A head is complete; says whether there is a permit for the request.
    fn begin(&self, connections: &ConnectionLimit) -> bool {
        let mut request = self.lock();
        (request.is_new, request.is_taken) = (true, false);
        // A pipelined request may begin before the response to the one before it is flushed.
        request.permit = request.permit.take().or_else(|| connections.begin());
        request.permit.is_some()
    }

    /// Everything there was to write has been written.
    fn flushed(&self) {
        let mut request = self.lock();
        if request.is_taken {
            (request.head_begun, request.is_taken, request.permit) = (false, false, None);
        }
    }
}

/// Held by the body of a response.
#[derive(Debug)]
struct InWriting(Arc<Progress>);

impl Drop for InWriting {
    fn drop(&mut self) {
        self.0.lock().is_taken = true;
    }
}

/// A stream that reports its progress, and fails if the peer takes nothing of what is written for too long.
#[derive(Debug)]
struct Observed<'a, S> {
    stream: S,
    progress: &'a Progress,
    /// How long the peer may take nothing.
    patience: Duration,
    /// Runs while it takes nothing.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<S> Observed<'_, S> {
    /// Passes a write that makes progress, and ends one that makes none for too long.
    fn watch<T>(&mut self, written: Poll<io::Result<T>>, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(stalled.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Observed<'_, S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        if buffer.filled().len() > before {
            self.progress.lock().head_begun = true;
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Observed<'_, S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.watch(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// hyper flushes the stream once its own buffer is empty.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(context);
        ready!(self.watch(flushed, context))?;
        self.progress.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
