// Hands the rules to Portent, by the contract of wit/portent.wit.

import { BASE_RISK, FEATURES, assess } from './rules.js';

const described = ({ name, unit, least, greatest, otherwise }) => ({
  name,
  unit,
  kind: 'number',
  lower: least,
  upper: greatest,
  categories: [],
  missing: otherwise === undefined ? { tag: 'reject' } : { tag: 'impute', val: otherwise },
});

export const scorer = {
  describe() {
    return {
      name: 'hvs_rules_javascript',
      version: '0.1.0',
      modelType: 'RuleList',
      features: FEATURES.map(described),
      classes: ['Normal', 'Hazardous'],
      positiveClass: 1,
      threshold: 0.5,
      explains: true,
    };
  },

  score({ values, explain }) {
    const scores = [];
    const contributions = [];
    const width = FEATURES.length;
    for (let row = 0; row * width < values.length; row++) {
      const { refused, risk, becauseOf } = assess(values.slice(row * width, (row + 1) * width));
      if (refused !== undefined) {
        throw { tag: 'row', val: [row, refused] };
      }
      scores.push(1 - risk, risk);
      if (explain) {
        FEATURES.forEach((_, feature) => contributions.push(feature === becauseOf ? risk - BASE_RISK : 0));
      }
    }
    return { values: scores, contributions };
  },
};
