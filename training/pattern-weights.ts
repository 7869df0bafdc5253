// Counts how often codes have each 3×3 neighbourhood: `node training/pattern-weights.ts` writes src/style/pattern-weights.ts.
import { writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { withoutFinders } from '../src/style/drawing/eyes.ts';
import { neighbourhoods } from '../src/style/neighbourhoods.ts';
import { sampleCodes } from './payloads.ts';
import { TRAINING_CODES } from './recipe.ts';

const PATTERNS = 512;
/** Share of the counts; the rest goes to all neighbourhoods alike, so that a rare one is drawn well too. */
const COUNTED = 0.7;
const UNITS = 1e5;

const counts = new Float64Array(PATTERNS);
const { seed, count, versions } = TRAINING_CODES;
for (const code of sampleCodes(seed, count, versions[0], versions[1])) {
  const dark = Uint8Array.from(withoutFinders(code.dark, code.modules));
  for (const pattern of neighbourhoods(dark, code.modules)) counts[pattern] += 1;
}
const total = counts.reduce((sum, value) => sum + value, 0);
const weights = Array.from(counts, (value) =>
  Math.round(UNITS * ((COUNTED * value) / total + (1 - COUNTED) / PATTERNS)),
);
const text = `// How often codes have each 3×3 neighbourhood: written by training/pattern-weights.ts, do not edit.

// prettier-ignore
/** Weight of each of the 512 neighbourhoods in a fit, in no particular unit: 70 % by count, 30 % for all alike. */
export const PATTERN_WEIGHTS: readonly number[] = [
${Array.from({ length: 32 }, (_, row) => `  ${weights.slice(16 * row, 16 * row + 16).join(', ')},`).join('\n')}
];
`;
const file = new URL('../src/style/pattern-weights.ts', import.meta.url);
const options = await resolveConfig(file);
writeFileSync(file, await format(text, { ...options, parser: 'typescript' }));
