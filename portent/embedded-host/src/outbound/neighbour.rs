//! The aggregator's ingest listener, if it is of this process: a delivery to its address needs no socket.

use std::fmt;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Body as _;
use hyper::header::{CONTENT_LENGTH, HeaderMap};
use hyper::http::uri::{PathAndQuery, Scheme};
use hyper::{Request, Response, Uri};
use wasmtime_wasi_http::WasiBody;

/// A longer head, or one of more headers, takes the socket, whose server says what it thinks of that.
const HEAD_BYTES: usize = 4096;
const HEADERS: usize = 32;

type Answering = Pin<Box<dyn Future<Output = Response<Full<Bytes>>> + Send>>;
type Answer = dyn Fn(Request<WasiBody>) -> Answering + Send + Sync;

/// A plain HTTP listener of the same process, and the function that it answers with.
#[derive(Clone)]
pub struct Neighbour {
    address: SocketAddr,
    answer: Arc<Answer>,
}

impl Neighbour {
    /// A listener at this address, whose every request `answer` answers.
    pub fn new<F>(
        address: SocketAddr,
        answer: impl Fn(Request<WasiBody>) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = Response<Full<Bytes>>> + Send + 'static,
    {
        Self { address, answer: Arc::new(move |request| Box::pin(answer(request))) }
    }

    /// Whether a request to this place is answered here: its authority is the listener's address to the letter,
    /// and its head is one that the listener takes.
    pub(super) fn is_meant(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let authority = uri.authority().and_then(|authority| authority.as_str().parse().ok());
        let path = uri.path_and_query().map_or("", PathAndQuery::as_str);
        let fields = headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        uri.scheme() == Some(&Scheme::HTTP)
            && authority == Some(self.address)
            && headers.len() <= HEADERS
            && fields.sum::<usize>() + path.len() <= HEAD_BYTES
    }

    /// Answers a request as the listener would.
    pub(super) async fn answer(&self, request: Request<WasiBody>) -> Response<WasiBody> {
        let mut response = (self.answer)(request).await;
        let length = response.body().size_hint().exact().unwrap_or_default();
        response.headers_mut().insert(CONTENT_LENGTH, length.into());
        response.map(|body| body.map_err(|never| match never {}).boxed_unsync())
    }
}

impl fmt::Debug for Neighbour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Neighbour").field("address", &self.address).finish_non_exhaustive()
    }
}
