//! What the requests of an instance and its worker know of each other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use portent_event::{Method, Route};
use tokio::sync::{OwnedSemaphorePermit, oneshot, watch};
use tokio_util::task::task_tracker::TaskTrackerToken;

use crate::error_response::ErrorResponse;
use crate::scorer::{self, Scoring};

/// The state of an instance, from its start to its end.
pub(crate) struct InstanceState {
    /// Bytes of its linear memory.
    memory: Arc<AtomicUsize>,
    /// Of a composed component: whether it was last seen in its scorer.
    pub(crate) scoring: Option<Scoring>,
    /// Why it failed, once that is known.
    failure: watch::Sender<Option<ErrorResponse>>,
    facts: Mutex<Facts>,
}

/// The part of the state that changes with every request.
#[derive(Default)]
pub(crate) struct Facts {
    /// Requests whose clients wait for the head of their response.
    pub(crate) waiting: usize,
    /// Requests whose clients have neither a response nor left.
    unanswered: usize,
    /// Response bodies that are not delivered yet.
    pub(crate) open_bodies: usize,
    /// The instance ended amid its work: what is unfinished stays so.
    pub(crate) is_broken: bool,
    /// A client was told that the instance failed.
    noticed: bool,
    /// A request was given up at its time limit.
    pub(crate) is_overdue: bool,
    /// It holds more than it should between requests, and should get no more of them.
    pub(crate) is_unfit: bool,
    /// The host ended it, rather than a trap.
    pub(crate) is_expired: bool,
    /// Keeps the host from ending while the instance works.
    pub(crate) task: Option<TaskTrackerToken>,
    /// The request that came last.
    pub(crate) last: Option<(Method, Route)>,
    waker: Option<Waker>,
}

/// A client's end of its request.
pub(crate) struct ClientTicket {
    request: Arc<Mutex<RequestState>>,
    has_response: bool,
    _until_left: oneshot::Sender<()>,
}

/// The end of a request that its worker holds.
pub(crate) struct WorkerTicket {
    request: Arc<Mutex<RequestState>>,
    until_left: oneshot::Receiver<()>,
    last: (Method, Route),
    task: Option<TaskTrackerToken>,
}

/// What the two ends of a request share.
struct RequestState {
    instance: Option<Arc<InstanceState>>,
    /// It counts among [`Facts::waiting`].
    is_waiting: bool,
    /// It counts among [`Facts::unanswered`].
    is_unanswered: bool,
    has_left: bool,
    /// Released when neither the client nor the worker has anything to do with the request any more.
    _slot: OwnedSemaphorePermit,
}

/// A response body that is not delivered yet.
pub(crate) struct OpenBody(Arc<InstanceState>);

impl InstanceState {
    pub(crate) fn new(memory: Arc<AtomicUsize>, scoring: Option<Scoring>) -> Self {
        Self { memory, scoring, failure: watch::Sender::new(None), facts: Mutex::default() }
    }

    pub(crate) fn facts(&self) -> MutexGuard<'_, Facts> {
        lock(&self.facts)
    }

    pub(crate) fn memory(&self) -> usize {
        self.memory.load(Ordering::Relaxed)
    }

    /// The instance failed with this error.
    pub(crate) fn fail(&self, error: &wasmtime::Error) {
        self.failure.send_replace(Some(scorer::trap(error, self.scoring.as_ref())));
    }

    /// Waits until it is known why the instance failed.
    pub(crate) async fn failure(&self) -> ErrorResponse {
        let mut failure = self.failure.subscribe();
        // The sender is part of the state, so the wait ends with a value.
        failure.wait_for(Option::is_some).await.ok().and_then(|known| *known).unwrap_or(ErrorResponse::Trap)
    }

    /// Wakes the worker, since there is something to decide.
    fn wake(&self) {
        let waker = self.facts().waker.take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Facts {
    /// Whether some client has noticed that the instance failed, or will: by a missing response, or by half of one.
    pub(crate) fn is_noticed(&self) -> bool {
        self.noticed || self.unanswered > 0 || self.open_bodies > 0
    }

    /// Sets who is woken when there is something to decide.
    pub(crate) fn listen(&mut self, waker: &Waker) {
        if !self.waker.as_ref().is_some_and(|known| known.will_wake(waker)) {
            self.waker = Some(waker.clone());
        }
    }
}

/// The two ends of a request.
pub(crate) fn tickets(
    slot: OwnedSemaphorePermit,
    last: (Method, Route),
    task: TaskTrackerToken,
) -> (ClientTicket, WorkerTicket) {
    let request = RequestState {
        instance: None,
        is_waiting: false,
        is_unanswered: false,
        has_left: false,
        _slot: slot,
    };
    let request = Arc::new(Mutex::new(request));
    let (sender, until_left) = oneshot::channel();
    let client = ClientTicket { request: Arc::clone(&request), has_response: false, _until_left: sender };
    (client, WorkerTicket { request, until_left, last, task: Some(task) })
}

impl ClientTicket {
    /// The head of the response is here. Returns its instance.
    pub(crate) fn responded(&mut self) -> Option<Arc<InstanceState>> {
        self.has_response = true;
        let mut request = lock(&self.request);
        request.answer();
        request.instance.clone()
    }

    /// The instance has failed, and there will be no response. Returns the instance.
    pub(crate) fn notice(&self) -> Option<Arc<InstanceState>> {
        let instance = lock(&self.request).instance.clone();
        instance.inspect(|instance| instance.facts().noticed = true)
    }

    /// The time for the request is over. Returns what the client is told.
    pub(crate) fn give_up(self) -> ErrorResponse {
        let request = lock(&self.request);
        if let Some(instance) = &request.instance {
            instance.facts().is_overdue = true;
        }
        scorer::timeout(request.instance.as_ref().and_then(|instance| instance.scoring.as_ref()))
    }
}

impl Drop for ClientTicket {
    fn drop(&mut self) {
        let mut request = lock(&self.request);
        request.answer();
        let was_last = request.leave();
        let instance = request.instance.as_ref().filter(|_| was_last && !self.has_response).cloned();
        drop(request);
        if let Some(instance) = instance {
            instance.wake();
        }
    }
}

impl WorkerTicket {
    /// The instance begins with the request. The future ends when the client leaves.
    pub(crate) fn begin(
        mut self,
        instance: &Arc<InstanceState>,
    ) -> impl Future<Output = ()> + Send + Sync + 'static {
        let mut request = lock(&self.request);
        let mut facts = instance.facts();
        facts.task = facts.task.take().or_else(|| self.task.take());
        facts.last = Some(self.last);
        if !request.has_left {
            (request.is_waiting, request.is_unanswered) = (true, true);
            facts.waiting += 1;
            facts.unanswered += 1;
        }
        drop(facts);
        request.instance = Some(Arc::clone(instance));
        drop(request);
        async move {
            // Nothing is ever sent.
            drop((&mut self.until_left).await);
        }
    }
}

impl Drop for WorkerTicket {
    fn drop(&mut self) {
        lock(&self.request).leave();
    }
}

impl RequestState {
    /// The client has its response, or leaves.
    fn answer(&mut self) {
        if std::mem::take(&mut self.is_unanswered) {
            self.instance.iter().for_each(|instance| instance.facts().unanswered -= 1);
        }
    }

    /// The client or the worker is done with the request. Returns whether it was the last that waited.
    fn leave(&mut self) -> bool {
        self.has_left = true;
        let instance = self.instance.as_ref().filter(|_| std::mem::take(&mut self.is_waiting));
        instance.is_some_and(|instance| {
            let mut facts = instance.facts();
            facts.waiting -= 1;
            facts.waiting == 0
        })
    }
}

impl OpenBody {
    pub(crate) fn new(instance: Arc<InstanceState>) -> Self {
        instance.facts().open_bodies += 1;
        Self(instance)
    }

    pub(crate) fn is_broken(&self) -> bool {
        self.0.facts().is_broken
    }
}

impl Drop for OpenBody {
    fn drop(&mut self) {
        let mut facts = self.0.facts();
        facts.open_bodies -= 1;
        let was_last = facts.open_bodies == 0;
        drop(facts);
        if was_last {
            self.0.wake();
        }
    }
}

/// Nothing panics while it holds one of these locks.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
