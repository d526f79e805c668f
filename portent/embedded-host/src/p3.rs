//! WASI 0.3 components: an instance has several requests at once and works on between and after them.
//!
//! wasmtime's `ProxyHandler` hands requests to the instances, each of which runs in a task of its own, its worker.
//! What happens to an instance happens to all of its requests: a trap fails every one that waits for its answer.
//! The requests and their instance know of each other through [`life`]; [`worker`] decides how long an instance
//! lives, and [`exchange`] is the way of one request.
//!
//! Lines that an instance prints are not told apart by request. So a request that fails is always counted by the
//! host, and a failure in work after the answers counts as an error, not as a request.

mod answer;
mod exchange;
mod life;
pub(crate) mod variables;
mod visit;
mod worker;

use std::sync::Arc;

use portent_event::{DropReason, ErrorType, Method, Route};
use wasmtime_wasi_http::handler::{HandlerState, Instance, Proxy, ProxyHandler};
use wasmtime_wasi_http::p3::bindings::ServicePre;
use wasmtime_wasi_http::{WasiHttpCtxView, WasiHttpView};

use super::component::Ground;
use super::grants::Granted;
use super::instance::State;
use super::{AfterAnswer, EventSink, Failure};
use life::Life;
use worker::{Limits, Watch, Worker};

/// Gives requests to the instances of one component.
pub(crate) type Handler = ProxyHandler<Instances>;

/// Makes instances.
pub(crate) struct Instances {
    template: ServicePre<State>,
    granted: Granted,
    limits: Limits,
    report: Report,
    after: Arc<AfterAnswer>,
}

/// Reports what goes wrong in an instance rather than in one of its requests.
#[derive(Clone)]
pub(crate) struct Report {
    pub(crate) app: Arc<str>,
    pub(crate) sink: Arc<dyn EventSink>,
}

/// The handler of a component.
pub(crate) fn handler(
    template: ServicePre<State>,
    granted: Granted,
    report: Report,
    ground: &Ground<'_>,
) -> Handler {
    let limits = Limits::of(ground.options);
    ProxyHandler::new(Instances { template, granted, limits, report, after: Arc::clone(ground.after) })
}

impl HandlerState for Instances {
    type StoreData = State;
    type WorkerExpiration = Watch;
    type WorkerState = Worker;

    async fn instantiate(&self) -> wasmtime::Result<Instance<State, Watch, Worker>> {
        let mut store = State::store(self.template.engine(), self.granted.grants()?);
        let service = self.template.instantiate_async(&mut store).await?;
        let output = store.data().output().clone();
        let life = Arc::new(Life::new(store.data().memory_in_use(), store.data().scoring()));
        Ok(Instance {
            store,
            proxy: Proxy::P3(service),
            view,
            expiration: Watch::new(Arc::clone(&life), self.limits, Arc::clone(&self.after), output),
            state: Worker::new(life, self.limits, self.report.clone()),
        })
    }
}

fn view(state: &mut State) -> WasiHttpCtxView<'_> {
    state.http()
}

impl Report {
    fn trap(&self, error: &wasmtime::Error) {
        tracing::error!(app = &*self.app, error = format!("{error:#}"), "the component failed");
    }

    /// A trap in work after the answers. The requests were answered and have been, or are now not, counted by
    /// their own events.
    fn failed_after_answers(&self, (method, route): (Method, Route)) {
        self.sink.failed(&Failure {
            app: &self.app,
            method,
            route,
            status: 500,
            error: ErrorType::Trap,
            duration: std::time::Duration::ZERO,
            reported: true,
        });
    }

    fn cancelled(&self) {
        self.sink.dropped(&self.app, DropReason::Cancelled);
    }
}
