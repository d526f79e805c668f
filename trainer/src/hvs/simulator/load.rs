//! Current and air over time, with arithmetic alone, so that the bits are the same on every machine.

use super::scenario::{CoolingFailure, GasFromOutside, Load, Site};
use crate::random::SplitMix64;

const HOUR: f64 = 3600.0;

/// Charging 3 h, idle 1 h, discharging 2 h, idle 1 h (seed).
pub(super) const CYCLE_SECONDS: f64 = 7.0 * HOUR;

/// Half the daily swing of the air, K (seed).
const DAILY_SWING: f64 = 3.0;

/// Time in which a failed cooling warms up the air of the rack, and in which it recovers, s.
const WARMING_SECONDS: f64 = 900.0;

/// Time over which the random part of the load persists, s.
const UNREST_SECONDS: f64 = 120.0;

/// The rack's random current and the warming of its air, which have a memory.
#[derive(Clone, Debug, Default)]
pub(super) struct Unrest {
    current: f64,
    warming: f64,
}

impl Unrest {
    /// Current that the rack is asked for at a time, A; positive charges.
    pub(super) fn current(&mut self, load: &Load, time: f64, seconds: f64, random: &mut SplitMix64) -> f64 {
        let keep = 1.0 - seconds / UNREST_SECONDS;
        self.current = keep * self.current + (1.0 - keep * keep).sqrt() * load.unrest * random.normal();
        let asked = load.factor * cycle(time + load.phase);
        if asked == 0.0 { 0.0 } else { asked + self.current }
    }

    /// Air of the rack at a time, °C.
    pub(super) fn air(
        &mut self,
        site: &Site,
        failure: Option<&CoolingFailure>,
        time: f64,
        seconds: f64,
    ) -> f64 {
        let failing = failure.filter(|failure| (failure.span.0..failure.span.1).contains(&time));
        let target = failing.map_or(0.0, |failure| failure.warming);
        self.warming += (target - self.warming) * seconds / WARMING_SECONDS;
        let daily = DAILY_SWING * wave(time / (24.0 * HOUR) + site.phase);
        site.mean + daily + site.swing * wave(time / site.period) + self.warming
    }
}

impl GasFromOutside {
    /// Gases that it adds at a time, ppm.
    pub(super) fn at(&self, time: f64) -> [f64; 3] {
        let (start, end) = self.span;
        let passed = ((time - start) / (end - start)).clamp(0.0, 1.0);
        self.peak.map(|peak| peak * 4.0 * passed * (1.0 - passed))
    }
}

/// The seed's cycle, A: half the capacity per hour in, 0.7 of it out.
fn cycle(time: f64) -> f64 {
    match (time % CYCLE_SECONDS) / HOUR {
        hour if hour < 3.0 => 50.0,
        hour if (4.0..6.0).contains(&hour) => -70.0,
        _ => 0.0,
    }
}

/// Sine of a number of turns, within 0.002: the approximation of Bhaskara I (7th century).
fn wave(turns: f64) -> f64 {
    let turn = turns - turns.floor();
    let (half, sign) = if turn < 0.5 { (2.0 * turn, 1.0) } else { (2.0 * turn - 1.0, -1.0) };
    let product = half * (1.0 - half);
    sign * 16.0 * product / (5.0 - 4.0 * product)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wave_is_a_sine() {
        for step in -200..200 {
            let turns = f64::from(step) / 77.0;
            let sine = (turns * std::f64::consts::TAU).sin();
            assert!((wave(turns) - sine).abs() < 0.002, "{turns}");
        }
    }

    #[test]
    fn the_cycle_gives_back_nearly_what_it_takes() {
        let seconds = (0..CYCLE_SECONDS as u32).map(|second| cycle(f64::from(second)));
        assert_eq!(seconds.sum::<f64>() / HOUR, 3.0 * 50.0 - 2.0 * 70.0);
    }

    /// The random part has the stated deviation, and leaves a resting rack alone.
    #[test]
    fn unrest_has_its_deviation() {
        let (mut unrest, mut random) = (Unrest::default(), SplitMix64::new(1));
        let load = Load { phase: 0.0, factor: 1.0, unrest: 8.0 };
        let currents: Vec<f64> =
            (0..100_000).map(|_| unrest.current(&load, 0.0, 10.0, &mut random)).collect();
        let squares = currents.iter().map(|current| (current - 50.0).powi(2)).sum::<f64>() / 1e5;
        assert!((squares.sqrt() - 8.0).abs() < 0.3, "{}", squares.sqrt());
        assert_eq!(unrest.current(&load, 3.5 * HOUR, 10.0, &mut random), 0.0);
    }

    #[test]
    fn failed_cooling_warms_the_air_and_recovers() {
        let site = Site { mean: 20.0, phase: 0.0, swing: 0.0, period: 900.0 };
        let failure = CoolingFailure { span: (0.0, 7200.0), cooling: 0.3, warming: 10.0 };
        let mut unrest = Unrest::default();
        let mut air = |from: usize, to: usize| {
            (from..to).map(|i| unrest.air(&site, Some(&failure), i as f64 * 10.0, 10.0)).last().unwrap()
        };
        assert!((29.9..33.1).contains(&air(0, 720)));
        assert!((19.9..23.1).contains(&air(720, 2000)));
    }
}
