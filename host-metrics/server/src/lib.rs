//! An HTTP/1 server with limits, bearer tokens and TLS, for every listener of a program.
//!
//! [`serve`] is a function of its inputs: a bound listener, its [`Access`], limits, a token that ends it and a
//! handler. [`Access`] ends TLS and checks tokens. It also counts requests that were refused, by
//! [`RefusalReason`]. [`response`] has the responses that are alike on every listener.
//!
//! The server knows nothing of what it serves: paths, options and variables come to it as data.

mod access;
mod auth;
mod connection;
mod connection_limit;
mod error;
mod refused_requests;
pub mod response;
mod tls;

pub use access::{Access, AccessFiles, reload, watch_certificates};
pub use connection::ServerLimits;
pub use connection_limit::EXTRA_CONNECTIONS;
pub use error::{AccessError, ListenerNames};
pub use refused_requests::{RefusalReason, RefusedRequests};
pub use tls::CertificateFiles;

use std::error::Error;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Incoming};
use hyper::{Request, Response};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use connection::{Listener, serve_connection};
use connection_limit::ConnectionLimit;

/// How long to leave `accept` alone after it failed for want of a file descriptor or of memory.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves until `shutdown` is cancelled, then finishes the requests in flight within the drain limit.
///
/// A failing connection ends alone. Every socket has `TCP_NODELAY`: a response in two writes would otherwise
/// wait for the client's delayed acknowledgement. The client's `SocketAddr` is among the extensions of each
/// request. The handler checks tokens by [`Access::refuse`], since some paths need none.
pub async fn serve<H, F, B>(
    socket: TcpListener,
    access: Arc<Access>,
    limits: ServerLimits,
    shutdown: CancellationToken,
    handler: H,
) where
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let tasks = TaskTracker::new();
    let overdue = CancellationToken::new();
    let connections = ConnectionLimit::new(limits.connections);
    let listener = Arc::new(Listener { access, limits, connections, shutdown: shutdown.clone() });
    let next = async || {
        let (stream, client) = accept(&socket).await;
        Some((stream, client, listener.connections.admit().await?))
    };
    while let Some((stream, client, place)) = shutdown.run_until_cancelled(next()).await.flatten() {
        let (listener, handler) = (Arc::clone(&listener), handler.clone());
        let handler = move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(client);
            handler(request)
        };
        let connection = async move {
            serve_connection(stream, &listener, handler).await;
            drop(place);
        };
        tasks.spawn(overdue.clone().run_until_cancelled_owned(connection));
    }
    drop(socket);
    tasks.close();
    if timeout(limits.drain, tasks.wait()).await.is_err() {
        tracing::warn!(connections = tasks.len(), "drain limit reached, closing connections");
        overdue.cancel();
        tasks.wait().await;
    }
}

async fn accept(socket: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match socket.accept().await {
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
