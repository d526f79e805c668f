//! What the requests of an instance and its worker know of each other.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use portent_event::{Method, Route};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio_util::task::task_tracker::TaskTrackerToken;

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
    /// A request was given up at its time limit.
    overdue: AtomicBool,
    /// It holds more than it should between requests.
    unfit: AtomicBool,
    /// The host ended it.
    expired: AtomicBool,
    /// Bytes of its linear memory.
    memory: Arc<AtomicUsize>,
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

/// A client's end of its request.
pub(crate) struct Visit {
    stay: Arc<Mutex<Stay>>,
    is_answered: bool,
    _until_left: oneshot::Sender<()>,
}

/// A request on its way to an instance.
pub(crate) struct Arrival {
    stay: Arc<Mutex<Stay>>,
    until_left: oneshot::Receiver<()>,
    request: (Method, Route),
    task: TaskTrackerToken,
}

/// A request's time in an instance.
struct Stay {
    life: Option<Arc<Life>>,
    is_counted: bool,
    is_untold: bool,
    has_left: bool,
    /// The turn ends when neither the client nor the instance has anything to do with the request any more.
    _permit: OwnedSemaphorePermit,
}

/// An answer that is handed over bit by bit.
pub(crate) struct OpenAnswer(Arc<Life>);

impl Visit {
    /// The two ends of a request.
    pub(crate) fn begin(
        permit: OwnedSemaphorePermit,
        request: (Method, Route),
        task: TaskTrackerToken,
    ) -> (Self, Arrival) {
        let stay = Stay { life: None, is_counted: false, is_untold: false, has_left: false, _permit: permit };
        let stay = Arc::new(Mutex::new(stay));
        let (sender, until_left) = oneshot::channel();
        let visit = Self { stay: Arc::clone(&stay), is_answered: false, _until_left: sender };
        (visit, Arrival { stay, until_left, request, task })
    }

    /// The head of the answer is here; gives the instance that it is from.
    pub(crate) fn answered(&mut self) -> Option<Arc<Life>> {
        self.is_answered = true;
        let mut stay = lock(&self.stay);
        stay.tell();
        stay.life.clone()
    }

    /// The time for the request is over.
    pub(crate) fn give_up(self) {
        if let Some(life) = &lock(&self.stay).life {
            life.overdue.store(true, Ordering::Release);
        }
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        lock(&self.stay).tell();
        let life = leave(&self.stay);
        if let Some(life) = life.filter(|_| !self.is_answered) {
            life.wake();
        }
    }
}

impl Arrival {
    /// The instance begins with the request. The future ends when the client leaves.
    pub(crate) fn begin(self, life: &Arc<Life>) -> impl Future<Output = ()> + Send + Sync + 'static {
        let mut work = lock(&life.work);
        work.task.get_or_insert(self.task);
        work.last = Some(self.request);
        drop(work);
        let mut stay = lock(&self.stay);
        stay.life = Some(Arc::clone(life));
        if !stay.has_left {
            stay.is_counted = true;
            stay.is_untold = true;
            life.waiting.fetch_add(1, Ordering::AcqRel);
            life.untold.fetch_add(1, Ordering::AcqRel);
        }
        drop(stay);
        let (served, until_left) = (Served(self.stay), self.until_left);
        async move {
            let _served = served;
            // Nothing is ever sent.
            drop(until_left.await);
        }
    }
}

impl Stay {
    fn tell(&mut self) {
        if let Some(life) = self.life.as_ref().filter(|_| self.is_untold) {
            life.untold.fetch_sub(1, Ordering::AcqRel);
        }
        self.is_untold = false;
    }
}

/// The instance's end of a request.
struct Served(Arc<Mutex<Stay>>);

impl Drop for Served {
    fn drop(&mut self) {
        leave(&self.0);
    }
}

/// Gives the instance if the request was the last that waited.
fn leave(stay: &Mutex<Stay>) -> Option<Arc<Life>> {
    let mut stay = lock(stay);
    stay.has_left = true;
    let life = stay.life.as_ref().filter(|_| stay.is_counted)?;
    let was_last = life.waiting.fetch_sub(1, Ordering::AcqRel) == 1;
    let life = was_last.then(|| Arc::clone(life));
    stay.is_counted = false;
    life
}

impl Life {
    pub(crate) fn new(memory: Arc<AtomicUsize>) -> Self {
        Self {
            waiting: AtomicUsize::new(0),
            untold: AtomicUsize::new(0),
            open_answers: AtomicUsize::new(0),
            broken: AtomicBool::new(false),
            overdue: AtomicBool::new(false),
            unfit: AtomicBool::new(false),
            expired: AtomicBool::new(false),
            memory,
            work: Mutex::default(),
        }
    }

    pub(crate) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    /// Whether somebody will notice that the instance has failed: clients without an answer, or with half of one.
    pub(crate) fn is_noticed(&self) -> bool {
        self.untold.load(Ordering::Acquire) > 0 || self.has_open_answers()
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

    fn wake(&self) {
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
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
