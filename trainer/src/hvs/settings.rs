//! The settings of a training run, and how it splits the scenarios.

use serde::Serialize;

use super::recording::Recording;
use super::simulator;
use crate::forest::Growth;

/// Rounds of scenarios that are dealt out at a time: three to training, one to validation and one to test.
const ROUNDS: u64 = 5;

/// Fewest scenarios: every part then has one round of all kinds.
pub(super) const FEWEST_SCENARIOS: u64 = ROUNDS * simulator::ROUND;

/// The settings of a training run.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Settings {
    /// Scenarios to simulate.
    pub scenarios: u64,
    /// Size of the forest.
    pub growth: Growth,
    /// False alarms per module-day that a threshold may raise on the validation scenarios.
    pub false_alarms_a_day: f64,
}

/// The use of a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScenarioSplit {
    Training,
    Validation,
    Test,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            scenarios: 1000,
            growth: Growth { trees: 60, max_depth: 8, min_samples_leaf: 200, features_a_split: 6 },
            false_alarms_a_day: 0.1,
        }
    }
}

impl ScenarioSplit {
    /// The use of the scenario with this number. Whole rounds have one use, so that each has all kinds alike.
    fn of(number: u64) -> Self {
        match number / simulator::ROUND % ROUNDS {
            3 => Self::Validation,
            4 => Self::Test,
            _ => Self::Training,
        }
    }

    pub(super) fn recordings(self, scenarios: u64, seed: u64) -> impl Iterator<Item = Recording> {
        let numbers = (0..scenarios).filter(move |number| Self::of(*number) == self);
        numbers.map(move |number| simulator::simulate(seed, number))
    }
}
