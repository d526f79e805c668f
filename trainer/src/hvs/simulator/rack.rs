//! One rack over one scenario: its modules, what passes between them, and what their sensors recorded.

use super::faults::{self, READINGS};
use super::load::Unrest;
use super::module::{Module, SURFACE_TO_AIR, Surroundings};
use super::scenario::Scenario;
use super::sensors::{Around, Sensors};
use crate::hvs::recording::{CHARGE, GASES, Reading, SAMPLE_SECONDS};
use crate::random::SplitMix64;

/// Steps of the physics a reading.
const STEPS: usize = 5;

/// Readings of the other modules after one is lost: ten minutes, until the rack is taken off.
const READINGS_AFTER_LOSS: usize = 60;

/// Conductance between the housings of neighbours, W/K: a tenth of that to the air, as they stand apart.
const BETWEEN_NEIGHBOURS: f64 = 1.0;

/// Heat that a module past the point of no return gives each neighbour, W (seed).
const FROM_LOST_NEIGHBOUR: f64 = 200.0;

/// Share of a module's gas that reaches the sensors of its neighbours.
const GAS_TO_NEIGHBOURS: f64 = 0.2;

/// States of charge at which charging and discharging fade out.
const CHARGE_LIMITS: (f64, f64) = (0.08, 0.95);

/// A module that was lost, when its short began and when the point of no return came, s.
pub(super) type Runaway = (usize, f64, f64);

/// Readings of every module, and the first that was lost.
pub(super) fn run(scenario: &Scenario, random: &mut SplitMix64) -> (Vec<Vec<Reading>>, Option<Runaway>) {
    let mut rack = Rack::new(scenario, random);
    let mut readings = vec![Vec::with_capacity(READINGS); rack.modules.len()];
    let (mut runaway, mut end) = (None, READINGS);
    for index in 0..READINGS {
        if index == end {
            break;
        }
        let time = index as f64 * SAMPLE_SECONDS;
        let around = rack.look(time, random);
        for (module, list) in
            readings.iter_mut().enumerate().filter(|(module, _)| !rack.modules[*module].lost)
        {
            let around = Around { from_neighbours: rack.gas_from_neighbours(module), ..around };
            list.push(rack.sensors[module].read(&rack.modules[module], &around, random));
        }
        let lost = rack.step(&around);
        if let (Some((module, no_return)), None, Some(short)) = (lost, runaway, scenario.short) {
            runaway = Some((module, short.start, no_return));
            end = index + 1 + READINGS_AFTER_LOSS;
        }
    }
    for (module, list) in readings.iter_mut().enumerate() {
        faults::spoil(list, module, &scenario.disturbances, random);
        list.iter_mut().for_each(within_scale);
    }
    (readings, runaway)
}

/// Three decimals, as the seed has them, and nothing that the scale of a sensor does not have.
fn within_scale(reading: &mut Reading) {
    reading.iter_mut().for_each(|value| *value = (*value * 1000.0).round() / 1000.0);
    reading[CHARGE] = reading[CHARGE].clamp(0.0, 100.0);
    reading[GASES].iter_mut().for_each(|gas| *gas = if *gas < 0.0 { 0.0 } else { *gas });
}

/// The state of a rack.
struct Rack<'a> {
    scenario: &'a Scenario,
    modules: Vec<Module>,
    sensors: Vec<Sensors>,
    unrest: Unrest,
    burnt_out: bool,
}

impl<'a> Rack<'a> {
    fn new(scenario: &'a Scenario, random: &mut SplitMix64) -> Self {
        let mut unrest = Unrest::default();
        let air = unrest.air(&scenario.site, None, 0.0, SAMPLE_SECONDS);
        let starts = scenario.modules.iter();
        let modules: Vec<Module> = starts.map(|start| Module::new(start.traits, air, start.charge)).collect();
        let sensors = modules.iter().map(|module| Sensors::draw(module, random)).collect();
        Self { scenario, modules, sensors, unrest, burnt_out: false }
    }

    /// What acts on every module at a time. The current fades out as the fullest or emptiest module demands.
    fn look(&mut self, time: f64, random: &mut SplitMix64) -> Around {
        let Scenario { site, load, cooling_failure, gas_from_outside, .. } = self.scenario;
        let asked = self.unrest.current(load, time, SAMPLE_SECONDS, random);
        let charges = || self.modules.iter().filter(|module| !module.lost).map(|module| module.charge);
        let room = (1.0 - charges().fold(0.0, f64::max)) / (1.0 - CHARGE_LIMITS.1);
        let reserve = charges().fold(1.0, f64::min) / CHARGE_LIMITS.0;
        let limit = if asked > 0.0 { room } else { reserve };
        Around {
            time,
            air: self.unrest.air(site, cooling_failure.as_ref(), time, SAMPLE_SECONDS),
            current: asked * limit.clamp(0.0, 1.0),
            from_neighbours: [0.0; 3],
            from_outside: gas_from_outside.map_or([0.0; 3], |gas| gas.at(time)),
        }
    }

    /// Moves on by one reading; returns a module that was lost in it, and when.
    fn step(&mut self, around: &Around) -> Option<(usize, f64)> {
        let seconds = SAMPLE_SECONDS / STEPS as f64;
        let failing = self.scenario.cooling_failure;
        let failing = failing.filter(|failure| (failure.span.0..failure.span.1).contains(&around.time));
        let cooling = SURFACE_TO_AIR * failing.map_or(1.0, |failure| failure.cooling);
        let mut lost = None;
        for step in 0..STEPS {
            let time = around.time + step as f64 * seconds;
            let heat: Vec<f64> =
                (0..self.modules.len()).map(|module| self.heat_from_neighbours(module)).collect();
            for (module, neighbour_heat) in heat.into_iter().enumerate() {
                let (short_heat, short_share) = self.short_heat(module, time);
                let Around { air, current, .. } = *around;
                let surroundings =
                    Surroundings { air, cooling, current, short_heat, short_share, neighbour_heat };
                let state = &mut self.modules[module];
                let was_lost = state.lost;
                if !was_lost {
                    state.step(&surroundings, seconds);
                }
                if state.lost && !was_lost {
                    lost = lost.or(Some((module, time + seconds)));
                }
            }
        }
        lost
    }

    /// Heat of the short in a module, W, and the share of it that is charge.
    fn short_heat(&mut self, module: usize, time: f64) -> (f64, f64) {
        let Some(short) = self.scenario.short.filter(|short| short.module == module) else {
            return (0.0, 0.0);
        };
        self.burnt_out |= short.burns_out_at.is_some_and(|limit| self.modules[module].core >= limit);
        (if self.burnt_out { 0.0 } else { short.heat_at(time) }, short.electric_share)
    }

    fn heat_from_neighbours(&self, module: usize) -> f64 {
        let surface = self.modules[module].surface;
        let heat = |other: &Module| {
            if other.lost { FROM_LOST_NEIGHBOUR } else { BETWEEN_NEIGHBOURS * (other.surface - surface) }
        };
        self.neighbours(module).map(heat).sum()
    }

    fn gas_from_neighbours(&self, module: usize) -> [f64; 3] {
        self.neighbours(module)
            .fold([0.0; 3], |sum, other| [0, 1, 2].map(|gas| sum[gas] + GAS_TO_NEIGHBOURS * other.gases[gas]))
    }

    fn neighbours(&self, module: usize) -> impl Iterator<Item = &Module> {
        [module.checked_sub(1), Some(module + 1)]
            .into_iter()
            .flatten()
            .filter_map(|other| self.modules.get(other))
    }
}
