//! Internal shorts: where, when and how hot.

use crate::random::SplitMix64;

/// Seconds.
pub(super) const MINUTE: f64 = 60.0;

/// An internal short. Its heat grows linearly from the first to the last value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Short {
    pub(super) module: usize,
    /// When it begins, s from the first reading.
    pub(super) start: f64,
    /// First and greatest heat, W.
    pub(super) heat: (f64, f64),
    /// Time from the one to the other, s.
    pub(super) ramp: f64,
    /// Share of the heat that is taken from the module's charge.
    pub(super) electric_share: f64,
    /// Core temperature at which it burns out, °C.
    pub(super) burns_out_at: Option<f64>,
}

impl Short {
    /// W.
    pub(super) fn heat_at(&self, time: f64) -> f64 {
        let (first, greatest) = self.heat;
        let passed = (time - self.start) / self.ramp;
        if passed < 0.0 { 0.0 } else { first + (greatest - first) * passed.min(1.0) }
    }
}

/// One in four is violent; the others take from a quarter of an hour to more than an hour. The seed's grows
/// from 300 W to 9000 W in 15 minutes.
pub(super) fn runaway(modules: usize, random: &mut SplitMix64) -> Short {
    let violent = random.chance(0.25);
    let (greatest, ramp) =
        if violent { ((10_000.0, 30_000.0), (3.0, 10.0)) } else { ((2000.0, 9000.0), (15.0, 75.0)) };
    Short {
        module: random.below(modules),
        start: random.between(15.0, 140.0) * MINUTE,
        heat: (random.between(20.0, 300.0), random.between(greatest.0, greatest.1)),
        ramp: random.between(ramp.0, ramp.1) * MINUTE,
        electric_share: random.between(0.05, 0.4),
        burns_out_at: None,
    }
}

/// Half are too weak to run away; the others begin as one that does, and burn out.
pub(super) fn contained(modules: usize, random: &mut SplitMix64) -> Short {
    let short = runaway(modules, random);
    if random.chance(0.5) {
        let (first, greatest) = (random.between(20.0, 150.0), random.between(150.0, 650.0));
        Short { heat: (first, greatest), ramp: random.between(10.0, 60.0) * MINUTE, ..short }
    } else {
        Short { burns_out_at: Some(random.between(45.0, 105.0)), ..short }
    }
}
