//! What the requests of an instance and its worker know of each other.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use portent_event::{Method, Route};
use tokio::sync::watch;
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::host::refusal::Refusal;
use crate::host::scorer::{self, Scoring};

/// The state of an instance, from its start to its end.
pub(crate) struct Life {
    /// Requests whose clients wait for the head of their answer.
    waiting: AtomicUsize,
    /// Requests whose clients have not been told anything yet.
    untold: AtomicUsize,
    /// Answers of which more is to come than has been handed over.
    open_answers: AtomicUsize,
    /// The instance ended in the midst of what it did.
    broken: AtomicBool,
    /// A client without an answer was told so.
    noticed: AtomicBool,
    /// A request was given up at its time limit.
    overdue: AtomicBool,
    /// It holds more than it should between requests.
    unfit: AtomicBool,
    /// The host ended it.
    expired: AtomicBool,
    /// Bytes of its linear memory.
    memory: Arc<AtomicUsize>,
    /// Where it is, of a composed component.
    scoring: Option<Scoring>,
    /// What its clients are told that it failed by, once that is known.
    failure: watch::Sender<Option<Refusal>>,
    work: Mutex<Work>,
}

/// What an instance is at.
#[derive(Default)]
struct Work {
    /// Keeps the host from ending.
    task: Option<TaskTrackerToken>,
    /// The request that came last.
    last: Option<(Method, Route)>,
    /// Wakes the worker.
    waker: Option<Waker>,
}

/// An answer that is handed over bit by bit.
pub(crate) struct OpenAnswer(Arc<Life>);

impl Life {
    pub(crate) fn new(memory: Arc<AtomicUsize>, scoring: Option<Scoring>) -> Self {
        Self {
            waiting: AtomicUsize::new(0),
            untold: AtomicUsize::new(0),
            open_answers: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
            noticed: AtomicBool::new(false),
            overdue: AtomicBool::new(false),
            unfit: AtomicBool::new(false),
            expired: AtomicBool::new(false),
            memory,
            scoring,
            failure: watch::Sender::new(None),
            work: Mutex::default(),
        }
    }

    /// The instance begins with a request. The token keeps the host from ending until the instance has settled.
    pub(crate) fn begin(&self, request: (Method, Route), task: TaskTrackerToken) {
        let mut work = lock(&self.work);
        work.task.get_or_insert(task);
        work.last = Some(request);
    }

    /// Where it is, of a composed component.
    pub(crate) fn scoring(&self) -> Option<&Scoring> {
        self.scoring.as_ref()
    }

    /// It has failed by this error.
    pub(crate) fn fail(&self, error: &wasmtime::Error) {
        let refusal = if self.scoring.is_some() { scorer::trap(error) } else { Refusal::Trap };
        self.failure.send_replace(Some(refusal));
    }

    /// Waits until it is known what it has failed by.
    pub(crate) async fn failure(&self) -> Refusal {
        let mut failure = self.failure.subscribe();
        // The sender is part of the life, so the wait ends with an answer.
        failure.wait_for(Option::is_some).await.ok().and_then(|known| *known).unwrap_or(Refusal::Trap)
    }

    /// A client waits for the head of its answer.
    pub(crate) fn enter(&self) {
        self.waiting.fetch_add(1, Ordering::AcqRel);
        self.untold.fetch_add(1, Ordering::AcqRel);
    }

    /// A client waits no more; tells whether it was the last.
    pub(crate) fn leave(&self) -> bool {
        self.waiting.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// A client has its answer's head, or is gone.
    pub(crate) fn tell(&self) {
        self.untold.fetch_sub(1, Ordering::AcqRel);
    }

    /// A client was told that the time for its request is over.
    pub(crate) fn give_up(&self) {
        self.overdue.store(true, Ordering::Release);
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    /// A client is told that the instance has failed.
    pub(crate) fn notice(&self) {
        self.noticed.store(true, Ordering::Release);
    }

    /// Whether somebody has noticed that the instance has failed, or will: clients without an answer, or with half of
    /// one. Those without one may be faster than the worker, who asks.
    pub(crate) fn is_noticed(&self) -> bool {
        // In this order: a client notices before it is told.
        self.untold.load(Ordering::Acquire) > 0
            || self.noticed.load(Ordering::Acquire)
            || self.has_open_answers()
    }

    pub(crate) fn is_overdue(&self) -> bool {
        self.overdue.load(Ordering::Acquire)
    }

    /// Whether the host ended the instance, rather than a trap.
    pub(crate) fn is_expired(&self) -> bool {
        self.expired.load(Ordering::Acquire)
    }

    pub(crate) fn expire(&self) {
        self.expired.store(true, Ordering::Release);
    }

    /// Whether the instance should have no more requests.
    pub(crate) fn is_unfit(&self) -> bool {
        self.unfit.load(Ordering::Relaxed)
    }

    pub(crate) fn spoil(&self) {
        self.unfit.store(true, Ordering::Relaxed);
    }

    pub(crate) fn memory(&self) -> usize {
        self.memory.load(Ordering::Relaxed)
    }

    pub(crate) fn has_open_answers(&self) -> bool {
        self.open_answers.load(Ordering::Acquire) > 0
    }

    pub(crate) fn open_answer(self: &Arc<Self>) -> OpenAnswer {
        self.open_answers.fetch_add(1, Ordering::AcqRel);
        OpenAnswer(Arc::clone(self))
    }

    /// Whether the instance ended in the midst of what it did: what it left unfinished stays so.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Acquire)
    }

    /// Call this before the instance goes.
    pub(crate) fn break_off(&self) {
        self.broken.store(true, Ordering::Release);
    }

    /// Who is woken when there is something to decide.
    pub(crate) fn listen(&self, waker: &Waker) {
        let mut work = lock(&self.work);
        if !work.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            work.waker = Some(waker.clone());
        }
    }

    /// Nothing is left to do: the host may end. Tells whether there was something.
    pub(crate) fn settle(&self) -> bool {
        lock(&self.work).task.take().is_some()
    }

    /// The request that came last.
    pub(crate) fn last(&self) -> Option<(Method, Route)> {
        lock(&self.work).last
    }

    pub(crate) fn wake(&self) {
        let waker = lock(&self.work).waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl OpenAnswer {
    pub(crate) fn is_broken(&self) -> bool {
        self.0.is_broken()
    }
}

impl Drop for OpenAnswer {
    fn drop(&mut self) {
        if self.0.open_answers.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.wake();
        }
    }
}

/// Nothing panics while it holds one of these.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
