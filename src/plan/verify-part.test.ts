// The gate before a worker's part runs: what a partition gives passes, each kind of damage is refused with its stage.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomPlan, SMALL } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { atOnce } from '../base/controls.ts';
import { checkParameters } from '../params/parameters.ts';
import { type PlanPart, type StagePart, partitionPlan } from './partition.ts';
import { droppedPrime, type LinearRow } from './plan.ts';
import { verifyPartSteps } from './verify.ts';

const scale = 2 ** 25;
const prime = (level: number): number => droppedPrime(SMALL, level);

function row(...inputs: readonly number[]): LinearRow {
  const terms = inputs.map((input) => ({
    input,
    step: 3,
    diagonal: { kind: 'scalar', value: 0.5 } as const,
  }));
  return { sums: [{ giantStep: 8, terms }], bias: undefined };
}

type LinearPart = StagePart & { readonly kind: 'linear' };
type ProductPart = StagePart & { readonly kind: 'product' };

/** Makes values 4 and 9 out of any. */
const first: LinearPart = {
  kind: 'linear',
  layers: ['first'],
  level: 2,
  inScale: scale,
  plainScale: prime(2),
  rescale: true,
  outScale: scale,
  method: 'hoisted',
  rows: [row(700, 2), row(1)],
  outputs: [4, 9],
};
/** Makes values 0 and 3 out of those. */
const product: ProductPart = {
  kind: 'product',
  layers: ['product'],
  level: 1,
  inScale: scale,
  outScale: scale ** 2 / prime(1),
  pairs: [
    { left: 4, right: 9 },
    { left: 9, right: undefined },
  ],
  outputs: [0, 3],
};
/** Starts a segment, with values of others. */
const last: LinearPart = {
  ...first,
  level: 0,
  inScale: product.outScale,
  plainScale: 1,
  rescale: false,
  outScale: product.outScale,
  rows: [row(0), row(1, 2, 3)],
  outputs: [1, 0],
};

function partOf(...segments: readonly (readonly StagePart[])[]): PlanPart {
  return { name: 'part', segments };
}

const sound = partOf([first, product], [last]);

const verifyPart = (...given: Parameters<typeof verifyPartSteps>) => atOnce(verifyPartSteps(...given));

describe('verifyPartSteps', () => {
  it('passes a sound part through', () => {
    expect(verifyPart(sound, SMALL)).toBe(sound);
  });

  it('passes what a partition gives, to workers with nothing to do as well', () => {
    let empty = 0;
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 5 }), (seed, workers) => {
        const plan = randomPlan(seededRandom(seed), SMALL);
        for (const part of partitionPlan(plan, workers).parts) {
          expect(verifyPart(part, SMALL)).toBe(part);
          if (part.segments.flat().some(({ outputs }) => outputs.length === 0)) empty += 1;
        }
      }),
    );
    expect(empty).toBeGreaterThan(10);
  });

  it.each<[string, number, PlanPart]>([
    ['no stage', 0, partOf()],
    ['an empty first segment', 0, partOf([], [first])],
    ['an empty segment', 2, partOf([first, product], [])],
    ['a level that there is not', 0, partOf([{ ...first, level: 3 }])],
    ['half a level', 0, partOf([{ ...first, level: 0.5 }])],
    ['a scale that is no number', 0, partOf([{ ...first, inScale: NaN }])],
    ['a negative scale', 0, partOf([{ ...first, inScale: -scale, plainScale: -prime(2) }])],
    ['a level that does not fall', 1, partOf([first, { ...product, level: 2 }])],
    ['a level that does not fall between segments', 2, partOf([first, product], [{ ...last, level: 1 }])],
    ['a scale that does not follow', 2, partOf([first, product], [{ ...last, inScale: scale * 2 }])],
    ['a wrong output scale', 0, partOf([{ ...first, outScale: scale * 1.001 }])],
    ['a scale that vanishes', 0, partOf([vanishing()])],
    [
      'a scale beyond the modulus',
      2,
      partOf([first, product], [{ ...last, plainScale: 2 ** 30, outScale: 2 ** 30 * last.inScale }]),
    ],
    ['an output twice', 0, partOf([{ ...first, outputs: [4, 4] }])],
    ['an output without a number', 0, partOf([{ ...first, outputs: [4] }])],
    ['a number without an output', 1, partOf([first, { ...product, outputs: [0, 3, 5] }])],
    ['half an output', 0, partOf([{ ...first, outputs: [4, 0.5] }])],
    ['an output beyond any frame', 0, partOf([{ ...first, outputs: [4, 65536] }])],
    ['a negative input', 0, partOf([{ ...first, rows: [row(-1), row(0)] }])],
    ['an input beyond any frame', 0, partOf([{ ...first, rows: [row(65536), row(0)] }])],
    ['a product of a value that is not here', 1, partOf([first, { ...product, pairs: [{ left: 4, right: 0 }, { left: 9, right: undefined }] }])], // prettier-ignore
    [
      'a sum of a value that is not here',
      1,
      partOf([first, { ...last, level: 1, inScale: scale, outScale: scale }]),
    ],
    ['a step beyond the slots', 0, partOf([{ ...first, rows: [row(1), { sums: [{ giantStep: SMALL.slots, terms: row(1).sums[0].terms }], bias: undefined }] }])], // prettier-ignore
    ['a row without terms', 0, partOf([{ ...first, rows: [row(), row(1)] }])],
    ['a bias that is too short', 0, partOf([{ ...first, rows: [row(1), { ...row(2), bias: { kind: 'vector', values: new Float32Array(3) } }] }])], // prettier-ignore
  ])('refuses %s', (_, stage, part) => {
    const rejection = { code: 'plan-rejected', stage: 'compile', detail: { stage } };
    expect(() => verifyPart(part, SMALL)).toThrow(expect.objectContaining(rejection));
  });

  it('refuses a sound part under other parameters', () => {
    const parameters = checkParameters({ polyModulusDegree: 4096, coeffModulusBits: [26, 25, 26, 28] });
    expect(() => verifyPart(sound, parameters)).toThrow(/output scale/);
  });
});

/** A stage of positive scales whose product is too small for a number. */
function vanishing(): StagePart {
  return { ...first, rescale: false, inScale: 1e-200, plainScale: 1e-200, outScale: 0 };
}
