//! The 30 features of a reading: its 9 sensors, 3 changes, and rolling statistics over 1, 5 and 10 minutes.

use portent_model::{Derivation, DerivationKind, NoValue, derive};

use super::recording::{Reading, SAMPLE_SECONDS, SENSORS};
use crate::profile::quantile;

/// Number of features.
pub const WIDTH: usize = SENSORS.len() + CHANGES.len() + ROLLING.len() * WINDOWS.len() * 2;

/// Sensors of which the change since the reading before is a feature: average temperature, voltage, state of
/// charge.
const CHANGES: [usize; 3] = [0, 2, 4];

/// Sensors of which rolling means and standard deviations are features: average temperature, voltage,
/// current.
const ROLLING: [usize; 3] = [0, 2, 3];

/// Readings that a rolling statistic looks back over.
const WINDOWS: [usize; 3] = [6, 30, 60];

/// Sensors whose values the seed project clips: all but the gases.
const CLIPPED: [usize; 6] = [0, 1, 2, 3, 4, 8];

/// Names of the features in model order, which is that of the seed project.
#[must_use]
pub fn names() -> Vec<String> {
    let sensor = |index: &usize| SENSORS[*index];
    let sensors = SENSORS.iter().map(|name| (*name).to_owned());
    let changes = CHANGES.iter().map(|index| format!("Delta_1_{}", sensor(index)));
    let rolling = ROLLING.iter().flat_map(|index| {
        WINDOWS.iter().flat_map(move |window| {
            ["mean", "std"].map(|statistic| format!("Rolling_{statistic}_{window}_{}", sensor(index)))
        })
    });
    sensors.chain(changes).chain(rolling).collect()
}

/// How the features that are no sensors are computed.
#[must_use]
pub fn derivations() -> Vec<Derivation> {
    let changes = CHANGES.iter().map(|source| (DerivationKind::Delta, *source, 1));
    let rolling = ROLLING.iter().flat_map(|source| {
        WINDOWS.iter().flat_map(move |window| {
            [DerivationKind::RollingMean, DerivationKind::RollingStd].map(|kind| (kind, *source, *window))
        })
    });
    let derived = changes.chain(rolling).zip(SENSORS.len()..);
    derived.map(|((kind, source, window), feature)| Derivation { feature, kind, source, window }).collect()
}

/// What a derived feature is, and what range is plausible for it where `range` is for its source.
pub(super) fn describe(derivation: &Derivation, range: (f64, f64)) -> (String, (f64, f64)) {
    let span = range.1 - range.0;
    let minutes = derivation.window as f64 * SAMPLE_SECONDS / 60.0;
    match derivation.kind {
        DerivationKind::Delta => ("change since the reading before".to_owned(), (-span / 4.0, span / 4.0)),
        DerivationKind::RollingMean => (format!("mean over {minutes} min"), range),
        DerivationKind::RollingStd => (format!("standard deviation over {minutes} min"), (0.0, span / 2.0)),
    }
}

/// Features of the readings of one module, in the order of time: [`WIDTH`] values each, one after the other.
/// Computed by the code that computes them in the service.
///
/// # Errors
/// [`NoValue`] for a sensor that shows nothing in any of them.
pub fn features(readings: &[Reading]) -> Result<Vec<f64>, NoValue> {
    looking_back(readings, usize::MAX)
}

/// The same for requests that hold only so many readings of the module: each row looks back over no more than
/// these.
///
/// # Errors
/// As [`features`].
pub fn looking_back(readings: &[Reading], history: usize) -> Result<Vec<f64>, NoValue> {
    let mut rows = Vec::with_capacity(readings.len() * WIDTH);
    for reading in readings {
        rows.extend(reading);
        rows.resize(rows.len() + WIDTH - SENSORS.len(), 0.0);
    }
    let mut derivations = derivations();
    derivations.retain(|derivation| history > 1 || derivation.kind != DerivationKind::Delta);
    derivations.iter_mut().for_each(|derivation| derivation.window = derivation.window.min(history));
    derive(WIDTH, &derivations, &mut rows)?;
    Ok(rows)
}

/// Features as the seed project's training had them: with gaps filled, every sensor but the gases is clipped
/// to its 1 % and 99 % quantiles over the whole series before anything is computed from it.
///
/// No shipped model is trained on these. The quantiles look into the future, which a service cannot, and they
/// cut off the last minutes before a runaway, which are what matters.
///
/// # Errors
/// As [`features`].
pub fn clipped_features(readings: &[Reading]) -> Result<Vec<f64>, NoValue> {
    let mut filled: Vec<f64> = readings.iter().flatten().copied().collect();
    derive(SENSORS.len(), &[], &mut filled)?;
    for sensor in CLIPPED {
        let mut sorted: Vec<f64> = filled.iter().skip(sensor).step_by(SENSORS.len()).copied().collect();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (quantile(&sorted, 0.01), quantile(&sorted, 0.99));
        filled
            .iter_mut()
            .skip(sensor)
            .step_by(SENSORS.len())
            .for_each(|value| *value = value.clamp(low, high));
    }
    features(filled.as_chunks().0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hvs::simulator::simulate;

    /// A row that looks back over so many readings is the last one of a series of so many.
    #[test]
    fn a_short_history_is_that_of_a_short_request() {
        let series = &simulate(6, 1).modules[0].readings;
        assert!(series[100..220].iter().flatten().all(|value| value.is_finite()));
        for history in [1, 2, 6, 20, 60] {
            let rows = looking_back(&series[100..220], history).unwrap();
            for index in 60..120 {
                let request = features(&series[100 + index + 1 - history..100 + index + 1]).unwrap();
                let row = &rows[index * WIDTH..(index + 1) * WIDTH];
                assert_eq!(row, &request[(history - 1) * WIDTH..], "{history} readings, row {index}");
            }
        }
    }
}
