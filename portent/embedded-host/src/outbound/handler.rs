//! `wasi:http/outgoing-handler` of WASI 0.2, which tries a request to the neighbour at once.
//!
//! A delivery whose body is written before it is sent is then counted before the component goes on: no task is
//! made for it, and the component never waits. Everything else takes the way of `wasmtime-wasi-http`. Whichever way a
//! request takes, nothing of it stays in the component's table, or no instance could be used for long.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use hyper::header::{HOST, HeaderMap, HeaderValue};
use hyper::{Method, Request, Uri};
use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource, ResourceTable};
use wasmtime_wasi::runtime::{AbortOnDropJoinHandle, spawn};
use wasmtime_wasi_http::p2::HttpResult;
use wasmtime_wasi_http::p2::bindings::http::outgoing_handler::Host as _;
use wasmtime_wasi_http::p2::bindings::http::types::{Host as _, Method as WasiMethod, Scheme};
use wasmtime_wasi_http::p2::types::{HostFutureIncomingResponse, HostOutgoingRequest};
use wasmtime_wasi_http::{RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks as _};

use http_body_util::BodyExt as _;

use super::Outbound;

/// What sending works on.
pub(crate) struct Outgoing<'a> {
    pub(crate) outbound: &'a mut Outbound,
    pub(crate) table: &'a mut ResourceTable,
    pub(crate) http: &'a mut WasiHttpCtx,
}

/// The interface, as `wasmtime-wasi-http` names it.
const INTERFACE: &str = "wasi:http/outgoing-handler@0.2.12";

type Pending = Resource<HostFutureIncomingResponse>;

/// Takes the place of the interface's function in a linker that has it already.
pub(crate) fn add_to_linker<T: Send + 'static>(
    linker: &mut Linker<T>,
    outgoing: fn(&mut T) -> Outgoing<'_>,
) -> wasmtime::Result<()> {
    let handle = move |mut store: StoreContextMut<'_, T>, (request, options)| {
        let mut outgoing = outgoing(store.data_mut());
        let sent = match outgoing.handle(request, options) {
            Ok(pending) => Ok(pending),
            Err(error) => Err(outgoing.view().convert_error_code(error)?),
        };
        Ok((sent,))
    };
    linker.allow_shadowing(true);
    let added = linker.instance(INTERFACE)?.func_wrap("handle", handle);
    linker.allow_shadowing(false);
    added
}

impl Outgoing<'_> {
    fn handle(
        &mut self,
        request: Resource<HostOutgoingRequest>,
        options: Option<Resource<RequestOptions>>,
    ) -> HttpResult<Pending> {
        // The options are the host's now, and `wasmtime-wasi-http` forgets to drop them.
        let known = options.as_ref().and_then(|options| self.table.get(options).ok()).copied();
        let kept = options.as_ref().map(|options| Resource::<RequestOptions>::new_own(options.rep()));
        let Some((uri, host)) = self.neighbour_of(self.table.get(&request)?) else {
            let sent = self.view().handle(request, options);
            self.forget(kept)?;
            return sent;
        };
        self.forget(kept)?;
        let HostOutgoingRequest { headers, body, .. } = self.table.delete(request)?;
        let mut headers = HeaderMap::from(headers);
        headers.insert(HOST, host);
        let mut request = Request::new(WasiBody::default());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        if let Some(body) = body {
            *request.body_mut() = body.map_err(Into::into).boxed_unsync();
        }
        let response = self.send(request, known);
        Ok(self.table.push(response)?)
    }

    fn forget(&mut self, options: Option<Resource<RequestOptions>>) -> HttpResult<()> {
        if let Some(options) = options {
            self.table.delete(options)?;
        }
        Ok(())
    }

    fn view(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut *self.outbound, table: &mut *self.table, ctx: &mut *self.http }
    }

    /// Where a delivery to the neighbour goes, with its `host`; `None` for any other request.
    fn neighbour_of(&self, request: &HostOutgoingRequest) -> Option<(Uri, HeaderValue)> {
        let (WasiMethod::Post, Some(Scheme::Http)) = (&request.method, &request.scheme) else { return None };
        let authority = request.authority.as_deref()?;
        let path = request.path_with_query.as_deref()?;
        let uri = Uri::builder().scheme("http").authority(authority).path_and_query(path).build().ok()?;
        self.outbound.client.neighbour(&uri, &request.headers)?;
        Some((uri, HeaderValue::from_str(authority).ok()?))
    }

    /// Sends, and looks once whether the answer is there.
    fn send(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
    ) -> HostFutureIncomingResponse {
        let sending = self.outbound.send_request(request, options, Box::new(async { Ok(()) }));
        let mut sending = Pin::from(sending);
        let nothing = || -> AbortOnDropJoinHandle<()> { spawn(async {}) };
        // Whoever waits for the rest is woken by its own looks.
        match sending.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(sent) => {
                HostFutureIncomingResponse::Ready(sent.map(|(response, _)| (response, nothing())))
            }
            Poll::Pending => HostFutureIncomingResponse::Pending(spawn(async move {
                let (response, _) = sending.await?;
                Ok((response, spawn(async {})))
            })),
        }
    }
}
