// Measures how far honest pictures are from the float networks', and pins what a client accepts: `npm run bounds`.
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { styleCode } from '../src/app/style/pipeline.ts';
import { StyleSession } from '../src/app/style/style-session.ts';
import { HIGHEST_BOUND, sizeClass } from '../src/app/style/verification-bounds.ts';
import { seededRandom } from '../src/base/seeded-random.ts';
import { ERROR_CORRECTION_LEVELS } from '../src/qr/capacity.ts';
import { DEFAULT_PIXELS_PER_MODULE } from '../src/style/graph.ts';
import { STYLES } from '../src/style/styles.ts';
import { randomPayload } from '../training/payloads.ts';
import { loadModel } from '../workers/platform/node-local-service.ts';
import { nodeWorkers } from '../workers/platform/node.ts';
import { root } from './gates.ts';

/** The smallest and the largest version of each class of sizes, where both are quick enough to run for every style. */
const VERSIONS = [1, 2, 6, 7, 12, 21];

/** An accepted error is this many times the largest that was seen: honest runs stay far below half of it. */
const ROOM = 8;

const random = seededRandom(20);
const session = new StyleSession(nodeWorkers(2), loadModel);
const bounds: Record<string, number[]> = {};
for (const style of STYLES) {
  const largest: number[] = [];
  for (const version of VERSIONS) {
    const ecc = ERROR_CORRECTION_LEVELS[version % 4];
    const { text, code } = randomPayload(random, version, ecc);
    const request = { text, ecc, style, colours: style.defaultColours, snap: false } as const;
    const drawing = { pixelsPerModule: DEFAULT_PIXELS_PER_MODULE, backend: 'simd' } as const;
    const { report } = await styleCode(session, { ...request, ...drawing });
    const at = sizeClass(code.modules);
    largest[at] = Math.max(largest[at] ?? 0, report.verified?.maxAbsError ?? Infinity);
  }
  // Powers of two: a bound is no measurement, and must not change with every run.
  bounds[`${style.id}/simd`] = largest.map((error) =>
    Math.min(HIGHEST_BOUND, 2 ** Math.ceil(Math.log2(ROOM * error))),
  );
  console.log(style.id, largest.map((error) => error.toExponential(1)).join(' '), bounds[`${style.id}/simd`]);
}
session.close();
writeFileSync(
  resolve(root, 'src/app/style/verification-bounds.json'),
  `${JSON.stringify(bounds, null, 2)}\n`,
);
