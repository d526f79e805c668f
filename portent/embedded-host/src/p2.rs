//! WASI 0.2 components: an instance serves one request after the other.
//!
//! An instance runs within the task of its request until the head of the response is there. Most are done by then:
//! their response leaves whole, and no task is spawned. An instance that works on, because it writes a long response or
//! delivers its event, does so in a task of its own. The request keeps its permit until the response has been
//! delivered. Work after that has limits of its own.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::{Body, Frame};
use hyper::{Request, Response, StatusCode};
use portent_event::{DropReason, ErrorType};
use tokio::sync::oneshot;
use tokio::time::{sleep_until, timeout, timeout_at};
use wasmtime::Store;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::bindings::{Proxy, ProxyPre};
use wasmtime_wasi_http::p2::body::{HostIncomingBody, HostOutgoingBody};
use wasmtime_wasi_http::p2::types::{
    HostFutureIncomingResponse, HostIncomingRequest, HostIncomingResponse, HostOutgoingRequest,
    HostOutgoingResponse, HostResponseOutparam,
};
use wasmtime_wasi_http::{FieldMap, RequestOptions, WasiBody, WasiHttpView as _};

use crate::error_response::ErrorResponse;
use crate::exchange::{Context, Exchange, LONGEST_DELIVERY, Permit, log_trap};
use crate::permissions::Permissions;
use crate::request_body::RequestBody;
use crate::response_body::{Beginning, BrokenOff, ResponseBody};
use crate::scorer;
use crate::state::{KEPT_MEMORY, State};

/// Resources that an instance keeps between requests: its standard streams and its directory.
const KEPT_RESOURCES: usize = 16;

/// Options of outgoing requests that an instance keeps: `wasmtime-wasi-http` never drops those of a sent request.
const KEPT_REQUEST_OPTIONS: usize = 1024;

/// The instances of one component.
pub(crate) struct P2 {
    template: ProxyPre<State>,
    permissions: Permissions,
    context: Arc<Context>,
    /// Idle instances, the last used one last: it is the first to be used again.
    idle: Mutex<Vec<(Instant, Instance)>>,
}

/// An instance that waits for a request or serves one.
struct Instance {
    store: Store<State>,
    proxy: Proxy,
    served: u32,
}

/// The call of an instance's handler for one request, to its end.
type Call = Pin<Box<dyn Future<Output = Ended> + Send>>;

/// How a call ended.
struct Ended {
    instance: Instance,
    result: wasmtime::Result<()>,
    /// The component printed its event for the request.
    reported: bool,
}

/// The head of a response, with a body that the component may still write.
type Head = Result<Response<WasiBody>, ErrorCode>;

/// The rest of a response body that its component still writes.
struct Rest {
    body: WasiBody,
    is_broken: Arc<AtomicBool>,
    _delivered: oneshot::Sender<()>,
}

/// The host's end of a [`Rest`].
struct Delivery {
    is_broken: Arc<AtomicBool>,
    /// Ends when the body has been delivered, or its client has left.
    delivered: oneshot::Receiver<()>,
}

impl P2 {
    pub(crate) fn new(template: ProxyPre<State>, permissions: Permissions, context: Arc<Context>) -> Self {
        Self { template, permissions, context, idle: Mutex::default() }
    }

    /// Serves a request that has its permit.
    pub(crate) async fn serve(
        self: &Arc<Self>,
        exchange: &Exchange,
        request: Request<RequestBody>,
        permit: Permit,
    ) -> Result<Response<ResponseBody>, ErrorResponse> {
        let instance = timeout_at(exchange.deadline(), self.instance()).await;
        let instance =
            instance.map_err(|_| ErrorResponse::Timeout)?.map_err(|error| exchange.no_instance(&error))?;
        let scoring = instance.store.data().scoring.clone();
        let (head_sender, mut head) = oneshot::channel();
        let mut call: Call = Box::pin(instance.serve(request, head_sender));
        tokio::select! {
            biased;
            ended = &mut call => self.respond_at_once(exchange, ended, head.try_recv().ok()),
            head = &mut head => match poll_once(&mut call).await {
                // It gave its thread away at an epoch tick, shortly before its end.
                Poll::Ready(ended) => self.respond_at_once(exchange, ended, head.ok()),
                Poll::Pending => self.respond_and_go_on(exchange, head.ok(), call, permit),
            },
            () = sleep_until(exchange.deadline()) => Err(scorer::timeout(scoring.as_ref())),
        }
    }

    /// The component is done: its response is complete, or there is none.
    fn respond_at_once(
        &self,
        exchange: &Exchange,
        Ended { mut instance, result, reported }: Ended,
        head: Option<Head>,
    ) -> Result<Response<ResponseBody>, ErrorResponse> {
        let response = match (result, head) {
            (Ok(()), head) => {
                self.keep(instance);
                response_of(exchange, head)?
            }
            (Err(trap), Some(Ok(response))) if !instance.has_open_response() => {
                log_trap(&exchange.app, &trap);
                exchange.report(ErrorType::Trap, response.status(), reported);
                response
            }
            (Err(trap), _) => {
                log_trap(&exchange.app, &trap);
                return Err(scorer::trap(&trap, instance.store.data().scoring.as_ref()));
            }
        };
        let (head, mut body) = response.into_parts();
        let beginning = Beginning::read_now(&mut body).map_err(|_| ErrorResponse::NoResponse)?;
        let rest = (!beginning.is_whole).then(|| body.map_err(|_| BrokenOff).boxed_unsync());
        Ok(Response::from_parts(head, beginning.followed_by(rest)))
    }

    /// The head is there and the component goes on.
    fn respond_and_go_on(
        self: &Arc<Self>,
        exchange: &Exchange,
        head: Option<Head>,
        call: Call,
        permit: Permit,
    ) -> Result<Response<ResponseBody>, ErrorResponse> {
        let (head, mut body) = response_of(exchange, head)?.into_parts();
        let beginning = Beginning::read_now(&mut body).map_err(|_| ErrorResponse::NoResponse)?;
        let (body, unfinished) = if beginning.is_whole {
            (beginning.followed_by(None), None)
        } else {
            let (rest, delivery) = Rest::new(body);
            (beginning.followed_by(Some(rest.boxed_unsync())), Some((delivery, permit)))
        };
        let rest = Arc::clone(self).finish(exchange.clone(), call, unfinished, head.status);
        self.context.after_response.spawn(rest);
        Ok(Response::from_parts(head, body))
    }

    /// Runs a component from the head of its response to its end.
    async fn finish(
        self: Arc<Self>,
        exchange: Exchange,
        mut call: Call,
        unfinished: Option<(Delivery, Permit)>,
        status: StatusCode,
    ) {
        let mut ended = None;
        let delivery = if let Some((mut delivery, permit)) = unfinished {
            let mut permit = Some(permit);
            let permit_ends = tokio::time::Instant::now() + LONGEST_DELIVERY;
            loop {
                tokio::select! {
                    biased;
                    result = &mut call => break ended = Some(result),
                    _ = &mut delivery.delivered => break,
                    () = sleep_until(permit_ends), if permit.is_some() => permit = None,
                    () = sleep_until(exchange.deadline()) => {
                        delivery.break_off();
                        return exchange.report(ErrorType::Timeout, status, false);
                    }
                }
            }
            Some(delivery)
        } else {
            None
        };
        if ended.is_none() {
            ended = self.after_response(call).await;
        }
        match ended {
            Some(Ended { instance, result: Ok(()), .. }) => self.keep(instance),
            Some(Ended { mut instance, result: Err(trap), reported }) => {
                if let Some(delivery) = delivery.filter(|_| instance.has_open_response()) {
                    delivery.break_off();
                }
                log_trap(&exchange.app, &trap);
                exchange.report(ErrorType::Trap, status, reported);
            }
            None => self.context.sink.dropped(&exchange.app, DropReason::Cancelled),
        }
    }

    /// Lets a component work on after its response, within the limits of that.
    async fn after_response(&self, call: Call) -> Option<Ended> {
        let _place = self.context.after_response_places.try_acquire().ok()?;
        timeout(self.context.options.after_response_timeout, call).await.ok()
    }

    /// An instance for one request: an idle one, or a new one.
    async fn instance(&self) -> wasmtime::Result<Instance> {
        let idle = self.idle().pop();
        if let Some((_, instance)) = idle {
            return Ok(instance);
        }
        let mut store = self.permissions.store(self.template.engine())?;
        let proxy = self.template.instantiate_async(&mut store).await?;
        Ok(Instance { store, proxy, served: 0 })
    }

    /// Keeps an instance whose request ended in good order, unless it is used up.
    fn keep(&self, mut instance: Instance) {
        let options = &self.context.options;
        let memory = instance.store.data().memory.used.load(Ordering::Relaxed);
        if instance.served >= options.instance_reuse || memory > KEPT_MEMORY || instance.has_leaked() {
            return;
        }
        let mut idle = self.idle();
        if idle.len() < options.concurrency {
            idle.push((Instant::now(), instance));
        }
    }

    /// Drops the instances that have been idle for too long.
    pub(crate) fn sweep(&self) {
        let (now, limit) = (Instant::now(), self.context.options.idle_instance_timeout);
        let mut idle = self.idle();
        let overdue = idle.partition_point(|(since, _)| now.duration_since(*since) >= limit);
        let dropped: Vec<_> = idle.drain(..overdue).collect();
        // Unmapping takes time: not while others wait for the lock.
        drop(idle);
        drop(dropped);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<(Instant, Instance)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Instance {
    /// Serves one request. The head of the response goes to `head` before this ends.
    async fn serve(mut self, request: Request<RequestBody>, head: oneshot::Sender<Head>) -> Ended {
        self.served += 1;
        let result = self.call(request, head).await;
        let state = self.store.data();
        state.end_lines();
        let reported = state.output[0].take_events() > 0;
        Ended { instance: self, result, reported }
    }

    async fn call(
        &mut self,
        request: Request<RequestBody>,
        head: oneshot::Sender<Head>,
    ) -> wasmtime::Result<()> {
        self.store.set_epoch_deadline(1);
        let state = self.store.data_mut();
        state.scoring.iter().for_each(|scoring| scoring.reset());
        let request = state.http().new_incoming_request(Scheme::Http, request)?;
        let out = state.http().new_response_outparam(head)?;
        self.proxy.wasi_http_incoming_handler().call_handle(&mut self.store, request, out).await
    }

    /// Whether the component left the body of its response unfinished.
    fn has_open_response(&mut self) -> bool {
        self.store.data_mut().table.iter_mut().any(|entry| entry.is::<HostOutgoingBody>())
    }

    /// Whether the component kept a resource of the request: an instance for another request would carry it on.
    fn has_leaked(&mut self) -> bool {
        let (mut kept, mut request_options) = (0, 0);
        self.store.data_mut().table.iter_mut().any(|entry| {
            let is_options = entry.is::<RequestOptions>();
            *(if is_options { &mut request_options } else { &mut kept }) += 1;
            kept > KEPT_RESOURCES
                || request_options > KEPT_REQUEST_OPTIONS
                || entry.is::<FieldMap>()
                || entry.is::<HostIncomingRequest>()
                || entry.is::<HostIncomingBody>()
                || entry.is::<HostIncomingResponse>()
                || entry.is::<HostOutgoingRequest>()
                || entry.is::<HostOutgoingResponse>()
                || entry.is::<HostOutgoingBody>()
                || entry.is::<HostFutureIncomingResponse>()
                || entry.is::<HostResponseOutparam>()
        })
    }
}

async fn poll_once(call: &mut Call) -> Poll<Ended> {
    poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await
}

fn response_of(exchange: &Exchange, head: Option<Head>) -> Result<Response<WasiBody>, ErrorResponse> {
    match head {
        Some(Ok(response)) => Ok(response),
        Some(Err(error)) => Err(exchange.no_response(&format!("{error:?}"))),
        None => Err(exchange.no_response("it answered nothing")),
    }
}

impl Rest {
    fn new(body: WasiBody) -> (Self, Delivery) {
        let (sender, delivered) = oneshot::channel();
        let is_broken = Arc::new(AtomicBool::new(false));
        let rest = Self { body, is_broken: Arc::clone(&is_broken), _delivered: sender };
        (rest, Delivery { is_broken, delivered })
    }
}

impl Delivery {
    /// Makes an unfinished body end as broken off. Call this before the instance is dropped.
    fn break_off(&self) {
        self.is_broken.store(true, Ordering::Release);
    }
}

impl Body for Rest {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match ready!(Pin::new(&mut self.body).poll_frame(context)) {
            None if self.is_broken.load(Ordering::Acquire) => Poll::Ready(Some(Err(BrokenOff))),
            frame => Poll::Ready(frame.map(|frame| frame.map_err(|_| BrokenOff))),
        }
    }
}
