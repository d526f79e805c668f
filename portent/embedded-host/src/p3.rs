//! WASI 0.3 components: an instance serves several requests at once and works on between and after them.
//!
//! wasmtime's `ProxyHandler` passes requests to the instances, each of which runs in a task of its own, its worker.
//! A failure of an instance fails all of its requests: a trap fails every request that waits for its response.
//! [`instance_state`] is what requests and worker know of each other. [`worker`] decides how long an instance lives.
//!
//! Lines that an instance prints are not told apart by request. So the host always counts a request that fails. A
//! failure in work after the responses counts as an error, not as a request.

mod instance_state;
mod worker;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body, Frame};
use hyper::header::HOST;
use hyper::http::uri::{Authority, Scheme};
use hyper::{Request, Response, StatusCode, Uri};
use portent_event::ErrorType;
use tokio::sync::oneshot;
use tokio::time::{Sleep, sleep, sleep_until, timeout, timeout_at};
use wasmtime_wasi_http::handler::{HandlerState, Instance, InstantiationError, Proxy, ProxyHandler};
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::p3::bindings::http::types::ErrorCode;
use wasmtime_wasi_http::{WasiBody, WasiHttpView};

use crate::error_response::ErrorResponse;
use crate::exchange::{Context, Exchange, LONGEST_DELIVERY, Permit};
use crate::permissions::Permissions;
use crate::request_body::RequestBody;
use crate::response_body::{Beginning, BrokenOff, ResponseBody, check_end, is_complete};
use crate::state::State;
use instance_state::{ClientTicket, InstanceState, OpenBody, WorkerTicket};
use worker::{Watch, Worker};

/// How long the head of a response waits for its body. The worker writes both in one go, so the body is there when
/// the head is, unless the component takes its time over it.
const READ_AHEAD: Duration = Duration::from_millis(1);

/// How long a client waits at most for the reason of a failure.
const REASON: Duration = Duration::from_secs(1);

/// Passes requests to the instances of one component.
pub(crate) struct P3(ProxyHandler<Instances>);

/// Makes instances.
struct Instances {
    template: ServicePre<State>,
    permissions: Permissions,
    context: Arc<Context>,
    app: Arc<str>,
}

/// The rest of a response body that its component still writes.
struct Rest {
    body: WasiBody,
    open: OpenBody,
    exchange: Exchange,
    status: StatusCode,
    overdue: Pin<Box<Sleep>>,
    _delivered: oneshot::Sender<()>,
}

impl HandlerState for Instances {
    type StoreData = State;
    type WorkerExpiration = Watch;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Watch, Worker>> {
        let mut store = self.permissions.store(self.template.engine())?;
        let service = self.template.instantiate_async(&mut store).await?;
        let data = store.data();
        let state = Arc::new(InstanceState::new(Arc::clone(&data.memory.used), data.scoring.clone()));
        let expiration = Watch::new(Arc::clone(&state), Arc::clone(&self.context), data.output.clone());
        Ok(Instance {
            store,
            proxy: Proxy::P3(service),
            view: State::http,
            expiration,
            state: Worker::new(state, Arc::clone(&self.context), Arc::clone(&self.app)),
        })
    }
}

impl P3 {
    pub(crate) fn new(
        template: ServicePre<State>,
        permissions: Permissions,
        context: Arc<Context>,
        app: Arc<str>,
    ) -> Self {
        Self(ProxyHandler::new(Instances { template, permissions, context, app }))
    }

    /// Serves a request that has its permit.
    pub(crate) async fn serve(
        &self,
        exchange: &Exchange,
        request: Request<RequestBody>,
        permit: Permit,
    ) -> Result<Response<ResponseBody>, ErrorResponse> {
        let Permit { slot, in_flight: _in_flight } = permit;
        let task = exchange.context.after_response.token();
        let (mut client, worker) = instance_state::tickets(slot, (exchange.method, exchange.route), task);
        let request = with_origin(request)?.map(BodyExt::boxed_unsync);
        let Ok(handled) = timeout_at(exchange.deadline(), self.0.handle(worker, request)).await else {
            return Err(client.give_up());
        };
        match handled {
            Ok(response) => respond(exchange, response, client.responded().map(OpenBody::new), client).await,
            Err(error) => Err(error_response(exchange, &error, &client).await),
        }
    }
}

async fn respond(
    exchange: &Exchange,
    response: Response<WasiBody>,
    open: Option<OpenBody>,
    client: ClientTicket,
) -> Result<Response<ResponseBody>, ErrorResponse> {
    let (head, mut body) = response.into_parts();
    let beginning = Beginning::read_within(READ_AHEAD, &mut body).await;
    // The end of an instance ends its bodies, which are then not complete.
    let has_ended = beginning.as_ref().map_or(true, |beginning| beginning.is_whole);
    if has_ended && !is_complete(&body) && open.as_ref().is_some_and(OpenBody::is_broken) {
        return Err(ErrorResponse::Trap);
    }
    let beginning = beginning.map_err(|_| ErrorResponse::NoResponse)?;
    let rest = open.filter(|_| !beginning.is_whole).map(|open| {
        let (sender, delivered) = oneshot::channel();
        // Slow readers hold no permit for long.
        tokio::spawn(async move {
            tokio::select! { _ = delivered => {}, () = sleep(LONGEST_DELIVERY) => {} }
            drop(client);
        });
        let overdue = Box::pin(sleep_until(exchange.deadline()));
        let (exchange, status) = (exchange.clone(), head.status);
        Rest { body, open, exchange, status, overdue, _delivered: sender }.boxed_unsync()
    });
    Ok(Response::from_parts(head, beginning.followed_by(rest)))
}

/// The response to a request whose instance gave none.
async fn error_response(
    exchange: &Exchange,
    error: &wasmtime::Error,
    client: &ClientTicket,
) -> ErrorResponse {
    if let Some(error) = error.downcast_ref::<InstantiationError<WorkerTicket>>() {
        return exchange.no_instance(&error.error);
    }
    if let Some(code) = error.downcast_ref::<ErrorCode>() {
        return exchange.no_response(&format!("{code:?}"));
    }
    let Some(instance) = client.notice() else { return ErrorResponse::Trap };
    // The worker learns the reason, a moment later.
    timeout(REASON, instance.failure()).await.unwrap_or(ErrorResponse::Trap)
}

/// A component of WASI 0.3 finds the scheme and the host of its requests beside their path.
fn with_origin(mut request: Request<RequestBody>) -> Result<Request<RequestBody>, ErrorResponse> {
    let host = request.headers().get(HOST).map_or(&b"localhost"[..], |host| host.as_bytes());
    let authority = Authority::try_from(host).map_err(|_| ErrorResponse::BadHost)?;
    let mut parts = std::mem::take(request.uri_mut()).into_parts();
    parts.scheme = Some(Scheme::HTTP);
    parts.authority = Some(authority);
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| ErrorResponse::BadHost)?;
    Ok(request)
}

impl Rest {
    fn break_off(&self, error: ErrorType) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        self.exchange.report(error, self.status, false);
        Poll::Ready(Some(Err(BrokenOff)))
    }
}

impl Body for Rest {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let was_complete = is_complete(&self.body);
        match Pin::new(&mut self.body).poll_frame(context) {
            // The end of an instance ends its bodies, which are then not complete.
            Poll::Ready(None) if self.open.is_broken() && !was_complete => self.break_off(ErrorType::Trap),
            Poll::Ready(None) if check_end(&self.body).is_err() => self.break_off(ErrorType::Internal),
            Poll::Ready(Some(Err(_))) => self.break_off(ErrorType::Internal),
            Poll::Ready(frame) => Poll::Ready(frame.map(|frame| frame.map_err(|_| BrokenOff))),
            Poll::Pending => match self.overdue.as_mut().poll(context) {
                Poll::Ready(()) => self.break_off(ErrorType::Timeout),
                Poll::Pending => Poll::Pending,
            },
        }
    }
}
