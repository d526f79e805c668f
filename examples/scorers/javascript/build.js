// Makes a component of app.js: node build.js [FILE]. Run it in this folder.

import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { componentize } from '@bytecodealliance/componentize-js';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { component } = await componentize({
  sourcePath: here('app.js'),
  witPath: here('../../../wit'),
  worldName: 'scoring',
  // Rules need none of these, and what is not there need not be forbidden.
  disableFeatures: ['clocks', 'fetch-event', 'http', 'random', 'stdio'],
});
await writeFile(process.argv[2] ?? 'scorer_javascript.wasm', component);
