//! Faults of sensors, put onto readings that were right: none of them says anything about the battery.

use std::ops::Range;

use crate::hvs::recording::{GASES, Reading, SENSORS};
use crate::random::SplitMix64;

/// Readings of a recording: three hours.
pub(super) const READINGS: usize = 1080;

/// Probability that a value is missing, and that it is a spike (seed).
const MISSING: f64 = 0.0005;
const SPIKE: f64 = 0.0001;

/// What a spike is a multiple of, each sensor in its unit (seed), and that multiple.
const SPIKE_UNIT: Reading = [0.2, 0.25, 0.05, 0.1, 0.1, 5.0, 5.0, 5.0, 0.1];
const SPIKE_SIZE: f64 = 7.0;

/// Sensors of the module's temperature.
const TEMPERATURES: Range<usize> = 0..2;

/// A sensor that fails for a while.
#[derive(Clone, Debug)]
pub(super) struct Disturbance {
    module: usize,
    sensors: Range<usize>,
    span: Range<usize>,
    failure: Failure,
}

#[derive(Clone, Copy, Debug)]
enum Failure {
    /// Adds as much at every reading as makes this by the end.
    Drift(f64),
    /// Keeps the value that it had.
    Stuck,
    /// With a probability, shows up to this much more or less.
    Spikes(f64, f64),
    /// With a probability, shows nothing.
    Silent(f64),
}

/// One to three failing sensors. Sizes are chosen to look like the beginning of a fault: a thermometer that
/// comes loose or drifts by as much as a short heats, a gas sensor that drifts or is knocked.
pub(super) fn draw(modules: usize, random: &mut SplitMix64) -> Vec<Disturbance> {
    (0..=random.below(3)).map(|_| disturbance(modules, random)).collect()
}

fn disturbance(modules: usize, random: &mut SplitMix64) -> Disturbance {
    let length = 30 + random.below(330);
    let start = random.below(READINGS - length);
    let (sensors, failure) = match random.below(6) {
        0 => (TEMPERATURES, Failure::Drift(random.between(5.0, 40.0))),
        1 => (TEMPERATURES, Failure::Spikes(random.between(0.01, 0.1), random.between(5.0, 60.0))),
        2 => (one_of(GASES, random), Failure::Drift(random.between(10.0, 200.0))),
        3 => (GASES, Failure::Spikes(random.between(0.01, 0.1), random.between(20.0, 400.0))),
        4 => (one_of(0..SENSORS.len(), random), Failure::Stuck),
        _ => (0..SENSORS.len(), Failure::Silent(random.between(0.05, 0.6))),
    };
    Disturbance { module: random.below(modules), sensors, span: start..start + length, failure }
}

fn one_of(sensors: Range<usize>, random: &mut SplitMix64) -> Range<usize> {
    let sensor = sensors.start + random.below(sensors.len());
    sensor..sensor + 1
}

/// Spoils the readings of a module: by its disturbances, and everywhere by the odd spike and missing value.
pub(super) fn spoil(
    readings: &mut [Reading],
    module: usize,
    disturbances: &[Disturbance],
    random: &mut SplitMix64,
) {
    for disturbance in disturbances.iter().filter(|disturbance| disturbance.module == module) {
        disturbance.apply(readings, random);
    }
    for reading in readings.iter_mut() {
        for (value, unit) in reading.iter_mut().zip(SPIKE_UNIT) {
            let drawn = random.uniform();
            if drawn < MISSING {
                *value = f64::NAN;
            } else if drawn < MISSING + SPIKE {
                *value += if random.chance(0.5) { SPIKE_SIZE * unit } else { -SPIKE_SIZE * unit };
            }
        }
    }
}

impl Disturbance {
    fn apply(&self, readings: &mut [Reading], random: &mut SplitMix64) {
        let span = self.span.start.min(readings.len())..self.span.end.min(readings.len());
        let Some(first) = readings.get(span.start).copied() else { return };
        for (step, reading) in (1..).zip(&mut readings[span]) {
            let hit = match self.failure {
                Failure::Drift(_) | Failure::Stuck => true,
                Failure::Spikes(probability, _) | Failure::Silent(probability) => random.chance(probability),
            };
            for sensor in self.sensors.clone().filter(|_| hit) {
                reading[sensor] = match self.failure {
                    Failure::Drift(end) => reading[sensor] + end * f64::from(step) / self.span.len() as f64,
                    Failure::Stuck => first[sensor],
                    Failure::Spikes(_, size) => reading[sensor] + random.between(-size, size),
                    Failure::Silent(_) => f64::NAN,
                };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoilt(failure: Failure, sensors: Range<usize>) -> Vec<Reading> {
        let mut readings: Vec<Reading> = (0..100).map(|index| [f64::from(index); 9]).collect();
        Disturbance { module: 0, sensors, span: 20..70, failure }
            .apply(&mut readings, &mut SplitMix64::new(3));
        readings
    }

    #[test]
    fn a_drift_grows_to_its_end_and_then_is_over() {
        let readings = spoilt(Failure::Drift(10.0), 0..1);
        assert_eq!((readings[19][0], readings[20][0], readings[69][0]), (19.0, 20.2, 79.0));
        assert_eq!((readings[70][0], readings[69][1]), (70.0, 69.0));
    }

    #[test]
    fn a_stuck_sensor_shows_one_value() {
        let readings = spoilt(Failure::Stuck, 3..4);
        assert!(
            readings[20..70]
                .iter()
                .all(|reading| reading[3] == 20.0 && reading[2] != 20.0 || reading[2] == 20.0)
        );
        assert_eq!(readings[70][3], 70.0);
    }

    #[test]
    fn a_silent_sensor_shows_nothing_as_often_as_stated() {
        let readings = spoilt(Failure::Silent(0.5), 0..9);
        let silent = readings.iter().filter(|reading| reading.iter().all(|value| value.is_nan())).count();
        assert!((15..35).contains(&silent), "{silent}");
        assert!(readings[..20].iter().flatten().all(|value| value.is_finite()));
    }

    #[test]
    fn a_disturbance_after_the_end_does_nothing() {
        let mut readings = vec![[1.0; 9]; 10];
        Disturbance { module: 0, sensors: 0..9, span: 20..30, failure: Failure::Silent(1.0) }
            .apply(&mut readings, &mut SplitMix64::new(3));
        assert_eq!(readings, vec![[1.0; 9]; 10]);
    }

    /// Over a million values, within five standard errors.
    #[test]
    fn values_are_missing_and_spike_as_often_as_in_the_seed() {
        let mut readings = vec![[0.0; 9]; 111_111];
        spoil(&mut readings, 0, &[], &mut SplitMix64::new(3));
        let values = || readings.iter().flatten();
        let (missing, spikes) =
            (values().filter(|v| v.is_nan()).count(), values().filter(|v| v.abs() > 0.0).count());
        assert!((388..612).contains(&missing) && (50..150).contains(&spikes), "{missing}, {spikes}");
    }
}
