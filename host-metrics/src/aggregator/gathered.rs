//! Lines of the embedded host, which are counted several at a time: counting one alone costs some times what one
//! among others does (docs/performance.md).
//!
//! Nothing shows that they wait: whoever looks at the counts, or adds to them, counts what waits first.

use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::Notify;

use super::{Aggregator, lock};
use crate::registry::Way;

/// So many lines are counted at once, and so many bytes.
const LINES: usize = 64;
const BYTES: usize = 64 * 1024;

/// Longest time that a line waits; a kill takes those with it that wait.
const LONGEST_WAIT: Duration = Duration::from_millis(20);

/// Lines that wait to be counted.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    waiting: Mutex<Waiting>,
    /// Held from the taking of lines until they are counted, so that nobody sees counts without them; what is in it
    /// meanwhile are these lines.
    counting: Mutex<Vec<u8>>,
    first: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Each with its newline.
    bytes: Vec<u8>,
    lines: usize,
}

impl Aggregator {
    /// Counts a line of the embedded host, given without its newline, soon or when somebody looks.
    pub fn gather_line(&self, line: &[u8]) {
        let gathered = &self.shared.gathered;
        let (is_first, is_full) = lock(&gathered.waiting).push(line);
        if is_full {
            self.count_gathered();
        } else if is_first {
            gathered.first.notify_one();
        }
    }

    /// Counts gathered lines when they have waited for long enough. Never returns.
    pub async fn keep_counting(&self) {
        loop {
            self.shared.gathered.first.notified().await;
            tokio::time::sleep(LONGEST_WAIT).await;
            self.count_gathered();
        }
    }

    /// Counts the lines that wait.
    pub(super) fn count_gathered(&self) {
        let mut lines = lock(&self.shared.gathered.counting);
        lock(&self.shared.gathered.waiting).take(&mut lines);
        let Some(text) = lines.strip_suffix(b"\n") else { return };
        let mut delta = self.delta(Way::Host);
        text.split(|byte| *byte == b'\n').for_each(|line| delta.read(line));
        self.commit(&mut lock(&self.shared.counted), delta.counts, super::Origin::Anonymous);
        lines.clear();
    }
}

impl Waiting {
    /// Tells whether the line is the first, and whether it is time to count.
    fn push(&mut self, line: &[u8]) -> (bool, bool) {
        let is_first = self.bytes.is_empty();
        self.bytes.extend_from_slice(line);
        self.bytes.push(b'\n');
        self.lines += 1;
        (is_first, self.lines >= LINES || self.bytes.len() >= BYTES)
    }

    /// Hands everything over into a buffer that is empty.
    fn take(&mut self, into: &mut Vec<u8>) {
        std::mem::swap(&mut self.bytes, into);
        self.lines = 0;
    }
}
