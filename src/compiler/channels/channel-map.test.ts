// Composition of channel maps against dense matrix products, position by position.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyMap, randomMap } from '../../../fixtures/channel-maps.ts';
import { seededRandom } from '../../../fixtures/styled-codes.ts';
import { type ChannelMap, composeMaps, countTerms, isZero } from './channel-map.ts';

const POSITIONS = 5;
const sizes = fc.record({
  seed: fc.nat(),
  inputs: fc.integer({ min: 1, max: 5 }),
  middle: fc.integer({ min: 1, max: 5 }),
  outputs: fc.integer({ min: 1, max: 5 }),
});

describe('composeMaps', () => {
  it('applies first, then second', () => {
    fc.assert(
      fc.property(sizes, ({ seed, inputs, middle, outputs }) => {
        const random = seededRandom(seed);
        const first = randomMap(random, inputs, middle, POSITIONS);
        const second = randomMap(random, middle, outputs, POSITIONS);
        const composed = composeMaps(first, second);
        expect(composed).toMatchObject({ inputs, positions: POSITIONS, layers: ['map', 'map'] });
        const values = Array.from({ length: inputs }, () => Float64Array.from({ length: POSITIONS }, random));
        const expected = applyMap(second, applyMap(first, values));
        applyMap(composed, values).forEach((channel, o) => {
          channel.forEach((value, p) => expect(value).toBeCloseTo(expected[o][p], 5));
        });
      }),
    );
  });

  it('is associative', () => {
    fc.assert(
      fc.property(sizes, ({ seed, inputs, middle, outputs }) => {
        const random = seededRandom(seed);
        const a = randomMap(random, inputs, middle, POSITIONS);
        const b = randomMap(random, middle, outputs, POSITIONS);
        const c = randomMap(random, outputs, inputs, POSITIONS);
        const values = Array.from({ length: inputs }, () => Float64Array.from({ length: POSITIONS }, random));
        const left = applyMap(composeMaps(composeMaps(a, b), c), values);
        const right = applyMap(composeMaps(a, composeMaps(b, c)), values);
        left.forEach((channel, o) =>
          channel.forEach((value, p) => expect(value).toBeCloseTo(right[o][p], 5)),
        );
      }),
    );
  });

  it('names each input once and leaves out weights that cancel', () => {
    const one = (input: number, weight: number) => ({ input, weight });
    const map = (inputs: number, rows: { input: number; weight: number }[][]) => ({
      layers: ['m'],
      inputs,
      positions: 1,
      rows: rows.map((terms) => ({ terms, bias: 0 })),
    });
    const first = map(2, [[one(0, 1), one(1, 1)], [one(0, 1)]]);
    const second = map(2, [[one(0, 1), one(1, -1)]]);
    expect(composeMaps(first, second).rows).toEqual([{ terms: [one(1, 1)], bias: 0 }]);
  });

  it('refuses maps that do not meet', () => {
    const random = seededRandom(1);
    expect(() => composeMaps(randomMap(random, 2, 3, 1), randomMap(random, 2, 2, 1))).toThrow(/second map/);
  });
});

describe('weights', () => {
  const field = Float32Array.of(1, -2, 0);

  const map = (weights: readonly (number | Float32Array)[], bias: number | Float32Array = 0): ChannelMap => ({
    layers: ['a'],
    inputs: weights.length,
    positions: 3,
    rows: [{ terms: weights.map((weight, input) => ({ input, weight })), bias }],
  });

  it('multiply and add position by position, numbers standing for every position', () => {
    const composed = (a: number | Float32Array, b: number | Float32Array): unknown =>
      composeMaps(map([a]), map([b])).rows[0].terms[0]?.weight;
    expect(composed(3, 2)).toBe(6);
    expect(composed(field, 2)).toEqual(Float32Array.of(2, -4, 0));
    expect(composed(2, field)).toEqual(Float32Array.of(2, -4, 0));
    expect(composed(field, field)).toEqual(Float32Array.of(1, 4, 0));
    expect(composeMaps(map([1], 3), map([field], 2)).rows[0].bias).toEqual(Float32Array.of(5, -4, 2));
  });

  it('vanish where a field is multiplied by 0, and leave their arguments as they are', () => {
    expect(composeMaps(map([field], field), map([0], field)).rows[0]).toEqual({ terms: [], bias: field });
    composeMaps(map([1], 1), map([2], field));
    expect(field).toEqual(Float32Array.of(1, -2, 0));
  });

  it('are zero only where they are zero everywhere', () => {
    expect([0, 0.5, new Float32Array(3), field].map(isZero)).toEqual([true, false, true, false]);
  });

  it('are counted by kind', () => {
    const rows = [
      {
        terms: [
          { input: 0, weight: 1 },
          { input: 1, weight: field },
        ],
        bias: field,
      },
    ];
    expect(countTerms({ layers: ['m'], inputs: 2, positions: 3, rows })).toEqual({ scalars: 1, fields: 1 });
  });
});
