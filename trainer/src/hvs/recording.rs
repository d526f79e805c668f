//! What the sensors of a rack recorded, and which rows announce a thermal runaway.

use std::ops::Range;

/// Sensors of a module, in the order of a reading and of the raw data's columns.
pub const SENSORS: [&str; 9] = [
    "Module_Avg_Surface_Temp_C",
    "Module_Max_Surface_Temp_C",
    "Module_Voltage_V",
    "Module_Current_A",
    "Module_SoC_percent",
    "Sim_OffGas_CO_ppm_proxy",
    "Sim_OffGas_H2_ppm_proxy",
    "Sim_OffGas_VOC_ppm_proxy",
    "Ambient_Temp_Rack_C",
];

/// Where the state of charge and the gases stand in a reading.
pub(crate) const CHARGE: usize = 4;
pub(crate) const GASES: Range<usize> = 5..8;

/// Time between two readings, seconds.
pub const SAMPLE_SECONDS: f64 = 10.0;

/// The first and the last second before the point of no return at which a row is labelled hazardous: an alarm
/// earlier than 20 minutes is not asked for, and one in the last 30 seconds comes too late (both as in the
/// seed project).
const WARNING_SECONDS: (f64, f64) = (1200.0, 30.0);

/// A value a sensor, NaN where it gave none.
pub type Reading = [f64; SENSORS.len()];

/// The modules of one rack over the hours of one scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Name of the scenario: its number, an underscore, its kind.
    pub scenario: String,
    /// Name of the rack.
    pub rack: String,
    /// Time of the first reading, seconds since 1970-01-01.
    pub started: u64,
    /// The modules, of which each begins at that time and ends on its own.
    pub modules: Vec<Series>,
}

/// The readings of one module, 10 seconds apart.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Name of the module.
    pub module: String,
    /// Readings in the order of time. A module that reaches the point of no return has none after it.
    pub readings: Vec<Reading>,
    /// A label a reading.
    pub labels: Vec<Label>,
}

/// What is to be learnt of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Label {
    /// No thermal runaway comes of it.
    Normal,
    /// The point of no return is less than 20 minutes and more than 30 seconds away, and the fault has begun.
    Hazardous,
    /// The fault that runs away has begun, but outside that window: an alarm is right, and nothing is learnt
    /// from it.
    Unlabelled,
}

impl Recording {
    /// Kind of the scenario, from its name.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.scenario.split_once('_').map_or("", |(_, kind)| kind)
    }

    /// Index of the first reading during a fault that runs away, in any module.
    #[must_use]
    pub fn runaway_start(&self) -> Option<usize> {
        self.modules.iter().filter_map(Series::runaway_start).min()
    }
}

impl Series {
    /// Index of the first reading during a fault that runs away; the point of no return is the end of the
    /// series.
    #[must_use]
    pub fn runaway_start(&self) -> Option<usize> {
        self.labels.iter().position(|label| *label != Label::Normal)
    }
}

/// Labels of a module's readings, back-filled from what became of it: `runaway` is when the fault began and
/// when the point of no return came, in seconds from the first reading.
pub(crate) fn labels(readings: usize, runaway: Option<(f64, f64)>) -> Vec<Label> {
    let label = |index: usize| {
        let time = index as f64 * SAMPLE_SECONDS;
        let Some((_, no_return)) = runaway.filter(|(start, _)| time >= *start) else {
            return Label::Normal;
        };
        let left = no_return - time;
        let hazardous = left <= WARNING_SECONDS.0 && left > WARNING_SECONDS.1;
        if hazardous { Label::Hazardous } else { Label::Unlabelled }
    };
    (0..readings).map(label).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(labels: &[Label]) -> Vec<(Label, usize)> {
        labels.chunk_by(|a, b| a == b).map(|run| (run[0], run.len())).collect()
    }

    #[test]
    fn the_window_ends_thirty_seconds_before_the_point_of_no_return() {
        let labels = labels(300, Some((1000.0, 3000.0)));
        let expected =
            [(Label::Normal, 100), (Label::Unlabelled, 80), (Label::Hazardous, 117), (Label::Unlabelled, 3)];
        assert_eq!(runs(&labels), expected);
    }

    /// A row before the fault begins has nothing to learn from: the seed project would have labelled it.
    #[test]
    fn nothing_is_hazardous_before_the_fault() {
        let labels = labels(103, Some((905.0, 1030.0)));
        assert_eq!(runs(&labels), [(Label::Normal, 91), (Label::Hazardous, 9), (Label::Unlabelled, 3)]);
    }

    #[test]
    fn a_fault_that_does_not_run_away_is_normal() {
        assert_eq!(runs(&labels(5, None)), [(Label::Normal, 5)]);
    }
}
