// Checks dashboards (files in the arguments) by the types in panels.ts. Prints an object: the errors of each file.
import { readFileSync } from 'node:fs';
import Ajv from 'ajv';
import { createGenerator } from 'ts-json-schema-generator';

const KINDS = {
  gauge: 'GaugePanel',
  heatmap: 'HeatmapPanel',
  row: 'Row',
  stat: 'StatPanel',
  table: 'TablePanel',
  text: 'TextPanel',
  timeseries: 'TimeseriesPanel',
};

// Types are inlined, since some names stand for two of them.
const settings = { path: 'panels.ts', tsconfig: 'tsconfig.json', additionalProperties: false, expose: 'none' };
const generator = createGenerator(settings);
const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strict: true, strictTypes: false });
const validators = Object.fromEntries(
  ['Dashboard', ...Object.values(KINDS)].map((type) => [type, ajv.compile(generator.createSchema(type))]),
);

const complaint = (place) => ({ instancePath, message, params }) =>
  `${place}${instancePath} ${message} ${Object.values(params).join(' ')}`;

function check(value, type, place) {
  const validate = validators[type];
  return validate(value) ? [] : validate.errors.map(complaint(place));
}

/** What an override sets, as fields of `defaults`: `custom.width` is `custom: { width }`. */
function overridden({ properties }) {
  const fields = {};
  for (const { id, value } of properties) {
    if (id.startsWith('custom.')) (fields.custom ??= {})[id.slice('custom.'.length)] = value;
    else fields[id] = value;
  }
  return fields;
}

function checkPanel(panel, place) {
  const type = KINDS[panel.type];
  if (!type) return [`${place} has the unknown type ${panel.type}`];
  const inner = (panel.panels ?? []).flatMap((inside, index) => checkPanel(inside, `${place}/panels/${index}`));
  const overrides = (panel.fieldConfig?.overrides ?? []).flatMap((override, index) => {
    const fieldConfig = { defaults: overridden(override), overrides: [] };
    return check({ ...panel, fieldConfig }, type, `${place}, override ${index}: `);
  });
  return [...check(panel, type, place), ...overrides, ...inner];
}

function checkFile(file) {
  const dashboard = JSON.parse(readFileSync(file, 'utf8'));
  const panels = dashboard.panels.flatMap((panel, index) => checkPanel(panel, `/panels/${index}`));
  return [...check(dashboard, 'Dashboard', ''), ...panels];
}

console.log(JSON.stringify(Object.fromEntries(process.argv.slice(2).map((file) => [file, checkFile(file)]))));
