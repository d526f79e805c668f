//! The physics of one module: two thermal masses, a battery, and gases that a hot core gives off.
//!
//! Constants marked *seed* are those of the project that this data set replaces (its physics simulator, which
//! its author gave up since it wrote its labels before it knew the outcome). For the others the reason is
//! stated.

/// Heat capacity of the cells, J/K (seed).
const CORE_CAPACITY: f64 = 40_000.0;

/// Heat capacity of the housing, J/K (seed).
const SURFACE_CAPACITY: f64 = 10_000.0;

/// Conductance from core to surface, W/K (seed).
const CORE_TO_SURFACE: f64 = 20.0;

/// Conductance from surface to air with the fans running, W/K (seed).
pub(super) const SURFACE_TO_AIR: f64 = 10.0;

/// Resistance at 25 °C and a state of charge between 10 % and 90 %, Ω (seed).
const RESISTANCE: f64 = 0.005;

/// Charge that a full module holds, As: 14 cells in series, 2 in parallel, of 50 Ah (seed).
pub(super) const FULL_CHARGE: f64 = 100.0 * 3600.0;

/// Core temperature of no return, °C (seed).
const NO_RETURN: f64 = 140.0;

/// Core temperature above which a steep rise is one as well, °C, and that rise, K/s (seed).
const STEEP: (f64, f64) = (110.0, 0.5);

/// Core temperatures from which carbon monoxide, hydrogen and volatile organic compounds are given off, °C
/// (seed).
const GAS_ONSET: [f64; 3] = [75.0, 95.0, 110.0];

/// Gas given off, ppm a second and kelvin above the onset, and the most that a sensor can show, ppm (seed).
const GAS_RATE: f64 = 0.05;
const GAS_CAP: f64 = 2000.0;

/// Time in which ventilation takes the gas away, s. The seed kept it for ever, as no ventilated room does.
const VENTILATION_SECONDS: f64 = 900.0;

/// How a module differs from the next one of its rack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Traits {
    /// Resistance, as a multiple of a new module's.
    pub(super) resistance: f64,
    /// Charge that it holds, as a multiple of the nominal one.
    pub(super) capacity: f64,
    /// Kelvins by which its cells give off gas later.
    pub(super) gas_onset_shift: f64,
    /// Gas that reaches its sensors, as a multiple of the nominal rate: cells, seals and air flow differ.
    pub(super) gas_yield: f64,
}

/// What acts on a module during a step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surroundings {
    /// Air temperature, °C.
    pub(super) air: f64,
    /// Conductance from surface to air, W/K.
    pub(super) cooling: f64,
    /// Current, A; positive charges.
    pub(super) current: f64,
    /// Heat that a short releases in the core, W.
    pub(super) short_heat: f64,
    /// Share of that heat which is the module's own charge; the rest is decomposition.
    pub(super) short_share: f64,
    /// Heat from neighbours into the surface, W.
    pub(super) neighbour_heat: f64,
}

/// The state of a module.
#[derive(Clone, Debug)]
pub(super) struct Module {
    pub(super) traits: Traits,
    /// Temperature of the cells, °C.
    pub(super) core: f64,
    /// Temperature of the housing, °C.
    pub(super) surface: f64,
    /// State of charge, 0 to 1.
    pub(super) charge: f64,
    /// Voltage at the terminals, V.
    pub(super) voltage: f64,
    /// Gases around it, ppm: carbon monoxide, hydrogen, volatile organic compounds.
    pub(super) gases: [f64; 3],
    /// Whether it is past the point of no return.
    pub(super) lost: bool,
}

impl Module {
    /// A module at the temperature of the air.
    pub(super) fn new(traits: Traits, air: f64, charge: f64) -> Self {
        Self {
            traits,
            core: air,
            surface: air,
            charge,
            voltage: open_circuit(charge),
            gases: [0.0; 3],
            lost: false,
        }
    }

    /// Moves on by `seconds` (explicit Euler: the fastest time constant, that of the housing, is above 300
    /// s).
    pub(super) fn step(&mut self, around: &Surroundings, seconds: f64) {
        let rise = self.heat(around, seconds);
        self.carry(around, seconds);
        self.give_off_gas(seconds);
        self.lost |= self.core >= NO_RETURN || (self.core > STEEP.0 && rise >= STEEP.1);
    }

    /// Exchanges heat; returns the rise of the core temperature, K/s.
    fn heat(&mut self, around: &Surroundings, seconds: f64) -> f64 {
        let loss = around.current * around.current * self.resistance();
        let inward = CORE_TO_SURFACE * (self.core - self.surface);
        let outward = around.cooling * (self.surface - around.air);
        let rise = (loss + around.short_heat - inward) / CORE_CAPACITY;
        self.core += rise * seconds;
        self.surface += (inward - outward + around.neighbour_heat) / SURFACE_CAPACITY * seconds;
        rise
    }

    /// Moves charge, through the terminals and through the short, and sets the voltage.
    fn carry(&mut self, around: &Surroundings, seconds: f64) {
        let open = open_circuit(self.charge);
        let short = around.short_heat * around.short_share / open;
        let inside = around.current - short;
        self.charge = (self.charge + inside * seconds / (FULL_CHARGE * self.traits.capacity)).clamp(0.0, 1.0);
        self.voltage = open_circuit(self.charge) + inside * self.resistance();
    }

    fn give_off_gas(&mut self, seconds: f64) {
        for (gas, onset) in self.gases.iter_mut().zip(GAS_ONSET) {
            let excess = (self.core - onset - self.traits.gas_onset_shift).max(0.0);
            let change = GAS_RATE * self.traits.gas_yield * excess - *gas / VENTILATION_SECONDS;
            *gas = (*gas + change * seconds).clamp(0.0, GAS_CAP);
        }
    }

    /// Ω. A nearly empty or nearly full module resists more (seed).
    fn resistance(&self) -> f64 {
        let ends = if self.charge < 0.1 {
            1.8 + 20.0 * (0.1 - self.charge)
        } else if self.charge > 0.9 {
            1.4 + 10.0 * (self.charge - 0.9)
        } else {
            1.0
        };
        RESISTANCE * self.traits.resistance * ends * (1.0 + 1e-4 * (self.core - 25.0).abs())
    }
}

/// Voltage without current, V: 14 cells in series (seed).
fn open_circuit(charge: f64) -> f64 {
    14.0 * (3.2 + charge)
}

#[cfg(test)]
mod tests;
