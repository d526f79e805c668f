//! What happens in a scenario: drawn at random within stated ranges, before anything is simulated.

use super::faults::{self, Disturbance};
use super::module::Traits;
use super::short::{self, MINUTE, Short};
use crate::random::SplitMix64;

/// What a scenario is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// No fault beside those of sensors that every scenario has.
    Benign,
    /// An internal short that ends in a thermal runaway.
    RunawayShort,
    /// An internal short that does not: too weak, or it burns out.
    ContainedShort,
    /// Fans fail, and the air of the rack warms up.
    CoolingFailure,
    /// Sensors drift, stick, spike or fall silent.
    SensorFault,
}

/// A scenario, drawn.
#[derive(Clone, Debug)]
pub(super) struct Scenario {
    pub(super) modules: Vec<ModuleStart>,
    pub(super) site: Site,
    pub(super) load: Load,
    pub(super) short: Option<Short>,
    pub(super) cooling_failure: Option<CoolingFailure>,
    pub(super) gas_from_outside: Option<GasFromOutside>,
    pub(super) disturbances: Vec<Disturbance>,
}

/// A module and the charge that it starts with.
#[derive(Clone, Copy, Debug)]
pub(super) struct ModuleStart {
    pub(super) traits: Traits,
    pub(super) charge: f64,
}

/// The air around the rack: a daily wave, and the air conditioner switching.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site {
    /// Mean, °C.
    pub(super) mean: f64,
    /// Phase of the day, in turns.
    pub(super) phase: f64,
    /// Half the swing of the air conditioner, K.
    pub(super) swing: f64,
    /// Its period, s.
    pub(super) period: f64,
}

/// The current that the rack is asked for: a cycle, and a random part on top as the grid is balanced.
#[derive(Clone, Copy, Debug)]
pub(super) struct Load {
    /// Time in the cycle at the first reading, s.
    pub(super) phase: f64,
    /// Current, as a multiple of the cycle's.
    pub(super) factor: f64,
    /// Standard deviation of the random part, A.
    pub(super) unrest: f64,
}

/// Less cooling, and warmer air, for a while.
#[derive(Clone, Copy, Debug)]
pub(super) struct CoolingFailure {
    /// First and last second.
    pub(super) span: (f64, f64),
    /// Conductance to the air, as a multiple of the usual one.
    pub(super) cooling: f64,
    /// Kelvins by which the air warms up.
    pub(super) warming: f64,
}

/// Solvents, exhaust or smoke from elsewhere, at every sensor of the rack.
#[derive(Clone, Copy, Debug)]
pub(super) struct GasFromOutside {
    /// First and last second; it is strongest in between.
    pub(super) span: (f64, f64),
    /// Most of each gas, ppm.
    pub(super) peak: [f64; 3],
}

impl Kind {
    /// Name in scenarios and tables.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Benign => "benign",
            Self::RunawayShort => "runaway_short",
            Self::ContainedShort => "contained_short",
            Self::CoolingFailure => "cooling_failure",
            Self::SensorFault => "sensor_fault",
        }
    }
}

impl Scenario {
    /// Draws a scenario. Ranges are chosen wide, so that no absolute value tells a fault from a hot day, an
    /// old module or a worn sensor.
    pub(super) fn draw(kind: Kind, random: &mut SplitMix64) -> Self {
        let modules = 4 + random.below(5);
        let wear = random.between(1.0, 3.0);
        let charge = random.between(0.15, 0.9);
        let starts = (0..modules).map(|_| ModuleStart {
            traits: traits(wear, random),
            charge: (charge + random.between(-0.03, 0.03)).clamp(0.05, 0.98),
        });
        Self {
            modules: starts.collect(),
            site: site(random),
            load: Load {
                phase: random.between(0.0, super::load::CYCLE_SECONDS),
                factor: random.between(0.8, 1.2),
                unrest: random.between(0.0, 12.0),
            },
            short: match kind {
                Kind::RunawayShort => Some(short::runaway(modules, random)),
                Kind::ContainedShort => Some(short::contained(modules, random)),
                Kind::Benign | Kind::CoolingFailure | Kind::SensorFault => None,
            },
            cooling_failure: (kind == Kind::CoolingFailure || random.chance(0.05))
                .then(|| cooling_failure(random)),
            gas_from_outside: random.chance(0.15).then(|| gas_from_outside(random)),
            disturbances: if kind == Kind::SensorFault || random.chance(0.1) {
                faults::draw(modules, random)
            } else {
                Vec::new()
            },
        }
    }
}

fn traits(wear: f64, random: &mut SplitMix64) -> Traits {
    Traits {
        resistance: wear * random.between(0.85, 1.15),
        capacity: random.between(0.94, 1.0),
        gas_onset_shift: random.between(-5.0, 5.0),
        gas_yield: random.between(0.1, 1.2),
    }
}

fn site(random: &mut SplitMix64) -> Site {
    Site {
        mean: random.between(12.0, 34.0),
        phase: random.uniform(),
        swing: random.between(0.0, 1.5),
        period: random.between(15.0, 40.0) * MINUTE,
    }
}

fn cooling_failure(random: &mut SplitMix64) -> CoolingFailure {
    let start = random.between(10.0, 120.0) * MINUTE;
    CoolingFailure {
        span: (start, start + random.between(30.0, 120.0) * MINUTE),
        cooling: random.between(0.15, 0.5),
        warming: random.between(4.0, 18.0),
    }
}

fn gas_from_outside(random: &mut SplitMix64) -> GasFromOutside {
    let start = random.between(5.0, 150.0) * MINUTE;
    GasFromOutside {
        span: (start, start + random.between(5.0, 30.0) * MINUTE),
        peak: [random.between(0.0, 80.0), random.between(0.0, 20.0), random.between(10.0, 150.0)],
    }
}
