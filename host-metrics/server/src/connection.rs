//! One connection, from its handshake to its end.

use std::convert::Infallible;
use std::error::Error;
use std::future::{Future, pending};
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::ServerLimits;
use super::refusals::Refusal;
use super::slot::Slot;
use super::stream::Observed;
use crate::doors::Door;

/// Least header buffer that hyper takes.
const LEAST_HEADER_BYTES: usize = 8192;

/// What holds for every connection of a listener.
#[derive(Clone, Debug)]
pub(super) struct Terms {
    pub(super) door: Arc<Door>,
    pub(super) limits: ServerLimits,
    pub(super) shutdown: CancellationToken,
}

/// Serves a connection until it ends, or until a newcomer displaces it.
pub(super) async fn serve_connection<H, F, B>(stream: TcpStream, slot: Arc<Slot>, terms: Terms, handler: H)
where
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<B>>,
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY not set");
    }
    let serving = async {
        match terms.door.acceptor() {
            None => serve_http(stream, &slot, &terms, handler).await,
            Some(acceptor) => {
                if let Some(stream) = handshake(&acceptor, stream, &terms).await {
                    serve_http(stream, &slot, &terms, handler).await;
                }
            }
        }
    };
    tokio::select! {
        () = serving => {}
        () = slot.displaced() => tracing::debug!("idle connection closed for another"),
    }
}

/// The stream behind TLS; `None` if the handshake fails, takes too long or meets the shutdown.
async fn handshake(acceptor: &TlsAcceptor, stream: TcpStream, terms: &Terms) -> Option<TlsStream<TcpStream>> {
    let shaking = timeout(terms.limits.header_timeout, acceptor.accept(stream));
    let reason = match terms.shutdown.run_until_cancelled(shaking).await? {
        Ok(Ok(stream)) => return Some(stream),
        Ok(Err(error)) => error.to_string(),
        Err(_) => "not in time".to_owned(),
    };
    terms.door.refusals().count(Refusal::Handshake);
    tracing::debug!(reason, "TLS handshake failed");
    None
}

async fn serve_http<S, H, F, B>(stream: S, slot: &Arc<Slot>, terms: &Terms, handler: H)
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<B>>,
    B: Body<Data = Bytes> + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let taking = Arc::clone(slot);
    let service = service_fn(move |request| {
        let begun = taking.begin().map(|turn| (turn, handler(request)));
        async move {
            // Who is displaced learns it from the end of the connection.
            let Some((turn, answer)) = begun else { return pending().await };
            let answer = answer.await;
            // The body owns the turn, which ends when hyper has taken the last of it.
            Ok::<_, Infallible>(answer.map(|body| {
                body.map_err(move |error| {
                    let _held = &turn;
                    error
                })
            }))
        }
    });
    let observed = Observed::new(stream, Arc::clone(slot), terms.limits.header_timeout);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .half_close(terms.limits.half_close)
        .header_read_timeout(terms.limits.header_timeout)
        .max_buf_size(terms.limits.header_bytes.max(LEAST_HEADER_BYTES))
        .serve_connection(TokioIo::new(observed), service);
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = terms.shutdown.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        if let Some(reason) = Refusal::of(&error, slot.head_begun()) {
            terms.door.refusals().count(reason);
        }
        tracing::debug!(%error, "connection ended early");
    }
}
