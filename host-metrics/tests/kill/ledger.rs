//! What the counts must be, between two bounds while the load runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::events::{Zoo, is_counted};
use crate::http;
use crate::running::Addresses;
use crate::samples::{self, Samples};

/// What senders, writers and scrapes share.
#[derive(Debug)]
pub(crate) struct Ledger {
    pub(crate) zoo: Zoo,
    /// The load ends once what was begun is acknowledged.
    pub(crate) is_over: AtomicBool,
    /// Something has failed: the load ends at once.
    pub(crate) is_aborted: AtomicBool,
    addresses: Mutex<Option<Addresses>>,
    /// Everything that was sent or written, before it was.
    sent: Mutex<Samples>,
    /// Everything that was acknowledged, after it was.
    acknowledged: Mutex<Samples>,
    /// The last scrape.
    scraped: Mutex<Samples>,
}

/// Aborts everything if its thread panics.
pub(crate) struct AbortOnPanic<'a>(pub(crate) &'a Ledger);

impl Ledger {
    pub(crate) fn new(zoo: Zoo) -> Self {
        Self {
            zoo,
            is_over: AtomicBool::default(),
            is_aborted: AtomicBool::default(),
            addresses: Mutex::default(),
            sent: Mutex::default(),
            acknowledged: Mutex::default(),
            scraped: Mutex::default(),
        }
    }

    /// Where the program is now; `None` between two of its lives.
    pub(crate) fn addresses(&self) -> Option<Addresses> {
        lock(&self.addresses).clone()
    }

    pub(crate) fn set_addresses(&self, addresses: Option<Addresses>) {
        *lock(&self.addresses) = addresses;
    }

    /// Notes what is about to be sent or written.
    pub(crate) fn send(&self, counts: &Samples) {
        samples::add(&mut lock(&self.sent), counts);
    }

    /// Notes what was acknowledged.
    pub(crate) fn acknowledge(&self, counts: &Samples) {
        samples::add(&mut lock(&self.acknowledged), counts);
    }

    /// Whether the load should go on.
    pub(crate) fn goes_on(&self) -> bool {
        !self.is_over.load(Ordering::Relaxed) && !self.is_aborted.load(Ordering::Relaxed)
    }

    pub(crate) fn is_aborted(&self) -> bool {
        self.is_aborted.load(Ordering::Relaxed)
    }

    /// A scrape, held against everything that is known; `None` if the program did not answer.
    pub(crate) fn scrape(&self, addresses: &Addresses) -> Option<Samples> {
        self.scrape_and(addresses, || ())
    }

    /// As [`Self::scrape`], with something done as soon as the answer is there.
    pub(crate) fn scrape_and(&self, addresses: &Addresses, then: impl FnOnce()) -> Option<Samples> {
        // Held throughout, so that scrapes come in one order.
        let mut before = lock(&self.scraped);
        let least = lock(&self.acknowledged).clone();
        let answer = http::get(&addresses.metrics, "/metrics");
        then();
        let answer = answer.ok().filter(|answer| answer.status == 200)?;
        let most = lock(&self.sent).clone();
        let now = samples::counters(&answer.body);
        if let Some(fallen) = samples::fallen(&before, &now) {
            panic!("a counter fell: {fallen}");
        }
        if let Some(lost) = samples::fallen(&least, &now) {
            panic!("acknowledged and not counted: {lost}");
        }
        for (series, value) in now.iter().filter(|(series, _)| is_counted(series)) {
            let most = most.get(series).copied().unwrap_or_default();
            assert!(*value <= most, "counted twice: {series} is {value}, at most {most} was sent");
        }
        before.clone_from(&now);
        Some(now)
    }

    /// The first series in which a scrape differs from everything that was sent.
    pub(crate) fn difference(&self, scraped: &Samples) -> Option<String> {
        let sent = lock(&self.sent);
        let unexpected = scraped.keys().filter(|series| is_counted(series));
        let differs = |series: &&String| {
            scraped.get(*series).copied().unwrap_or_default()
                != sent.get(*series).copied().unwrap_or_default()
        };
        let series = sent.keys().chain(unexpected).find(differs)?;
        Some(format!("{series}: {:?} counted, {:?} sent", scraped.get(series), sent.get(series)))
    }
}

impl Drop for AbortOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.is_aborted.store(true, Ordering::Relaxed);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
