//! A request's two ends: its client's, and that of the instance which it goes to.

use std::sync::{Arc, Mutex};

use portent_event::{Method, Route};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio_util::task::task_tracker::TaskTrackerToken;

use super::life::{Life, lock};
use crate::host::refusal::Refusal;
use crate::host::scorer::Scoring;

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

    /// The instance has failed, and there will be no answer; gives the instance.
    pub(crate) fn notice(&self) -> Option<Arc<Life>> {
        let life = lock(&self.stay).life.clone();
        life.inspect(|life| life.notice())
    }

    /// What the client is told where the time for the request is over.
    pub(crate) fn timeout(&self) -> Refusal {
        let stay = lock(&self.stay);
        let scoring = stay.life.as_ref().and_then(|life| life.scoring());
        scoring.map_or(Refusal::Timeout, Scoring::timeout)
    }

    /// The time for the request is over.
    pub(crate) fn give_up(self) {
        if let Some(life) = &lock(&self.stay).life {
            life.give_up();
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
        life.begin(self.request, self.task);
        let mut stay = lock(&self.stay);
        stay.life = Some(Arc::clone(life));
        if !stay.has_left {
            stay.is_counted = true;
            stay.is_untold = true;
            life.enter();
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
            life.tell();
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
    let was_last = life.leave();
    let life = was_last.then(|| Arc::clone(life));
    stay.is_counted = false;
    life
}
