//! One HTTP/1 server for every listener of the program: scrape, ingest and the embedded host.
//!
//! [`serve`] is a function of its inputs: a bound listener, limits, a token that ends it and a handler.
//! [`serve_behind`] has a [`Door`] besides, which ends TLS and counts what was turned away.

mod connection;
mod refusals;
mod slot;
mod slots;
mod stream;

pub use refusals::{Refusal, Refusals};

use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Incoming};
use hyper::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::connection::{Terms, serve_connection};
use self::slots::{Place, Slots};
use crate::doors::Door;

/// How long to leave `accept` alone after it failed for want of a file descriptor or of memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Most of a refused body that is read and thrown away, and the time for that.
const DISCARDED_BYTES: u64 = 128 << 20;
const DISCARD_TIME: Duration = Duration::from_secs(5);

/// What a listener grants its clients.
#[derive(Clone, Copy, Debug)]
pub struct ServerLimits {
    /// Connections open at once. At the limit one newcomer is accepted, for which the connection that has idled
    /// longest is closed, once it has idled for a second. Connections with a request in flight stay. The
    /// other newcomers wait in the kernel's backlog, and are refused by the kernel when that is full.
    pub connections: usize,
    /// Bytes of a request's head; a longer one is answered 431. At least 8192.
    pub header_bytes: usize,
    /// Time for the head of a request to arrive, counted from the end of the request before it: also the
    /// longest that a kept-alive connection may idle, and the longest that a TLS handshake may take.
    pub header_timeout: Duration,
    /// Whether a client that has closed its side after the request is still answered. If so, one that is
    /// gone altogether is not noticed before the answer is written.
    pub half_close: bool,
    /// Time for requests in flight to finish after the shutdown.
    pub drain: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            header_bytes: 16 * 1024,
            header_timeout: Duration::from_secs(30),
            half_close: false,
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
    serve_behind(Arc::default(), listener, limits, shutdown, handler).await;
}

/// The same behind a door. Its tokens are for the handler to ask for, since some paths need none.
pub async fn serve_behind<H, F, B>(
    door: Arc<Door>,
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
    let slots = Slots::new(limits.connections);
    let terms = Terms { door, limits, shutdown };
    while let Some((stream, client, place)) = next_connection(&listener, &slots, &terms).await {
        let handler = handler.clone();
        let handler = move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(client);
            handler(request)
        };
        let connection = serve_connection(stream, Arc::clone(place.slot()), terms.clone(), handler);
        let overdue = overdue.clone();
        connections.spawn(async move {
            overdue.run_until_cancelled(connection).await;
            drop(place);
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

/// The next accepted connection with its place; `None` once the shutdown has begun.
async fn next_connection(
    listener: &TcpListener,
    slots: &Arc<Slots>,
    terms: &Terms,
) -> Option<(TcpStream, SocketAddr, Place)> {
    let next = async {
        let (stream, client) = accept(listener).await;
        let place = slots.enter(terms.door.refusals()).await?;
        Some((stream, client, place))
    };
    terms.shutdown.run_until_cancelled(next).await.flatten()
}

async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                tracing::warn!(%error, "accept failed");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

#[cfg(test)]
mod tests;
