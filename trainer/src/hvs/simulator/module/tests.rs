//! Physics against what can be worked out by hand, and against the seed's own run.

use super::*;

const NEW: Traits = Traits { resistance: 1.0, capacity: 1.0, gas_onset_shift: 0.0, gas_yield: 1.0 };

fn at_rest() -> Surroundings {
    Surroundings {
        air: 20.0,
        cooling: SURFACE_TO_AIR,
        current: 0.0,
        short_heat: 0.0,
        short_share: 0.3,
        neighbour_heat: 0.0,
    }
}

/// In the steady state every watt passes both conductances.
#[test]
fn constant_heat_ends_in_the_steady_state() {
    let mut module = Module::new(NEW, 20.0, 1.0);
    let around = Surroundings { short_heat: 400.0, short_share: 0.0, ..at_rest() };
    (0..100_000).for_each(|_| module.step(&around, 2.0));
    assert!((module.surface - (20.0 + 400.0 / 10.0)).abs() < 1e-6, "{}", module.surface);
    assert!((module.core - (20.0 + 400.0 / 10.0 + 400.0 / 20.0)).abs() < 1e-6, "{}", module.core);
    assert!(!module.lost);
    assert!((module.gases[0] - GAS_RATE * 5.0 * VENTILATION_SECONDS).abs() < 1e-6, "{:?}", module.gases);
    assert_eq!(module.gases[1..], [0.0, 0.0]);
}

/// The seed's own run: 300 W, growing to 9000 W in 900 s. There the point of no return came 1030 s after the
/// fault.
#[test]
fn the_seeds_fault_reaches_the_point_of_no_return_when_it_did_there() {
    let mut module = Module::new(NEW, 22.0, 0.6);
    let mut seconds = 0.0;
    while !module.lost {
        let short_heat = 300.0 + 8700.0 * (seconds / 900.0_f64).min(1.0);
        module.step(&Surroundings { short_heat, ..at_rest() }, 2.0);
        seconds += 2.0;
    }
    assert!((1000.0..1060.0).contains(&seconds), "{seconds}");
}

/// A steep rise is a point of no return as well, from 110 °C.
#[test]
fn a_violent_short_is_lost_before_140_degrees() {
    let mut module = Module::new(NEW, 25.0, 0.6);
    while !module.lost {
        module.step(&Surroundings { short_heat: 40_000.0, ..at_rest() }, 1.0);
    }
    assert!((110.0..112.0).contains(&module.core), "{}", module.core);
}

#[test]
fn current_moves_charge_and_voltage() {
    let mut module = Module::new(NEW, 25.0, 0.5);
    (0..3600).for_each(|_| module.step(&Surroundings { current: -50.0, ..at_rest() }, 1.0));
    assert!((module.charge - 0.0).abs() < 0.01, "half an hour of 0.5 C per half charge: {}", module.charge);
    (0..3600).for_each(|_| module.step(&Surroundings { current: 20.0, ..at_rest() }, 1.0));
    assert!((module.charge - 0.2).abs() < 0.01, "{}", module.charge);
    assert!((module.voltage - (14.0 * 3.4 + 20.0 * RESISTANCE)).abs() < 0.1, "{}", module.voltage);
    (0..100_000).for_each(|_| module.step(&Surroundings { current: 20.0, ..at_rest() }, 1.0));
    assert_eq!(module.charge, 1.0);
}
