//! Instances between requests: the last to finish is the first to be used again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Options;
use super::instance::Instance;

/// The idle instances of one component.
pub(crate) struct Pool {
    idle: Mutex<Vec<Idle>>,
    room: usize,
    uses: u32,
    kept_memory: usize,
    longest_idle: Duration,
}

struct Idle {
    instance: Instance,
    since: Instant,
}

impl Pool {
    pub(crate) fn new(options: &Options) -> Self {
        Self {
            idle: Mutex::new(Vec::new()),
            room: options.concurrency,
            uses: options.instance_reuse,
            kept_memory: options.kept_memory,
            longest_idle: options.idle_instance_timeout,
        }
    }

    /// The instance that was used last, if one is idle.
    pub(crate) fn take(&self) -> Option<Instance> {
        self.idle().pop().map(|idle| idle.instance)
    }

    /// Keeps an instance that ended its request in good order, unless it has served its time.
    pub(crate) fn put(&self, mut instance: Instance) {
        if instance.served() >= self.uses || instance.memory() > self.kept_memory || instance.has_leaked() {
            return;
        }
        let mut idle = self.idle();
        if idle.len() < self.room {
            idle.push(Idle { instance, since: Instant::now() });
        }
    }

    /// Drops the instances that have been idle for too long.
    pub(crate) fn sweep(&self) {
        let now = Instant::now();
        let mut idle = self.idle();
        let overdue = idle.partition_point(|idle| now.duration_since(idle.since) >= self.longest_idle);
        let dropped: Vec<Idle> = idle.drain(..overdue).collect();
        // Unmapping takes time: not while others wait for the lock.
        drop(idle);
        drop(dropped);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
