//! The battery task: names, features and limits of use.

use portent_model::{FeatureKind, FeatureSpec, Interface, MissingPolicy, Style};

use super::{csv, features};
use crate::Task;

/// Application that the model is made for.
pub const APP: &str = "hvs";

const INTENDED_USE: &[&str] = &[
    "Showing how a model of streaming sensor data is served and watched, on data whose truth is known.",
    "Comparing ways of detecting a fault early, on equal terms: detection, lead time and false alarms on unseen scenarios.",
];

const LIMITS: &[&str] = &[
    "Not a safety system: no protection of people or property may rest on it.",
    "Trained on simulated data only. It has not been validated on any real battery, and the simulator has not been \
     calibrated to one: two thermal masses a module, gases by a threshold, faults by a ramp of heat.",
    "Faults are far more frequent in the simulation than anywhere else, so the score is no probability of a real event.",
    "A short that burns out looks like one that runs away until it does: the false alarms are mostly of this kind.",
    "A violent short leaves minutes: an alarm then comes late, whatever the model.",
    "Rolling features look back over 10 minutes at one reading in 10 seconds. With fewer readings of a module in a request \
     the warning comes later (see below); at another rate they are something else than in training.",
];

/// Sensors: unit, description and plausible range, in the order of a reading.
const SENSOR_NOTES: [(&str, &str, (f64, f64)); 9] = [
    ("°C", "average surface temperature of the module", (-20.0, 100.0)),
    ("°C", "highest surface temperature of the module", (-20.0, 120.0)),
    ("V", "voltage of the module", (40.0, 62.0)),
    ("A", "current, positive when charging", (-120.0, 120.0)),
    ("%", "state of charge", (0.0, 100.0)),
    ("ppm", "carbon monoxide, proxy", (0.0, 1000.0)),
    ("ppm", "hydrogen, proxy", (0.0, 1000.0)),
    ("ppm", "volatile organic compounds, proxy", (0.0, 1000.0)),
    ("°C", "air temperature at the rack", (-20.0, 60.0)),
];

/// The battery task.
#[must_use]
pub fn task() -> Task {
    Task {
        app: APP,
        name: "hvs_random_forest",
        version: "1.0.0",
        model_type: "RandomForestClassifier",
        description: "Whether a battery module is within 20 minutes of thermal runaway. Learnt from simulated data.",
        features: feature_specs(),
        encodings: Vec::new(),
        interface: Interface {
            style: Style::Readings,
            list: "readings",
            group: csv::MODULE,
            time: csv::TIMESTAMP,
            prediction: "hazard_prediction",
            score: "hazard_probability",
        },
        derivations: features::derivations(),
        target: "Hazardous: an internal short has begun, and the point of no return is less than 20 minutes and more than \
                 30 seconds away",
        classes: ["Normal", "Hazardous"],
        intended_use: INTENDED_USE,
        limits: LIMITS,
    }
}

fn feature_specs() -> Vec<FeatureSpec> {
    let names = features::names();
    let sensors = names.iter().zip(SENSOR_NOTES).map(|(name, (unit, description, plausible))| {
        let bounds = if unit == "%" { plausible } else { (f64::NEG_INFINITY, f64::INFINITY) };
        number(name, unit, description.to_owned(), bounds, plausible)
    });
    let derived = features::derivations();
    let derived = names.iter().skip(SENSOR_NOTES.len()).zip(&derived).map(|(name, derivation)| {
        let (unit, description, range) = SENSOR_NOTES[derivation.source];
        let (text, plausible) = features::describe(derivation, range);
        number(name, unit, format!("{description}: {text}"), (f64::NEG_INFINITY, f64::INFINITY), plausible)
    });
    sensors.chain(derived).collect()
}

fn number(
    name: &str,
    unit: &str,
    description: String,
    (lower, upper): (f64, f64),
    plausible: (f64, f64),
) -> FeatureSpec {
    FeatureSpec {
        name: name.to_owned(),
        unit: unit.to_owned(),
        description,
        kind: FeatureKind::Number,
        missing: MissingPolicy::Reject,
        lower,
        upper,
        plausible,
        imputed: 0.0,
        categories: Vec::new(),
    }
}
