//! Requests that a component makes: only to the hosts its manifest allows, over a shared pool of connections, or
//! by a call where they are for the aggregator of the same process.

mod allowed;
mod body;
mod client;
mod handler;
mod neighbour;

use std::sync::Arc;

use hyper::header::HeaderName;
use hyper::http::uri::Scheme;
use hyper::{Request, Response};
use wasmtime_wasi_http::{DEFAULT_FORBIDDEN_HEADERS, Error, RequestOptions, WasiBody, WasiHttpHooks};

pub(crate) use allowed::AllowedHosts;
pub(crate) use client::Client;
pub(crate) use handler::{Outgoing, add_to_linker};
pub use neighbour::Neighbour;

type Sending = Box<dyn Future<Output = Result<Sent, Error>> + Send>;
type Sent = (Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

/// A component's way out.
#[derive(Clone, Debug)]
pub(crate) struct Outbound {
    pub(crate) component: Arc<str>,
    pub(crate) allowed: Arc<AllowedHosts>,
    pub(crate) client: Client,
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
    ) -> Sending {
        if let Err(refused) = self.check(&request) {
            return Box::new(async { Err(refused) });
        }
        let client = self.client.clone();
        Box::new(async move {
            let response = client.send(request, options.unwrap_or_default()).await?;
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
