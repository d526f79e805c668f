//! When requests are due on an open loop: at a fixed rate, however long answers take.

use std::time::Duration;

/// The schedule of one connection. The connections of a load take turns, so that together they send evenly.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Schedule {
    next: Duration,
    interval: Duration,
    end: Duration,
}

impl Schedule {
    /// That of one of so many connections, which together send so many requests a second for so long.
    pub(crate) fn new(connection: usize, connections: usize, per_second: u64, end: Duration) -> Self {
        let interval = Duration::from_secs_f64(connections as f64 / per_second as f64);
        Self { next: interval.mul_f64(connection as f64 / connections as f64), interval, end }
    }
}

impl Iterator for Schedule {
    type Item = Duration;

    /// Time of the next request since the beginning.
    fn next(&mut self) -> Option<Duration> {
        let due = self.next;
        self.next += self.interval;
        (due < self.end).then_some(due)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(connections: usize, per_second: u64) -> Vec<u128> {
        let second = Duration::from_secs(1);
        let all = (0..connections).flat_map(|one| Schedule::new(one, connections, per_second, second));
        let mut millis: Vec<_> = all.map(|due| due.as_millis()).collect();
        millis.sort_unstable();
        millis
    }

    #[test]
    fn connections_share_an_even_rate() {
        let expected: Vec<u128> = (0..20).map(|index| index * 50).collect();
        for connections in [1, 2, 4, 5] {
            assert_eq!(due(connections, 20), expected, "{connections} connections");
        }
    }

    #[test]
    fn more_connections_than_requests_send_what_was_asked_for() {
        assert_eq!(due(16, 4), [0, 250, 500, 750]);
    }
}
