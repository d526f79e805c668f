//! One HTTP/1 server for every listener of the program: scrape, ingest and the embedded host.
//!
//! [`serve`] is a function of its inputs: a bound listener, limits, a token that ends it and a handler.

use std::convert::Infallible;
use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Least header buffer that hyper takes.
const LEAST_HEADER_BYTES: usize = 8192;

/// How long to leave `accept` alone after it failed for want of a file descriptor or of memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Most of a refused body that is read and thrown away, and the time for that.
const DISCARDED_BYTES: u64 = 128 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// What a listener grants its clients.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// Connections open at once. At the limit nothing more is accepted: newcomers wait in the kernel's
    /// backlog until a connection ends, and are refused by the kernel when that is full.
    pub connections: usize,
    /// Bytes of a request's head; a longer one is answered 431. At least 8192.
    pub header_bytes: usize,
    /// Time for the head of a request to arrive, counted from the end of the request before it: also the
    /// longest that a kept-alive connection may idle.
    pub header_timeout: Duration,
    /// Time for requests in flight to finish after the shutdown.
    pub drain: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            header_bytes: 16 * 1024,
            header_timeout: Duration::from_secs(30),
            drain: Duration::from_secs(10),
        }
    }
}

/// Serves until `shutdown` is cancelled, then finishes what is in flight within the drain limit.
///
/// A failing connection ends alone. Every socket has `TCP_NODELAY`: an answer in two writes would
/// otherwise wait for the client's delayed acknowledgement. The client's `SocketAddr` is among the
/// extensions of each request.
pub async fn serve<H, F, B>(
    listener: TcpListener,
    limits: ServerLimits,
    shutdown: CancellationToken,
    handler: H,
) where
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let connections = TaskTracker::new();
    let overdue = CancellationToken::new();
    let permits = Arc::new(Semaphore::new(limits.connections));
    while let Some(((stream, client), permit)) = next_connection(&listener, &permits, &shutdown).await {
        let handler = handler.clone();
        let handler = move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(client);
            handler(request)
        };
        let connection = serve_connection(stream, limits, shutdown.clone(), handler);
        let overdue = overdue.clone();
        connections.spawn(async move {
            overdue.run_until_cancelled(connection).await;
            drop(permit);
        });
    }
    drop(listener);
    connections.close();
    if timeout(limits.drain, connections.wait()).await.is_err() {
        tracing::warn!(connections = connections.len(), "drain limit reached, closing connections");
        overdue.cancel();
        connections.wait().await;
    }
}

/// Reads a refused body, within bounds, so that its sender comes to read the answer: a socket that is closed
/// on unread input resets the connection, and the answer with it.
pub async fn discard<B>(body: B)
where
    B: Body<Data = Bytes>,
{
    let mut body = pin!(body);
    let mut left = DISCARDED_BYTES;
    let reading = async {
        while let Some(Ok(frame)) = body.frame().await {
            left = left.saturating_sub(frame.data_ref().map_or(0, |data| data.len() as u64));
            if left == 0 {
                return;
            }
        }
    };
    // Who is slower than that gets the reset.
    timeout(DISCARD_TIME, reading).await.ok();
}

/// The next accepted connection with its permit; `None` once the shutdown has begun.
async fn next_connection(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
    shutdown: &CancellationToken,
) -> Option<((TcpStream, SocketAddr), OwnedSemaphorePermit)> {
    shutdown
        .run_until_cancelled(async {
            let permit = Arc::clone(permits).acquire_owned().await.ok()?;
            loop {
                match listener.accept().await {
                    Ok(accepted) => return Some((accepted, permit)),
                    Err(error) => {
                        tracing::warn!(%error, "accept failed");
                        sleep(ACCEPT_PAUSE).await;
                    }
                }
            }
        })
        .await
        .flatten()
}

async fn serve_connection<H, F, B>(
    stream: TcpStream,
    limits: ServerLimits,
    shutdown: CancellationToken,
    handler: H,
) where
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<B>>,
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY not set");
    }
    let service = service_fn(move |request| {
        let answer = handler(request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_buf_size(limits.header_bytes.max(LEAST_HEADER_BYTES))
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended early");
    }
}

#[cfg(test)]
mod tests;
