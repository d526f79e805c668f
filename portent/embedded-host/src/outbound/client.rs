//! Plain HTTP/1 to other servers, with kept-alive connections that all instances share, and to the neighbour
//! without any.

use std::time::Duration;

use http_body_util::BodyExt;
use hyper::header::HeaderMap;
use hyper::{Request, Response, Uri, Version};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client as Pool};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::timeout;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody};

use super::body::TimedBody;
use super::neighbour::Neighbour;

/// A component may wait this long at most, whatever it asks for.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const FIRST_BYTE_LIMIT: Duration = Duration::from_secs(30);
const BETWEEN_BYTES_LIMIT: Duration = Duration::from_secs(30);

const IDLE_CONNECTION: Duration = Duration::from_secs(30);
const IDLE_CONNECTIONS_PER_HOST: usize = 32;

/// Sends requests.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pool: Pool<HttpConnector, WasiBody>,
    neighbour: Option<Neighbour>,
}

impl Client {
    pub(crate) fn new(neighbour: Option<Neighbour>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(CONNECT_LIMIT));
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_CONNECTION)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST)
            .build(connector);
        Self { pool, neighbour }
    }

    /// The neighbour, if a request to this place is for it.
    pub(super) fn neighbour(&self, uri: &Uri, headers: &HeaderMap) -> Option<&Neighbour> {
        self.neighbour.as_ref().filter(|neighbour| neighbour.is_meant(uri, headers))
    }

    /// Sends one request. The head of the answer must come within the sum of the connect and first-byte times.
    pub(crate) async fn send(
        &self,
        mut request: Request<WasiBody>,
        options: RequestOptions,
    ) -> Result<Response<WasiBody>, Error> {
        *request.version_mut() = Version::HTTP_11;
        let bounded = |asked: Option<Duration>, limit| asked.map_or(limit, |asked| asked.min(limit));
        let connect = bounded(options.connect_timeout, CONNECT_LIMIT);
        let first_byte = bounded(options.first_byte_timeout, FIRST_BYTE_LIMIT);
        let between_bytes = bounded(options.between_bytes_timeout, BETWEEN_BYTES_LIMIT);
        let late = |_| Error::ConnectionReadTimeout;
        if let Some(neighbour) = self.neighbour(request.uri(), request.headers()) {
            return timeout(connect + first_byte, neighbour.answer(request)).await.map_err(late);
        }
        let answer = timeout(connect + first_byte, self.pool.request(request)).await;
        let response = answer.map_err(late)?.map_err(|error| error_of(&error))?;
        Ok(response.map(|body| TimedBody::new(body, between_bytes).boxed_unsync()))
    }
}

fn error_of(error: &legacy::Error) -> Error {
    tracing::debug!(%error, "outbound request failed");
    if error.is_connect() { Error::ConnectionRefused } else { Error::ConnectionTerminated }
}
