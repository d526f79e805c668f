//! How long an instance lives, and which requests it accepts.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::{Duration, Instant};

use portent_event::{DropReason, ErrorType};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep_until};
use wasmtime::component::GuestTaskId;
use wasmtime::{Store, StoreContextMut, Trap};
use wasmtime_wasi_http::handler::{ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus};

use crate::exchange::{Context, log_trap};
use crate::options::Failure;
use crate::p3::instance_state::{InstanceState, WorkerTicket};
use crate::state::{KEPT_MEMORY, State};
use crate::stdio::LineOutput;

/// Resources that an instance holds when a request comes to it alone: its standard streams, its directory, the
/// request, and a delivery of events. An instance that holds more leaks them.
const KEPT_RESOURCES: usize = 32;

/// Decides which requests an instance accepts, and reports its end.
pub(crate) struct Worker {
    state: Arc<InstanceState>,
    context: Arc<Context>,
    app: Arc<str>,
}

/// Ends an instance that has nothing to do, or whose work takes too long to end.
pub(crate) struct Watch {
    state: Arc<InstanceState>,
    context: Arc<Context>,
    output: [LineOutput; 2],
    /// A place among the instances that work after their responses.
    place: Option<OwnedSemaphorePermit>,
    /// Since when nobody has waited for the instance.
    abandoned: Option<Instant>,
    timer: Pin<Box<Sleep>>,
}

impl Worker {
    pub(crate) fn new(state: Arc<InstanceState>, context: Arc<Context>, app: Arc<str>) -> Self {
        Self { state, context, app }
    }
}

impl WorkerState for Worker {
    type StoreData = State;
    type RequestData = WorkerTicket;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        let options = &self.context.options;
        if total >= options.instance_reuse as usize
            || self.state.memory() > KEPT_MEMORY
            || self.state.facts().is_unfit
        {
            ShouldAccept::Never
        } else if concurrent >= options.instance_concurrent_reuse as usize {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        mut store: StoreContextMut<'_, State>,
        ticket: WorkerTicket,
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        // The engine's clock went on while the instance was idle.
        store.set_epoch_deadline(1);
        self.state.scoring.iter().for_each(|scoring| scoring.reset());
        let mut facts = self.state.facts();
        if facts.waiting == 0 && store.data_mut().table.iter_mut().count() > KEPT_RESOURCES {
            facts.is_unfit = true;
        }
        drop(facts);
        Box::pin(ticket.begin(&self.state))
    }

    fn drop(&self, store: Store<State>, result: wasmtime::Result<()>) {
        store.data().end_lines();
        // Before the open bodies are broken off: that is noticed by their clients.
        let is_noticed = self.state.facts().is_noticed();
        if let Err(error) = &result {
            self.state.fail(error);
            // Open bodies must not look complete when the store is dropped.
            self.state.facts().is_broken = true;
        }
        drop(store);
        let mut facts = self.state.facts();
        let was_busy = facts.task.take().is_some();
        let (is_expired, last) = (facts.is_expired, facts.last);
        drop(facts);
        let Err(error) = result else { return };
        if !was_busy && !error.is::<Trap>() {
            // The process ends, and idle workers with it.
            return;
        }
        if is_expired {
            return self.context.sink.dropped(&self.app, DropReason::Cancelled);
        }
        log_trap(&self.app, &error);
        // A trap in work after the responses. The events of the answered requests count them, or are lost now.
        if let Some((method, route)) = last.filter(|_| !is_noticed) {
            self.context.sink.failed(&Failure {
                app: &self.app,
                method,
                route,
                status: 500,
                error: ErrorType::Trap,
                duration: Duration::ZERO,
                reported: true,
            });
        }
    }
}

impl Watch {
    pub(crate) fn new(state: Arc<InstanceState>, context: Arc<Context>, output: [LineOutput; 2]) -> Self {
        let idle = context.options.idle_instance_timeout;
        let timer = Box::pin(sleep_until((Instant::now() + idle).into()));
        Self { state, context, output, place: None, abandoned: None, timer }
    }

    /// Requests are being served. A component that computes without pause can be ended only from here.
    fn poll_serving(&mut self, context: &mut TaskContext<'_>) -> Poll<()> {
        self.place = None;
        let mut facts = self.state.facts();
        facts.listen(context.waker());
        let (is_awaited, is_overdue) = (facts.waiting > 0, facts.is_overdue);
        drop(facts);
        if is_awaited {
            self.abandoned = None;
            return Poll::Pending;
        }
        if is_overdue {
            return Poll::Ready(());
        }
        let since = *self.abandoned.get_or_insert_with(Instant::now);
        self.poll_timer(since + self.context.options.after_response_timeout, context)
    }

    /// Every request has the head of its response, and the component works on.
    fn poll_after_responses(&mut self, since: Instant, context: &mut TaskContext<'_>) -> Poll<()> {
        self.abandoned = None;
        let mut facts = self.state.facts();
        facts.listen(context.waker());
        let has_open_bodies = facts.open_bodies > 0;
        drop(facts);
        if has_open_bodies {
            return self.poll_timer(since + self.context.options.request_timeout, context);
        }
        if self.place.is_none() {
            let Ok(place) = Arc::clone(&self.context.after_response_places).try_acquire_owned() else {
                return Poll::Ready(());
            };
            self.place = Some(place);
        }
        self.poll_timer(since + self.context.options.after_response_timeout, context)
    }

    /// Resets the timer only if it would ring too late, or has rung too early.
    fn poll_timer(&mut self, deadline: Instant, context: &mut TaskContext<'_>) -> Poll<()> {
        let deadline = deadline.into();
        if self.timer.deadline() > deadline {
            self.timer.as_mut().reset(deadline);
        }
        while self.timer.as_mut().poll(context).is_ready() {
            if self.timer.deadline() >= deadline || tokio::time::Instant::now() >= deadline {
                return Poll::Ready(());
            }
            self.timer.as_mut().reset(deadline);
        }
        Poll::Pending
    }
}

impl WorkerExpiration for Watch {
    fn poll(
        mut self: Pin<&mut Self>,
        context: &mut TaskContext<'_>,
        status: WorkerStatus,
        since: Instant,
    ) -> Poll<()> {
        let ended = match status {
            WorkerStatus::Requests => self.poll_serving(context),
            WorkerStatus::PostReturn => self.poll_after_responses(since, context),
            WorkerStatus::Idle => {
                self.place = None;
                self.output.iter().for_each(LineOutput::end_line);
                self.state.facts().task = None;
                let deadline = since + self.context.options.idle_instance_timeout;
                return self.poll_timer(deadline, context);
            }
        };
        if ended.is_ready() {
            self.state.facts().is_expired = true;
        }
        ended
    }
}
