//! The rules.

/// A value of a reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Feature {
    /// Name, as in requests.
    pub name: &'static str,
    /// Unit.
    pub unit: &'static str,
    /// Least value that the sensor can report.
    pub least: f64,
    /// Greatest value that the sensor can report.
    pub greatest: f64,
    /// Value that replaces a missing one; without it, the reading cannot be assessed.
    pub otherwise: Option<f64>,
}

/// The values of a reading, in the order of a row.
pub const FEATURES: [Feature; 6] = [
    feature("Module_Max_Surface_Temp_C", "°C", -40.0, 1_000.0, None),
    feature("Module_Avg_Surface_Temp_C", "°C", -40.0, 1_000.0, None),
    feature("Ambient_Temp_Rack_C", "°C", -40.0, 120.0, Some(25.0)),
    feature("Sim_OffGas_CO_ppm_proxy", "ppm", 0.0, 1e6, Some(0.0)),
    feature("Sim_OffGas_H2_ppm_proxy", "ppm", 0.0, 1e6, Some(0.0)),
    feature("Sim_OffGas_VOC_ppm_proxy", "ppm", 0.0, 1e6, Some(0.0)),
];

/// A rule: when it holds, the module is at least at this risk because of this value.
struct Rule {
    holds: fn(&Reading) -> bool,
    risk: f64,
    because_of: usize,
}

/// Of the rules that hold, the one with the greatest risk decides; the first of equal ones.
const RULES: [Rule; 6] = [
    // Above this, separators melt.
    Rule { holds: |module| module.hottest >= 64.0, risk: 0.95, because_of: 0 },
    // One spot is much hotter than the rest: a cell heats itself.
    Rule { holds: |module| module.hottest - module.average >= 12.0, risk: 0.8, because_of: 0 },
    // All of the module is far above the rack: it is not the weather.
    Rule { holds: |module| module.average - module.ambient >= 25.0, risk: 0.6, because_of: 1 },
    // Vented electrolyte, by two gases at once; one alone may be a sensor that drifts.
    Rule {
        holds: |module| module.carbon_monoxide >= 30.0 && module.hydrogen >= 20.0,
        risk: 0.9,
        because_of: 3,
    },
    Rule { holds: |module| module.hydrogen >= 40.0 && module.solvents >= 40.0, risk: 0.85, because_of: 4 },
    // One gas alone asks for a look, not for an alarm.
    Rule { holds: |module| module.solvents >= 60.0, risk: 0.4, because_of: 5 },
];

/// Risk of a module if no rule holds.
pub const BASE_RISK: f64 = 0.02;

/// A row, by name.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    hottest: f64,
    average: f64,
    ambient: f64,
    carbon_monoxide: f64,
    hydrogen: f64,
    solvents: f64,
}

/// The result of the rules for a reading.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// Score of the hazardous class.
    pub risk: f64,
    /// Contribution of each value to the risk, above [`BASE_RISK`].
    pub added: [f64; FEATURES.len()],
}

/// Assesses a reading.
///
/// # Errors
/// Why it cannot be one of a module.
pub fn assess(reading: &Reading) -> Result<Verdict, &'static str> {
    if reading.average > reading.hottest {
        return Err("the average temperature is above the highest one");
    }
    let mut verdict = Verdict { risk: BASE_RISK, added: [0.0; FEATURES.len()] };
    for rule in RULES.iter().filter(|rule| (rule.holds)(reading)) {
        if rule.risk > verdict.risk {
            verdict = Verdict { risk: rule.risk, added: [0.0; FEATURES.len()] };
            verdict.added[rule.because_of] = rule.risk - BASE_RISK;
        }
    }
    Ok(verdict)
}

impl Reading {
    /// A row's values by name.
    #[must_use]
    pub fn of(row: &[f64; FEATURES.len()]) -> Self {
        let [hottest, average, ambient, carbon_monoxide, hydrogen, solvents] = *row;
        Self { hottest, average, ambient, carbon_monoxide, hydrogen, solvents }
    }
}

const fn feature(
    name: &'static str,
    unit: &'static str,
    least: f64,
    greatest: f64,
    otherwise: Option<f64>,
) -> Feature {
    Feature { name, unit, least, greatest, otherwise }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score;

    /// A module at rest, with some values replaced.
    fn reading(replaced: &[(usize, f64)]) -> [f64; 6] {
        let mut row = [26.0, 25.1, 22.3, 2.1, 1.9, 2.0];
        replaced.iter().for_each(|(index, value)| row[*index] = *value);
        row
    }

    #[test]
    fn each_rule_decides_from_its_limit_on() {
        type Case<'a> = (&'a [(usize, f64)], f64, usize);
        let cases: [Case<'_>; 6] = [
            (&[(0, 64.0), (1, 60.0), (2, 40.0)], 0.95, 0),
            (&[(0, 50.0), (1, 38.0), (2, 30.0)], 0.8, 0),
            (&[(0, 50.0), (1, 48.0), (2, 23.0)], 0.6, 1),
            (&[(3, 30.0), (4, 20.0)], 0.9, 3),
            (&[(4, 40.0), (5, 40.0)], 0.85, 4),
            (&[(5, 60.0)], 0.4, 5),
        ];
        for (replaced, risk, because_of) in cases {
            let row = reading(replaced);
            let verdict = assess(&Reading::of(&row)).unwrap();
            assert_eq!(verdict.risk, risk, "{row:?}");
            assert_eq!(verdict.added.iter().position(|added| *added > 0.0), Some(because_of));
            // A little less of the value that decides, and the rule does not hold.
            let lower = |(index, value): &(usize, f64)| {
                (*index, value - if *index == because_of { 0.25 } else { 0.0 })
            };
            let below = reading(&replaced.iter().map(lower).collect::<Vec<_>>());
            assert!(assess(&Reading::of(&below)).map_or(true, |verdict| verdict.risk < risk), "{below:?}");
        }
    }

    #[test]
    fn a_module_is_at_the_base_risk_if_no_rule_holds() {
        let verdict = assess(&Reading::of(&reading(&[]))).unwrap();
        assert_eq!(verdict, Verdict { risk: BASE_RISK, added: [0.0; 6] });
    }

    #[test]
    fn the_greatest_risk_decides() {
        let verdict = assess(&Reading::of(&reading(&[(0, 70.0), (1, 30.0), (3, 50.0), (4, 50.0)]))).unwrap();
        assert_eq!((verdict.risk, verdict.added[0]), (0.95, 0.95 - BASE_RISK));
    }

    #[test]
    fn rows_are_assessed_together_or_not_at_all() {
        let rows = [reading(&[]), reading(&[(5, 60.0)])].concat();
        let scored = score(&rows, true).unwrap();
        assert_eq!(scored.values, [0.98, 0.02, 0.6, 0.4]);
        assert_eq!(scored.contributions.len(), 12);
        assert!(score(&rows, false).unwrap().contributions.is_empty());
        let broken = [reading(&[]), reading(&[(1, 30.0)])].concat();
        assert_eq!(score(&broken, false), Err((1, "the average temperature is above the highest one")));
    }
}
