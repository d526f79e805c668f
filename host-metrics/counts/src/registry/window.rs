//! The last seconds of work, for the mean number of requests in flight.

use crate::clock::SECOND;

/// Seconds over which the mean is taken.
const SECONDS: u64 = 15;

/// One slot more than the window: the second that is not over yet.
const SLOTS: usize = SECONDS as usize + 1;

/// Durations of the requests that ended in each of the last seconds.
///
/// By Little's law, the time spent in requests over a while, divided by that while, is the mean number in
/// flight. Seconds are those of the events, not of their arrival, so that a file read at start does not
/// look like a rush.
#[derive(Clone, Debug, Default)]
pub struct Window {
    slots: [Slot; SLOTS],
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    second: u64,
    busy: u128,
}

impl Window {
    /// Adds a request that ended at `time` and took this long.
    pub fn add(&mut self, time: u64, nanoseconds: u64) {
        self.add_busy(time / SECOND, u128::from(nanoseconds));
    }

    /// Adds the requests of another window.
    pub fn merge(&mut self, other: &Self) {
        for slot in other.slots.iter().filter(|slot| slot.busy > 0) {
            self.add_busy(slot.second, slot.busy);
        }
    }

    fn add_busy(&mut self, second: u64, busy: u128) {
        let slot = &mut self.slots[usize::try_from(second % SLOTS as u64).unwrap_or_default()];
        if slot.second < second {
            *slot = Slot { second, busy: 0 };
        }
        if slot.second == second {
            slot.busy += busy;
        }
    }

    /// Mean number in flight over the last full seconds before `now`, in billionths.
    #[must_use]
    pub fn mean_nano(&self, now: u64) -> u128 {
        let second = now / SECOND;
        let recent = |slot: &&Slot| slot.second < second && slot.second + SECONDS >= second;
        let busy: u128 = self.slots.iter().filter(recent).map(|slot| slot.busy).sum();
        busy / u128::from(SECONDS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two requests at a time for a minute, half a second each: two in flight on average.
    #[test]
    fn mean_follows_littles_law_and_fades() {
        let mut window = Window::default();
        for half in 0..120 {
            window.add(1_000 * SECOND + half * SECOND / 2, SECOND / 2);
            window.add(1_000 * SECOND + half * SECOND / 2, SECOND / 2);
        }
        assert_eq!(window.mean_nano(1_060 * SECOND), 2_000_000_000);
        assert_eq!(window.mean_nano(1_067 * SECOND), 1_066_666_666);
        assert_eq!(window.mean_nano(1_075 * SECOND), 0);
        assert_eq!(window.mean_nano(900 * SECOND), 0);
    }

    #[test]
    fn a_late_event_does_not_erase_a_newer_second() {
        let mut window = Window::default();
        window.add(1_016 * SECOND, SECOND);
        window.add(1_000 * SECOND, SECOND);
        assert_eq!(window.mean_nano(1_017 * SECOND), 66_666_666);
    }
}
