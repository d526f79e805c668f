//! The state that the imports of an instance work on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use wasmtime::component::ResourceTable;
use wasmtime::{Engine, ResourceLimiter, Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use crate::outbound::Outbound;
use crate::scorer::Scoring;
use crate::stdio::LineOutput;
use crate::variables::ComponentVariables;

/// Most resources that a component holds at once; one that needs more leaks them.
const RESOURCES: usize = 4096;

/// An instance with more linear memory than this is not kept, so that one large request does not hold it.
pub(crate) const KEPT_MEMORY: usize = 16 << 20;

/// The state of one instance.
pub(crate) struct State {
    pub(crate) wasi: WasiCtx,
    pub(crate) http: WasiHttpCtx,
    pub(crate) outbound: Outbound,
    pub(crate) table: ResourceTable,
    pub(crate) memory: MemoryLimit,
    pub(crate) variables: ComponentVariables,
    /// Standard output and error.
    pub(crate) output: [LineOutput; 2],
    /// Of a composed component: whether it was last seen in its scorer.
    pub(crate) scoring: Option<Scoring>,
}

/// Limits the linear memory of one instance.
#[derive(Debug)]
pub(crate) struct MemoryLimit {
    /// Bytes in use.
    pub(crate) used: Arc<AtomicUsize>,
    pub(crate) limit: usize,
}

impl State {
    /// A store for one instance, which yields to others whenever the engine's clock ticks.
    pub(crate) fn into_store(mut self, engine: &Engine) -> Store<Self> {
        self.table.set_max_capacity(RESOURCES);
        let mut store = Store::new(engine, self);
        store.limiter(|state| &mut state.memory);
        store.set_epoch_deadline(1);
        // Tokio's own yield lets the runtime look at its sockets before the component goes on.
        store.epoch_deadline_callback(|store| {
            if let Some(scoring) = store.data().scoring.clone() {
                scoring.sample(&store);
            }
            Ok(UpdateDeadline::YieldCustom(1, Box::pin(tokio::task::yield_now())))
        });
        store
    }

    pub(crate) fn end_lines(&self) {
        self.output.iter().for_each(LineOutput::end_line);
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
