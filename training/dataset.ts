// Writes what train.py learns from: the 512 neighbourhoods, how often each occurs, and the reference pixels.

import { mkdirSync, writeFileSync } from 'node:fs';
import { neighbourhoods, PATTERNS, referenceTile, TILE_PIXELS } from '../src/style/reference.ts';
import { STYLES } from '../src/style/styles.ts';
import { TRAINING_CODES } from './recipe.ts';
import { sampleCodes } from './payloads.ts';

/** Ignored by git: everything in it can be written again from the seed. */
const folder = new URL('.cache/', import.meta.url);

function countPatterns(): Float64Array {
  const counts = new Float64Array(PATTERNS);
  const { seed, count, versions } = TRAINING_CODES;
  for (const code of sampleCodes(seed, count, versions[0], versions[1])) {
    for (const pattern of neighbourhoods(code.dark, code.modules)) counts[pattern] += 1;
  }
  return counts;
}

/** `[512, 64]` values: the reference pixels of every neighbourhood. */
function targets(style: (typeof STYLES)[number]): Float32Array {
  const all = new Float32Array(PATTERNS * TILE_PIXELS);
  for (let pattern = 0; pattern < PATTERNS; pattern++) {
    all.set(referenceTile(style.id, pattern), pattern * TILE_PIXELS);
  }
  return all;
}

mkdirSync(folder, { recursive: true });
const counts = countPatterns();
writeFileSync(new URL('counts.f64', folder), counts);
for (const style of STYLES) writeFileSync(new URL(`${style.id}.f32`, folder), targets(style));
const seen = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
console.log(`${TRAINING_CODES.count} codes, ${seen} of ${PATTERNS} neighbourhoods occur.`);
