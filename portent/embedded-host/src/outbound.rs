//! Requests that a component sends: only to the hosts that its manifest allows, over a shared pool of connections.

mod allowed;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use hyper::header::HeaderName;
use hyper::http::uri::Scheme;
use hyper::{Request, Response, Version};
use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::time::{Instant, Sleep, sleep, timeout};
use wasmtime_wasi_http::{DEFAULT_FORBIDDEN_HEADERS, Error, RequestOptions, WasiBody, WasiHttpHooks};

pub(crate) use allowed::AllowedHosts;

/// Longest waits of a component, whatever it asks for.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const FIRST_BYTE_LIMIT: Duration = Duration::from_secs(30);
const BETWEEN_BYTES_LIMIT: Duration = Duration::from_secs(30);

const IDLE_CONNECTION: Duration = Duration::from_secs(30);
const IDLE_CONNECTIONS_PER_HOST: usize = 32;

type Sent = (Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

/// Sends plain HTTP/1 over kept-alive connections that all instances share.
pub(crate) type Client = legacy::Client<HttpConnector, WasiBody>;

/// The client and the permissions of one component.
#[derive(Clone, Debug)]
pub(crate) struct Outbound {
    pub(crate) component: Arc<str>,
    pub(crate) allowed: Arc<AllowedHosts>,
    pub(crate) client: Client,
}

/// A response body whose frames must follow each other within a time.
struct TimedBody {
    body: Incoming,
    limit: Duration,
    /// Runs only while a frame is awaited.
    overdue: Option<Pin<Box<Sleep>>>,
}

pub(crate) fn client() -> Client {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    connector.set_connect_timeout(Some(CONNECT_LIMIT));
    legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_CONNECTION)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_PER_HOST)
        .build(connector)
}

impl WasiHttpHooks for Outbound {
    fn is_forbidden_header(&mut self, name: &HeaderName) -> bool {
        DEFAULT_FORBIDDEN_HEADERS.contains(name)
    }

    fn default_scheme(&mut self) -> Option<Scheme> {
        Some(Scheme::HTTP)
    }

    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _processed: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        if let Err(refused) = self.check(&request) {
            return Box::new(async { Err(refused) });
        }
        let client = self.client.clone();
        Box::new(async move {
            let response = send(&client, request, options.unwrap_or_default()).await?;
            let done: Box<dyn Future<Output = _> + Send> = Box::new(async { Ok(()) });
            Ok((response, done))
        })
    }
}

impl Outbound {
    fn check(&self, request: &Request<WasiBody>) -> Result<(), Error> {
        let uri = request.uri();
        if !self.allowed.permit(uri) {
            let authority = uri.authority().map_or("", |authority| authority.as_str());
            tracing::warn!(
                component = &*self.component,
                scheme = uri.scheme_str().unwrap_or_default(),
                authority,
                "outbound request refused: not in allowed_outbound_hosts"
            );
            return Err(Error::HttpRequestDenied);
        }
        if uri.scheme() != Some(&Scheme::HTTP) {
            let message = "the embedded host sends plain http only";
            tracing::warn!(component = &*self.component, "outbound request refused: {message}");
            return Err(Error::InternalError(Some(message.to_owned())));
        }
        Ok(())
    }
}

/// Sends one request. The head of the response must come within the sum of the connect and first-byte times.
async fn send(
    client: &Client,
    mut request: Request<WasiBody>,
    options: RequestOptions,
) -> Result<Response<WasiBody>, Error> {
    *request.version_mut() = Version::HTTP_11;
    let bounded = |asked: Option<Duration>, limit| asked.map_or(limit, |asked| asked.min(limit));
    let head_limit = bounded(options.connect_timeout, CONNECT_LIMIT)
        + bounded(options.first_byte_timeout, FIRST_BYTE_LIMIT);
    let limit = bounded(options.between_bytes_timeout, BETWEEN_BYTES_LIMIT);
    let response = timeout(head_limit, client.request(request)).await;
    let response = response.map_err(|_| Error::ConnectionReadTimeout)?.map_err(|error| {
        tracing::debug!(%error, "outbound request failed");
        if error.is_connect() { Error::ConnectionRefused } else { Error::ConnectionTerminated }
    })?;
    Ok(response.map(|body| TimedBody { body, limit, overdue: None }.boxed_unsync()))
}

impl Body for TimedBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let limit = self.limit;
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            if let Some(overdue) = &mut self.overdue {
                overdue.as_mut().reset(Instant::now() + limit);
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(|_| Error::HttpResponseIncomplete)));
        }
        let overdue = self.overdue.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut();
        overdue.poll(context).map(|()| Some(Err(Error::ConnectionReadTimeout)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
