// The rules: the same as those of examples/scorers/rules, for batteries that run away.

// The values of a reading, in the order of a row. `otherwise` replaces a missing value; without it, the reading cannot
// be assessed.
export const FEATURES = [
  { name: 'Module_Max_Surface_Temp_C', unit: '°C', least: -40, greatest: 1000 },
  { name: 'Module_Avg_Surface_Temp_C', unit: '°C', least: -40, greatest: 1000 },
  { name: 'Ambient_Temp_Rack_C', unit: '°C', least: -40, greatest: 120, otherwise: 25 },
  { name: 'Sim_OffGas_CO_ppm_proxy', unit: 'ppm', least: 0, greatest: 1e6, otherwise: 0 },
  { name: 'Sim_OffGas_H2_ppm_proxy', unit: 'ppm', least: 0, greatest: 1e6, otherwise: 0 },
  { name: 'Sim_OffGas_VOC_ppm_proxy', unit: 'ppm', least: 0, greatest: 1e6, otherwise: 0 },
];

// A rule: when it holds, the module is at least at this risk because of this feature.
const RULES = [
  { holds: (m) => m.hottest >= 64, risk: 0.95, becauseOf: 0 },
  { holds: (m) => m.hottest - m.average >= 12, risk: 0.8, becauseOf: 0 },
  { holds: (m) => m.average - m.ambient >= 25, risk: 0.6, becauseOf: 1 },
  { holds: (m) => m.carbonMonoxide >= 30 && m.hydrogen >= 20, risk: 0.9, becauseOf: 3 },
  { holds: (m) => m.hydrogen >= 40 && m.solvents >= 40, risk: 0.85, becauseOf: 4 },
  { holds: (m) => m.solvents >= 60, risk: 0.4, becauseOf: 5 },
];

// Risk of a module if no rule holds.
export const BASE_RISK = 0.02;

// The risk of a module and the index of the feature that it is because of, or why it cannot be assessed. Of the rules
// that hold, the one with the greatest risk decides; the first of equal ones.
export function assess([hottest, average, ambient, carbonMonoxide, hydrogen, solvents]) {
  if (average > hottest) {
    return { refused: 'the average temperature is above the highest one' };
  }
  const module = { hottest, average, ambient, carbonMonoxide, hydrogen, solvents };
  let verdict = { risk: BASE_RISK, becauseOf: undefined };
  for (const rule of RULES) {
    if (rule.risk > verdict.risk && rule.holds(module)) {
      verdict = rule;
    }
  }
  return verdict;
}
