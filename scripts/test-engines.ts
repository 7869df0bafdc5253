// `npm run test:engines [-- --only webkit] [-- --allow-missing]`: the built page in Chromium, Firefox and WebKit.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { preview } from 'vite';
import { checkEngine } from '../e2e/engines/check-engine.ts';
import { chromium } from '../e2e/engines/chromium.ts';
import type { Engine } from '../e2e/engines/engine.ts';
import { firefox } from '../e2e/engines/firefox.ts';
import { FLOWS } from '../e2e/engines/flows.ts';
import { type EngineResult, engineTable, engineTally } from '../e2e/engines/table.ts';
import { webkit } from '../e2e/engines/webkit.ts';
import { root } from './gates.ts';

const pictures = resolve(root, 'test-results/engines');

const { values } = parseArgs({
  options: {
    /** Engines may be missing: they are then left out and counted as skipped. */
    'allow-missing': { type: 'boolean', default: false },
    /** One engine alone, by name. */
    only: { type: 'string' },
  },
});
const kinds = [chromium, firefox, webkit].filter(
  ({ name }) => values.only === undefined || name.toLowerCase() === values.only.toLowerCase(),
);
if (kinds.length === 0) throw new Error(`There is no engine "${values.only}".`);

const server = await preview({ root, logLevel: 'error', preview: { strictPort: false } });
const results: EngineResult[] = [];
try {
  if (values.only === undefined) await rm(pictures, { recursive: true, force: true });
  await mkdir(pictures, { recursive: true });
  // One at a time: each keeps both cores busy with homomorphic work.
  for (const kind of kinds) {
    const result = await checkEngine(kind, server.resolvedUrls!.local[0], {
      flows: FLOWS,
      allowMissing: values['allow-missing'],
      say: (line) => console.log(line),
      onChecked: (engine, check) => photograph(engine, `${kind.name} ${check}`),
    });
    results.push(result);
  }
} finally {
  await server.close();
}

const { passed, failed, skipped } = engineTally(results);
console.log(`\n${engineTable(results)}\n`);
if (skipped > 0) console.log(`${skipped} skipped: an engine is missing, which --allow-missing allows.`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Keeps a picture of the window for people to look at. One that cannot be taken is said, and fails nothing. */
async function photograph(engine: Engine, name: string): Promise<void> {
  try {
    const file = `${name.toLowerCase().replaceAll(' ', '-')}.png`;
    await writeFile(resolve(pictures, file), await engine.screenshot());
  } catch (error) {
    console.log(
      `${name}: no picture of the window: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
