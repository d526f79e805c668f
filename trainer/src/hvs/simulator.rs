//! A simulator of battery racks: many seeded scenarios, each of which ends as its physics has it.
//!
//! Everything is computed with additions, multiplications, divisions and square roots, which IEEE 754 defines
//! to the last bit: a seed gives the same recordings on every machine.

mod faults;
mod load;
mod module;
mod rack;
mod scenario;
mod sensors;
mod short;

pub use self::scenario::Kind;
use self::scenario::Scenario;
use crate::hvs::recording::{Recording, Series, labels};
use crate::random::SplitMix64;

/// Version of the simulator: another one, other recordings for a seed.
pub const VERSION: u32 = 1;

/// Scenarios after which the kinds come again.
pub(crate) const ROUND: u64 = 20;

/// Kinds of scenarios by their number, over and over: 6 benign, 6 that run away, 3 shorts that do not, 3
/// failures of cooling, 2 of sensors. Far more faults than a real site sees, or there would be little to
/// learn from.
const KINDS: [Kind; ROUND as usize] = {
    use Kind::{Benign as B, ContainedShort as S, CoolingFailure as C, RunawayShort as R, SensorFault as F};
    [B, R, S, B, C, R, B, F, R, S, B, R, C, B, R, S, B, F, R, C]
};

/// First day of the first scenario, 2024-01-01 (seed), and the time from one to the next.
const FIRST_DAY: u64 = 1_704_067_200;
const DAY: u64 = 86_400;

/// Kind of the scenario with this number.
#[must_use]
pub fn kind(number: u64) -> Kind {
    KINDS[(number % ROUND) as usize]
}

/// Simulates one scenario. A draw whose outcome is not that of its kind is drawn again.
#[must_use]
pub fn simulate(seed: u64, number: u64) -> Recording {
    let mut random = SplitMix64::part(seed, number);
    let kind = kind(number);
    loop {
        let scenario = Scenario::draw(kind, &mut random);
        let (modules, runaway) = rack::run(&scenario, &mut random);
        if runaway.is_some() == (kind == Kind::RunawayShort) {
            let rack = format!("Rack{}{}", ['A', 'B'][(number / 4 % 2) as usize], number % 4 + 1);
            let series = (1..).zip(modules).map(|(index, readings)| {
                let lost = runaway.filter(|(module, ..)| module + 1 == index);
                Series {
                    module: format!("{rack}_Module{index:02}"),
                    labels: labels(readings.len(), lost.map(|(_, start, no_return)| (start, no_return))),
                    readings,
                }
            });
            return Recording {
                modules: series.collect(),
                scenario: format!("{number:04}_{}", kind.name()),
                rack,
                started: FIRST_DAY + number * DAY,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;
    use crate::hvs::csv;
    use crate::hvs::recording::Label;

    fn recordings() -> impl Iterator<Item = Recording> {
        (0..3 * ROUND).map(|number| simulate(11, number))
    }

    /// The same bits on every machine, and another version wherever the recordings change.
    #[test]
    fn a_version_and_a_seed_give_one_recording() {
        let mut bytes = Vec::new();
        (0..4).for_each(|number| csv::write(&simulate(42, number), &mut bytes).unwrap());
        let digest = format!("{:x}", Sha256::digest(&bytes));
        assert_eq!(
            (VERSION, digest.as_str()),
            (1, "b1daed997adcc02ac6758137d2b1c363d6b741c6d64d0d7d70699e1ad33dc738")
        );
    }

    /// Exactly the scenarios of that kind have a module that is lost, and labels say so in that module alone.
    #[test]
    fn outcomes_are_those_of_the_kinds() {
        for (number, recording) in (0..).zip(recordings()) {
            let lost: Vec<&Series> =
                recording.modules.iter().filter(|series| series.runaway_start().is_some()).collect();
            let expected = usize::from(kind(number) == Kind::RunawayShort);
            assert_eq!(
                (lost.len(), recording.kind()),
                (expected, kind(number).name()),
                "{}",
                recording.scenario
            );
            let lengths = recording.modules.iter().map(|series| series.readings.len());
            for lost in lost {
                assert!(lost.labels.contains(&Label::Hazardous), "{}", recording.scenario);
                let others = lengths.clone().max().unwrap();
                assert!(others > lost.readings.len() && others <= lost.readings.len() + 61, "{others}");
            }
        }
    }

    #[test]
    fn readings_are_physical() {
        let readings: Vec<_> =
            recordings().flat_map(|r| r.modules).flat_map(|series| series.readings).collect();
        let within = |sensor: usize, low: f64, high: f64| {
            let outside =
                readings.iter().filter(|reading| reading[sensor] < low || reading[sensor] > high).count();
            assert!(outside * 10_000 <= readings.len(), "sensor {sensor}: {outside} of {}", readings.len());
        };
        within(0, 0.0, 140.0);
        within(1, 0.0, 160.0);
        within(2, 40.0, 62.0);
        within(3, -140.0, 140.0);
        within(4, 0.0, 100.0);
        (5..8).for_each(|gas| within(gas, 0.0, 2200.0));
        within(8, 5.0, 60.0);
        let missing = readings.iter().flatten().filter(|value| value.is_nan()).count();
        assert!(missing * 2000 > readings.len() * 9 && missing * 50 < readings.len() * 9, "{missing}");
    }

    #[test]
    fn a_round_has_the_stated_kinds() {
        let count = |wanted: Kind| (0..ROUND).filter(|number| kind(*number) == wanted).count();
        use Kind::{Benign, ContainedShort, CoolingFailure, RunawayShort, SensorFault};
        let counts = [Benign, RunawayShort, ContainedShort, CoolingFailure, SensorFault].map(count);
        assert_eq!(counts, [6, 6, 3, 3, 2]);
    }
}
