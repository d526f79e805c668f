//! Senders by HTTP: what is not acknowledged is sent again, and some of what is.

use std::collections::VecDeque;
use std::time::Duration;

use crate::events::Batch;
use crate::http::{self, Answer};
use crate::ledger::{AbortOnPanic, Ledger};
use crate::random::Random;
use crate::samples::Samples;

/// Pause before what was not acknowledged is sent again.
const PAUSE: Duration = Duration::from_millis(3);

/// Deliveries that may come again.
const RECENT: usize = 50;

struct Delivery {
    source: String,
    sequence: u64,
    body: Vec<u8>,
    counts: Samples,
}

/// Sends until the load is over.
pub(crate) fn send(ledger: &Ledger, name: &str, mut random: Random) {
    let _abort = AbortOnPanic(ledger);
    let app = format!("sent-{name}");
    let (mut source, mut sequence, mut skipped) = (format!("{name}-0"), 0, Vec::new());
    let mut recent: VecDeque<Delivery> = VecDeque::new();
    while ledger.goes_on() {
        if random.chance(2) {
            source = format!("{name}-{}", random.below(1 << 40));
            (sequence, skipped) = (0, Vec::new());
        }
        // Numbers need not come in their order.
        let late = random.chance(10).then(|| skipped.pop()).flatten();
        let number = late.unwrap_or_else(|| {
            let gap = random.below(3);
            skipped.extend((0..gap).map(|skip| sequence + 1 + skip));
            sequence += 1 + gap;
            sequence
        });
        let events = 1 + random.below(20);
        let Batch { bytes: body, counts } = Batch::new(&mut random, &ledger.zoo, "http", &app, events);
        let delivery = Delivery { source: source.clone(), sequence: number, body, counts };
        ledger.send(&delivery.counts);
        if !deliver(ledger, &delivery) {
            return;
        }
        ledger.acknowledge(&delivery.counts);
        recent.push_back(delivery);
        if recent.len() > RECENT {
            recent.pop_front();
        }
        if random.chance(25) {
            repeat(ledger, &recent[random.below(recent.len() as u64) as usize]);
        }
    }
}

/// Sends a delivery until it is acknowledged; `false` if everything is given up before.
fn deliver(ledger: &Ledger, delivery: &Delivery) -> bool {
    let mut is_first = true;
    loop {
        match attempt(ledger, delivery) {
            Some(Ok(answer)) if answer.status == 200 => {
                let is_duplicate = answer.body.contains("\"duplicate\":true");
                assert!(!(is_first && is_duplicate), "taken for a repeat: {}", answer.body);
                return true;
            }
            Some(Ok(answer)) => assert_eq!(answer.status, 503, "{}", answer.body),
            Some(Err(_)) | None => {}
        }
        if ledger.is_aborted() {
            return false;
        }
        is_first = false;
        std::thread::sleep(PAUSE);
    }
}

/// Sends once more what was acknowledged.
fn repeat(ledger: &Ledger, delivery: &Delivery) {
    if let Some(Ok(answer)) = attempt(ledger, delivery)
        && answer.status != 503
    {
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(answer.body.contains("\"duplicate\":true"), "counted again: {}", answer.body);
    }
}

fn attempt(ledger: &Ledger, delivery: &Delivery) -> Option<std::io::Result<Answer>> {
    let addresses = ledger.addresses()?;
    Some(http::deliver(&addresses.ingest, &delivery.source, delivery.sequence, &delivery.body))
}
