//! One sandbox: a store with its instance, which serves requests one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::bindings::Proxy;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::{HostIncomingBody, HostOutgoingBody, HyperOutgoingBody};
use wasmtime_wasi_http::p2::types::{
    HostFutureIncomingResponse, HostIncomingRequest, HostIncomingResponse, HostOutgoingRequest,
    HostOutgoingResponse, HostResponseOutparam,
};
use wasmtime_wasi_http::{FieldMap, WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use hyper::{Request, Response};
use tokio::sync::oneshot;

use super::lines::Lines;
use super::outbound::{Outbound, Outgoing};
use super::request_body::RequestBody;
use super::scorer::Scoring;
use super::spin_variables::ComponentVariables;

/// Resources that a component holds at once; one that needs more has lost count.
const RESOURCES: usize = 4096;

/// Resources that an instance keeps between requests: its standard streams and its directory.
const KEPT_RESOURCES: usize = 16;

/// Where a component puts the head of its answer.
pub(crate) type HeadSender = oneshot::Sender<Result<Response<HyperOutgoingBody>, ErrorCode>>;

/// An instance that waits for a request or serves one.
pub(crate) struct Instance {
    store: Store<State>,
    proxy: Proxy,
    served: u32,
}

/// What an instance's imports work on.
pub(crate) struct State {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    outbound: Outbound,
    table: ResourceTable,
    memory: MemoryLimit,
    variables: ComponentVariables,
    output: [Lines; 2],
    /// Where it is, of a composed component.
    scoring: Option<Scoring>,
}

/// A served request: the instance and how its function ended.
pub(crate) struct Served {
    pub(crate) instance: Instance,
    pub(crate) result: wasmtime::Result<()>,
    /// The component printed its event for the request.
    pub(crate) reported: bool,
}

#[derive(Debug)]
struct MemoryLimit {
    used: Arc<AtomicUsize>,
    limit: usize,
}

/// What a state is made of.
pub(crate) struct Grants {
    pub(crate) wasi: WasiCtx,
    pub(crate) outbound: Outbound,
    pub(crate) variables: ComponentVariables,
    pub(crate) output: [Lines; 2],
    pub(crate) memory: usize,
    pub(crate) has_scorer: bool,
}

impl Instance {
    pub(crate) fn new(store: Store<State>, proxy: Proxy) -> Self {
        Self { store, proxy, served: 0 }
    }

    /// Serves one request. The head of the answer goes to `head`, before this ends.
    pub(crate) async fn serve(mut self, request: Request<RequestBody>, head: HeadSender) -> Served {
        self.served += 1;
        let result = self.call(request, head).await;
        let [stdout, stderr] = &self.store.data().output;
        stdout.flush();
        stderr.flush();
        let reported = stdout.take_events() > 0;
        Served { instance: self, result, reported }
    }

    async fn call(&mut self, request: Request<RequestBody>, head: HeadSender) -> wasmtime::Result<()> {
        self.store.set_epoch_deadline(1);
        if let Some(scoring) = &self.store.data().scoring {
            scoring.reset();
        }
        let request = self.store.data_mut().http().new_incoming_request(Scheme::Http, request)?;
        let out = self.store.data_mut().http().new_response_outparam(head)?;
        self.proxy.wasi_http_incoming_handler().call_handle(&mut self.store, request, out).await
    }

    /// Where it is, of a composed component.
    pub(crate) fn scoring(&self) -> Option<Scoring> {
        self.store.data().scoring()
    }

    pub(crate) fn served(&self) -> u32 {
        self.served
    }

    pub(crate) fn memory(&self) -> usize {
        self.store.data().memory.used.load(Ordering::Relaxed)
    }

    /// Whether the component left its answer's body unfinished.
    pub(crate) fn has_open_answer(&mut self) -> bool {
        self.store.data_mut().table.iter_mut().any(|entry| entry.is::<HostOutgoingBody>())
    }

    /// Whether the component forgot something of the request: an instance for another would carry it on.
    pub(crate) fn has_leaked(&mut self) -> bool {
        let mut kept = 0;
        self.store.data_mut().table.iter_mut().any(|entry| {
            kept += 1;
            kept > KEPT_RESOURCES
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

impl State {
    /// Where the instance is, of a composed component.
    pub(crate) fn scoring(&self) -> Option<Scoring> {
        self.scoring.clone()
    }

    /// A store for one instance, which gives way to others whenever the engine's clock ticks.
    pub(crate) fn store(engine: &wasmtime::Engine, grants: Grants) -> Store<Self> {
        let mut table = ResourceTable::new();
        table.set_max_capacity(RESOURCES);
        let state = Self {
            wasi: grants.wasi,
            http: WasiHttpCtx::new(),
            outbound: grants.outbound,
            table,
            memory: MemoryLimit { used: Arc::default(), limit: grants.memory },
            variables: grants.variables,
            output: grants.output,
            scoring: grants.has_scorer.then(Scoring::default),
        };
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.memory);
        store.set_epoch_deadline(1);
        // Tokio's own yield, which lets the runtime look at its sockets before the component goes on.
        store.epoch_deadline_callback(|store| {
            if let Some(scoring) = store.data().scoring.clone() {
                scoring.look(&store);
            }
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        store
    }

    /// Bytes of linear memory, as they are at any time.
    pub(crate) fn memory_in_use(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.memory.used)
    }

    /// Number of resources that the component and the host hold in the table.
    pub(crate) fn resources(&mut self) -> usize {
        self.table.iter_mut().count()
    }

    pub(crate) fn output(&self) -> &[Lines; 2] {
        &self.output
    }

    pub(crate) fn variables(&self) -> &ComponentVariables {
        &self.variables
    }

    /// What requests to others work on.
    pub(crate) fn outgoing(&mut self) -> Outgoing<'_> {
        Outgoing { outbound: &mut self.outbound, table: &mut self.table, http: &mut self.http }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}

impl WasiHttpView for State {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { ctx: &mut self.http, table: &mut self.table, hooks: &mut self.outbound }
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let before = self.used.load(Ordering::Relaxed);
        let used = before - current.min(before) + desired;
        let allowed = used <= self.limit;
        if allowed {
            self.used.store(used, Ordering::Relaxed);
        }
        Ok(allowed)
    }

    fn table_growing(&mut self, _: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        Ok(maximum.is_none_or(|maximum| desired <= maximum))
    }
}
