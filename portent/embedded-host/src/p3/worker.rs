//! How long an instance lives, and what it accepts.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep_until};
use wasmtime::component::GuestTaskId;
use wasmtime::{Store, StoreContextMut, Trap};
use wasmtime_wasi_http::handler::{ShouldAccept, WorkerExpiration, WorkerState, WorkerStatus};

use super::Report;
use super::life::Life;
use super::visit::Arrival;
use crate::host::instance::State;
use crate::host::lines::Lines;
use crate::host::{AfterAnswer, Options};

/// Resources that an instance holds when a request comes to it alone: its standard streams, its directory, the
/// request, and a delivery of events. One that holds more has lost count.
const KEPT_RESOURCES: usize = 32;

/// What of the options concerns instances.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    reuse: usize,
    concurrent_reuse: usize,
    kept_memory: usize,
    idle: Duration,
    after_answer: Duration,
    request: Duration,
}

impl Limits {
    pub(crate) fn of(options: &Options) -> Self {
        Self {
            reuse: options.instance_reuse as usize,
            concurrent_reuse: options.instance_concurrent_reuse as usize,
            kept_memory: options.kept_memory,
            idle: options.idle_instance_timeout,
            after_answer: options.after_answer_timeout,
            request: options.request_timeout,
        }
    }
}

/// Decides what an instance accepts, and sees it off.
pub(crate) struct Worker {
    life: Arc<Life>,
    limits: Limits,
    report: Report,
}

impl Worker {
    pub(crate) fn new(life: Arc<Life>, limits: Limits, report: Report) -> Self {
        Self { life, limits, report }
    }
}

impl WorkerState for Worker {
    type StoreData = State;
    type RequestData = Arrival;

    fn should_accept_request(&self, concurrent: usize, total: usize) -> ShouldAccept {
        let is_spent = total >= self.limits.reuse || self.life.memory() > self.limits.kept_memory;
        if is_spent || self.life.is_unfit() {
            ShouldAccept::Never
        } else if concurrent >= self.limits.concurrent_reuse {
            ShouldAccept::No
        } else {
            ShouldAccept::Yes
        }
    }

    fn on_request_start(
        &self,
        mut store: StoreContextMut<'_, State>,
        arrival: Arrival,
        _: GuestTaskId,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + Sync>> {
        // The engine's clock went on while the instance was idle.
        store.set_epoch_deadline(1);
        if let Some(scoring) = self.life.scoring() {
            scoring.reset();
        }
        if self.life.waiting() == 0 && store.data_mut().resources() > KEPT_RESOURCES {
            self.life.spoil();
        }
        Box::pin(arrival.begin(&self.life))
    }

    fn drop(&self, store: Store<State>, result: wasmtime::Result<()>) {
        store.data().output().iter().for_each(Lines::flush);
        // Before their answers are broken off: what is noticed then is noticed by them.
        let is_noticed = self.life.is_noticed();
        if let Err(error) = &result {
            self.life.fail(error);
            // Answers that are open must not look complete when the store goes.
            self.life.break_off();
        }
        drop(store);
        let was_busy = self.life.settle();
        let Err(error) = result else { return };
        if !was_busy && !error.is::<Trap>() {
            // The process ends, and idle workers with it.
            return;
        }
        if self.life.is_expired() {
            self.report.cancelled();
            return;
        }
        self.report.trap(&error);
        if let Some(request) = self.life.last().filter(|_| !is_noticed) {
            self.report.failed_after_answers(request);
        }
    }
}

/// Ends an instance that has nothing to do, or that takes too long to end what it does.
pub(crate) struct Watch {
    life: Arc<Life>,
    limits: Limits,
    after: Arc<AfterAnswer>,
    /// A place among those who work after their answers.
    place: Option<OwnedSemaphorePermit>,
    /// Since when nobody has waited for what the instance computes.
    abandoned: Option<Instant>,
    output: [Lines; 2],
    timer: Pin<Box<Sleep>>,
}

impl Watch {
    pub(crate) fn new(life: Arc<Life>, limits: Limits, after: Arc<AfterAnswer>, output: [Lines; 2]) -> Self {
        let timer = Box::pin(sleep_until((Instant::now() + limits.idle).into()));
        Self { life, limits, after, place: None, abandoned: None, output, timer }
    }

    /// Requests are being served. What computes without pause can be ended only from here.
    fn poll_serving(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.place = None;
        self.life.listen(context.waker());
        if self.life.waiting() > 0 {
            self.abandoned = None;
            return Poll::Pending;
        }
        if self.life.is_overdue() {
            return Poll::Ready(());
        }
        let since = *self.abandoned.get_or_insert_with(Instant::now);
        self.poll_timer(since + self.limits.after_answer, context)
    }

    /// Every request has its answer's head, and the component goes on.
    fn poll_after_answers(&mut self, since: Instant, context: &mut Context<'_>) -> Poll<()> {
        self.abandoned = None;
        self.life.listen(context.waker());
        if self.life.has_open_answers() {
            return self.poll_timer(since + self.limits.request, context);
        }
        if self.place.is_none() {
            let Ok(place) = Arc::clone(&self.after.places).try_acquire_owned() else {
                return Poll::Ready(());
            };
            self.place = Some(place);
        }
        self.poll_timer(since + self.limits.after_answer, context)
    }

    /// The timer is set anew only where it would ring too late, or has rung too early.
    fn poll_timer(&mut self, deadline: Instant, context: &mut Context<'_>) -> Poll<()> {
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
        context: &mut Context<'_>,
        status: WorkerStatus,
        since: Instant,
    ) -> Poll<()> {
        let ended = match status {
            WorkerStatus::Requests => self.poll_serving(context),
            WorkerStatus::PostReturn => self.poll_after_answers(since, context),
            WorkerStatus::Idle => {
                self.place = None;
                self.output.iter().for_each(Lines::flush);
                self.life.settle();
                let deadline = since + self.limits.idle;
                return self.poll_timer(deadline, context);
            }
        };
        if ended.is_ready() {
            self.life.expire();
        }
        ended
    }
}
