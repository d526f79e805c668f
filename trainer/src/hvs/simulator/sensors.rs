//! What the sensors of a module show of its state.

use super::module::Module;
use crate::hvs::recording::{GASES, Reading, SAMPLE_SECONDS};
use crate::random::SplitMix64;

/// Standard deviation of the noise of each sensor in its unit. Temperatures and air as in the seed; voltage
/// and current as in its physics simulator's order of size; the gas proxies noisier than its 0.5 ppm, as
/// cheap sensors are.
const NOISE: Reading = [0.3, 0.4, 0.05, 0.3, 0.4, 2.0, 2.0, 3.0, 0.1];

/// Greatest constant error of each sensor, and what a gas sensor shows of clean air, ppm (seed).
const GREATEST_OFFSETS: Reading = [0.8, 0.8, 0.1, 0.1, 0.0, 0.5, 0.5, 0.5, 0.5];
const GAS_ZERO: f64 = 2.0;

/// Time in which a gas sensor follows, s: metal-oxide sensors take about a minute.
const GAS_LAG_SECONDS: f64 = 60.0;

/// Share of each gas that the sensors of the other two show as theirs.
const CROSS_SENSITIVITY: f64 = 0.08;

/// Time in which the battery management corrects its state of charge by the voltage, s. It counts the charge
/// at the terminals, and does not see what flows through a short.
const CORRECTION_SECONDS: f64 = 1800.0;

/// The sensors of one module, with their errors.
#[derive(Clone, Debug)]
pub(super) struct Sensors {
    /// Constant error of each sensor.
    offsets: Reading,
    /// Change of the gas sensors' zero, ppm an hour.
    zero_drift: [f64; 3],
    /// Relative error of the current.
    gain: f64,
    /// Share of core's excess over the surface that the hottest spot shows.
    hot_spot: f64,
    /// Share of gas from outside that reaches this module.
    exposure: f64,
    /// State of charge as the battery management has it.
    charge: f64,
    gases: [f64; 3],
}

/// What the sensors cannot take from the module itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around {
    /// s from the first reading.
    pub(super) time: f64,
    /// °C.
    pub(super) air: f64,
    /// A.
    pub(super) current: f64,
    /// Gases from the modules beside it, ppm.
    pub(super) from_neighbours: [f64; 3],
    /// Gases from outside the rack, ppm.
    pub(super) from_outside: [f64; 3],
}

impl Sensors {
    pub(super) fn draw(module: &Module, random: &mut SplitMix64) -> Self {
        let mut offsets = GREATEST_OFFSETS.map(|most| random.between(-most, most));
        offsets[GASES].iter_mut().for_each(|offset| *offset += GAS_ZERO);
        Self {
            offsets,
            zero_drift: [(); 3].map(|()| random.between(-1.0, 2.0)),
            gain: random.between(-0.02, 0.02),
            hot_spot: random.between(0.05, 0.25),
            exposure: random.between(0.5, 1.0),
            charge: (module.charge + random.between(-0.03, 0.03)).clamp(0.0, 1.0),
            gases: [0.0; 3],
        }
    }

    /// The reading at a time; the sensors move on by one sample.
    pub(super) fn read(&mut self, module: &Module, around: &Around, random: &mut SplitMix64) -> Reading {
        self.follow(module, around);
        let hidden = self.hot_spot * (module.core - module.surface);
        let gases = self.shown_gases(around.time);
        let mut reading = [
            module.surface,
            module.surface + 1.0 + hidden,
            module.voltage,
            around.current * (1.0 + self.gain),
            100.0 * self.charge,
            gases[0],
            gases[1],
            gases[2],
            around.air,
        ];
        for ((value, offset), noise) in reading.iter_mut().zip(self.offsets).zip(NOISE) {
            *value += offset + noise * random.normal();
        }
        reading
    }

    fn follow(&mut self, module: &Module, around: &Around) {
        let counted = around.current * SAMPLE_SECONDS / super::module::FULL_CHARGE;
        let correction = (module.charge - self.charge) * SAMPLE_SECONDS / CORRECTION_SECONDS;
        self.charge = (self.charge + counted + correction).clamp(0.0, 1.0);
        let outside = around.from_outside.map(|gas| gas * self.exposure);
        let sources = module.gases.iter().zip(around.from_neighbours).zip(outside);
        for (shown, ((own, neighbours), outside)) in self.gases.iter_mut().zip(sources) {
            *shown += (own + neighbours + outside - *shown) * SAMPLE_SECONDS / GAS_LAG_SECONDS;
        }
    }

    fn shown_gases(&self, time: f64) -> [f64; 3] {
        let all: f64 = self.gases.iter().sum();
        let mut shown = self.gases;
        for (gas, drift) in shown.iter_mut().zip(self.zero_drift) {
            *gas += CROSS_SENSITIVITY * (all - *gas) + drift * time / 3600.0;
        }
        shown
    }
}
