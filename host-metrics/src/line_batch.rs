//! Lines of the embedded host, which are counted several at a time: counting one alone costs some times as much as counting
//! one among others (docs/performance.md).

use std::mem::{swap, take};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Lines, and bytes, that are counted at once.
const LINES: usize = 64;
const BYTES: usize = 64 * 1024;

/// Lines that wait to be counted.
#[derive(Debug, Default)]
pub(crate) struct LineBatch {
    waiting: Mutex<Waiting>,
    /// The lines that are being counted. It is locked until they are counted, so that nobody sees counts without them.
    counting: Mutex<Vec<u8>>,
}

#[derive(Debug, Default)]
struct Waiting {
    /// Each with its newline.
    bytes: Vec<u8>,
    lines: usize,
}

/// The effect of a line on the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// It is the first that waits.
    First,
    /// It waits beside others.
    Waits,
    /// It is time to count.
    Full,
}

impl LineBatch {
    /// Adds a line, given without its newline.
    pub(crate) fn push(&self, line: &[u8]) -> Pushed {
        let mut waiting = lock(&self.waiting);
        let is_first = waiting.bytes.is_empty();
        waiting.bytes.extend_from_slice(line);
        waiting.bytes.push(b'\n');
        waiting.lines += 1;
        match waiting.lines >= LINES || waiting.bytes.len() >= BYTES {
            true => Pushed::Full,
            false if is_first => Pushed::First,
            false => Pushed::Waits,
        }
    }

    /// Gives all lines that wait to `count`, one by one; nobody else counts any meanwhile.
    pub(crate) fn drain(&self, count: impl FnOnce(std::slice::Split<'_, u8, fn(&u8) -> bool>)) {
        let mut lines = lock(&self.counting);
        let mut waiting = lock(&self.waiting);
        swap(&mut waiting.bytes, &mut lines);
        take(&mut waiting.lines);
        drop(waiting);
        let Some(text) = lines.strip_suffix(b"\n") else { return };
        count(text.split(|byte| *byte == b'\n'));
        lines.clear();
    }
}

/// A panic while counting would leave one event half counted, which is better than an end to counting.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
