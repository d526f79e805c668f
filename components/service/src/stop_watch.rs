//! Measures the stages of a request.

use portent_event::{Durations, Stage};

use crate::exchange::Clock;
use crate::outcome::Outcome;
use crate::refusal::{ErrorForm, Refusal};

/// The time of each stage so far.
#[derive(Clone, Copy)]
pub(crate) struct StopWatch<'c> {
    clock: &'c dyn Clock,
    last: u64,
    durations: Durations,
}

impl<'c> StopWatch<'c> {
    pub(crate) fn start(clock: &'c dyn Clock) -> Self {
        Self { clock, last: clock.now(), durations: Durations::default() }
    }

    /// Adds the time since the last call to this stage. A stage may have several parts.
    pub(crate) fn lap(&mut self, stage: Stage) {
        let now = self.clock.now();
        let time = now.saturating_sub(std::mem::replace(&mut self.last, now));
        let sum = self.durations.stage_mut(stage);
        *sum = Some(sum.unwrap_or_default() + time);
    }

    /// The outcome with its stages; a refusal in this form.
    pub(crate) fn stop(self, result: Result<Outcome, Refusal<'_>>, form: ErrorForm) -> Outcome {
        let outcome = result.unwrap_or_else(|refusal| refusal.into_outcome(form));
        Outcome { durations: self.durations, ..outcome }
    }
}
