// Tests of the reference pictures: symmetry, locality, continuity, and areas known by geometry.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PATTERNS, referenceCoverage, referenceTile, TILE_SIDE, type StyleId } from './reference.ts';

const STYLE_IDS: StyleId[] = ['gradient', 'liquid', 'dots'];
const ALL_DARK = PATTERNS - 1;
const ALONE = 1 << 4;

const mean = (tile: Float32Array): number => tile.reduce((sum, value) => sum + value, 0) / tile.length;

/** The matrix turned a quarter clockwise. */
const turned = (values: ArrayLike<number>, side: number): number[] =>
  Array.from(
    { length: side * side },
    (_, i) => values[(side - 1 - (i % side)) * side + Math.floor(i / side)],
  );

const matrices = fc
  .integer({ min: 1, max: 9 })
  .chain((modules) =>
    fc
      .array(fc.integer({ min: 0, max: 1 }), { minLength: modules ** 2, maxLength: modules ** 2 })
      .map((bits) => ({ modules, dark: Uint8Array.from(bits) })),
  );

/** The picture, row-major, of the coverage. */
function picture(style: StyleId, dark: Uint8Array, modules: number): Float32Array {
  const coverage = referenceCoverage(style, dark, modules);
  const side = modules * TILE_SIDE;
  return Float32Array.from({ length: side * side }, (_, i) => {
    const [x, y] = [i % side, Math.floor(i / side)];
    const channel = (y % TILE_SIDE) * TILE_SIDE + (x % TILE_SIDE);
    const module = Math.floor(y / TILE_SIDE) * modules + Math.floor(x / TILE_SIDE);
    return coverage[channel * modules * modules + module];
  });
}

describe.each(STYLE_IDS)('reference of %s', (style) => {
  it('lies within 0 and 1, and is background where everything is light', () => {
    const values = Array.from({ length: PATTERNS }, (_, pattern) => [
      ...referenceTile(style, pattern),
    ]).flat();
    expect(values.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(mean(referenceTile(style, 0))).toBe(0);
  });

  it('covers the middle of dark modules alone, where scanners sample', () => {
    for (let pattern = 0; pattern < PATTERNS; pattern++) {
      const tile = referenceTile(style, pattern);
      const middle = [27, 28, 35, 36].map((pixel) => tile[pixel]);
      expect(middle).toEqual(Array(4).fill((pattern & ALONE) > 0 ? 1 : 0));
    }
  });

  it('turns with the code', () => {
    fc.assert(
      fc.property(matrices, ({ modules, dark }) => {
        const whole = turned(picture(style, dark, modules), modules * TILE_SIDE);
        expect([...picture(style, Uint8Array.from(turned(dark, modules)), modules)]).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  it('depends on the 3×3 neighbourhood only', () => {
    fc.assert(
      fc.property(matrices, fc.nat(), fc.nat(), ({ modules, dark }, a, b) => {
        const [kept, flipped] = [a % dark.length, b % dark.length];
        const apart = Math.max(
          Math.abs((kept % modules) - (flipped % modules)),
          Math.abs(Math.floor(kept / modules) - Math.floor(flipped / modules)),
        );
        fc.pre(apart > 1);
        const other = dark.map((value, i) => (i === flipped ? 1 - value : value));
        const [before, after] = [dark, other].map((d) => referenceCoverage(style, d, modules));
        const pixelsOf = (coverage: Float32Array): number[] =>
          Array.from({ length: TILE_SIDE ** 2 }, (_, c) => coverage[c * dark.length + kept]);
        expect(pixelsOf(after)).toEqual(pixelsOf(before));
      }),
    );
  });
});

describe('shapes', () => {
  it('draws gradient modules as full squares', () => {
    expect(mean(referenceTile('gradient', ALONE))).toBe(1);
    expect(mean(referenceTile('gradient', ALL_DARK - ALONE))).toBe(0);
  });

  it('draws an isolated liquid module as a disc as wide as the module, and a hole likewise', () => {
    expect(mean(referenceTile('liquid', ALONE))).toBeCloseTo(Math.PI / 4, 2);
    expect(mean(referenceTile('liquid', ALL_DARK - ALONE))).toBeCloseTo(1 - Math.PI / 4, 2);
    expect(mean(referenceTile('liquid', ALL_DARK))).toBe(1);
  });

  it('joins liquid modules that share an edge and parts those that share a corner', () => {
    const side = 2 * TILE_SIDE;
    const pair = picture('liquid', Uint8Array.of(1, 1, 0, 0), 2);
    // Along the shared edge both modules are full to the top.
    expect([pair[TILE_SIDE - 1], pair[TILE_SIDE]]).toEqual([1, 1]);
    const diagonal = picture('liquid', Uint8Array.of(1, 0, 0, 1), 2);
    expect(diagonal[(TILE_SIDE - 1) * side + TILE_SIDE - 1]).toBe(0);
  });

  it('grows dots with their neighbours, from radius 0.35 to half a module', () => {
    expect(mean(referenceTile('dots', ALONE))).toBeCloseTo(Math.PI * 0.35 ** 2, 2);
    expect(mean(referenceTile('dots', ALL_DARK))).toBeCloseTo(Math.PI / 4, 2);
    for (let pattern = 0; pattern < PATTERNS; pattern++) {
      for (let bit = 0; bit < 9; bit++) {
        const fuller = mean(referenceTile('dots', pattern | (1 << bit)));
        expect(fuller).toBeGreaterThanOrEqual(mean(referenceTile('dots', pattern)));
      }
    }
  });

  it('refuses a matrix of the wrong size', () => {
    expect(() => referenceCoverage('dots', new Uint8Array(8), 3)).toThrow('needs 9 values');
  });
});
