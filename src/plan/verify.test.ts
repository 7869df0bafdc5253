// The gate before a plan runs: sound plans pass, each kind of damage is refused with its stage.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomPlan, SMALL } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { checkParameters } from '../params/parameters.ts';
import {
  droppedPrime,
  type LinearRow,
  type LinearStage,
  type Plan,
  type ProductStage,
  type Term,
} from './plan.ts';
import { squares } from './stages/product.ts';
import { verifyPlan } from './verify.ts';

const scale = 2 ** 25;
const prime = (level: number): number => droppedPrime(SMALL, level);

const term: Term = { input: 1, step: 3, diagonal: { kind: 'scalar', value: 0.5 } };
const vector: Term = {
  input: 0,
  step: 0,
  diagonal: { kind: 'vector', values: new Float32Array(SMALL.slots) },
};
const row: LinearRow = {
  sums: [{ giantStep: 8, terms: [term, vector] }],
  bias: { kind: 'scalar', value: 1 },
};
const shared: LinearStage = {
  kind: 'linear',
  layers: ['shared'],
  level: 2,
  inScale: scale,
  plainScale: 2 ** 10,
  rescale: false,
  outScale: scale * 2 ** 10,
  method: 'hoisted',
  rows: [row, row, row],
};
const rescaled: LinearStage = {
  ...shared,
  layers: ['rescaled'],
  inScale: shared.outScale,
  plainScale: prime(2) / 2 ** 10,
  rescale: true,
  outScale: scale,
};
const square: ProductStage = {
  kind: 'product',
  layers: ['square'],
  level: 1,
  inScale: scale,
  outScale: scale ** 2 / prime(1),
  pairs: squares(3),
};
const sound: Plan = {
  name: 'sound',
  parameters: SMALL,
  inputCount: 2,
  inputScale: scale,
  stages: [shared, rescaled, square],
};

/** `sound` with its first stage's rows replaced by one. */
function withRow(damage: Partial<LinearRow>): Plan {
  const damaged = { ...shared, rows: [row, { ...row, ...damage }, row] };
  return { ...sound, stages: [damaged, rescaled, square] };
}

function withTerm(damage: Partial<Term>): Plan {
  return withRow({ sums: [row.sums[0], { giantStep: 0, terms: [vector, { ...term, ...damage }] }] });
}

function withStages(...stages: Plan['stages']): Plan {
  return { ...sound, stages };
}

describe('verifyPlan', () => {
  it('passes a sound plan through', () => {
    expect(verifyPlan(sound)).toBe(sound);
  });

  it('passes random sound plans', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const plan = randomPlan(seededRandom(seed), SMALL);
        expect(verifyPlan(plan)).toBe(plan);
      }),
    );
  });

  const fields = new Float32Array(SMALL.slots);
  it.each<[string, number, Plan]>([
    ['an input scale that is not announced', 0, { ...sound, inputScale: scale * 1.001 }],
    ['a wrong level at the start', 0, withStages({ ...shared, level: 1 }, rescaled, square)],
    ['a level that does not fall', 2, withStages(shared, rescaled, { ...square, level: 2 })],
    ['a level that falls without a rescale', 1, withStages(shared, { ...rescaled, level: 1 }, square)],
    ['a rescale left out', 1, withStages(shared, { ...rescaled, rescale: false }, square)],
    ['a wrong output scale', 1, withStages(shared, { ...rescaled, outScale: scale * 1.001 }, square)],
    ['an output scale that is no number', 0, withStages({ ...shared, outScale: NaN }, rescaled, square)],
    ['a wrong plain scale', 1, withStages(shared, { ...rescaled, plainScale: 2 ** 16 }, square)],
    ['a wrong input scale', 2, withStages(shared, rescaled, { ...square, inScale: scale * 2 })],
    ['a square’s wrong output scale', 2, withStages(shared, rescaled, { ...square, outScale: scale })],
    [
      'a square of ciphertexts that are not there',
      2,
      withStages(shared, rescaled, { ...square, pairs: squares(4) }),
    ],
    [
      'negative scales whose product is positive',
      0,
      { ...sound, inputScale: -scale, stages: [{ ...shared, inScale: -scale, plainScale: -(2 ** 10) }] },
    ],
    [
      'scales whose product vanishes',
      0,
      {
        ...sound,
        inputScale: 1e-200,
        stages: [{ ...shared, inScale: 1e-200, plainScale: 1e-200, outScale: 0 }],
      },
    ],
    ['negative scales', 0, withStages({ ...shared, plainScale: -1024, outScale: -1024 * scale })],
    [
      'more drops than primes',
      3,
      withStages(shared, rescaled, square, {
        ...square,
        level: 0,
        inScale: square.outScale,
        outScale: square.outScale ** 2 / prime(0),
      }),
    ],
    [
      'a scale beyond the modulus',
      0,
      withStages({ ...shared, plainScale: 2 ** 53, outScale: scale * 2 ** 53 }),
    ],
    ['no stage at all', 0, withStages()],
    ['no input', 0, { ...sound, inputCount: 0 }],
    ['half an input ciphertext', 0, { ...sound, inputCount: 1.5 }],
    ['a stage without outputs', 0, withStages({ ...shared, rows: [] })],
    ['a row without sums', 0, withRow({ sums: [] })],
    ['a row whose only sum is empty', 0, withRow({ sums: [{ giantStep: 0, terms: [] }] })],
    ['an empty sum beside a full one', 0, withRow({ sums: [row.sums[0], { giantStep: 1, terms: [] }] })],
    ['a bias that is not finite', 0, withRow({ bias: { kind: 'scalar', value: Infinity } })],
    ['a bias that is too short', 0, withRow({ bias: { kind: 'vector', values: new Float32Array(3) } })],
    ['a negative giant step', 0, withRow({ sums: [{ ...row.sums[0], giantStep: -8 }] })],
    ['a giant step beyond the slots', 0, withRow({ sums: [{ ...row.sums[0], giantStep: SMALL.slots }] })],
    ['a negative baby step', 0, withTerm({ step: -1 })],
    ['a baby step beyond the slots', 0, withTerm({ step: SMALL.slots })],
    ['half a step', 0, withTerm({ step: 1.5 })],
    [
      'a product that only loses a prime',
      2,
      withStages(shared, rescaled, { ...square, pairs: [{ left: 0, right: 0, drop: true }] }),
    ],
    ['sums by a method that has no giant steps', 0, withStages({ ...shared, method: 'products' })],
    ['sums of vectors as a matrix of numbers', 0, withStages({ ...shared, method: 'matrix' })],
    ['products that are only added up', 0, withStages({ ...shared, method: 'rotate-and-sum' })],
    ['an input that is not there', 0, withTerm({ input: 2 })],
    ['a negative input', 0, withTerm({ input: -1 })],
    ['half an input', 0, withTerm({ input: 0.5 })],
    ['a scalar that is no number', 0, withTerm({ diagonal: { kind: 'scalar', value: NaN } })],
    ['a short diagonal', 0, withTerm({ diagonal: { kind: 'vector', values: fields.subarray(1) } })],
    [
      'a long diagonal',
      0,
      withTerm({ diagonal: { kind: 'vector', values: new Float32Array(SMALL.slots + 1) } }),
    ],
    [
      'a diagonal with NaN at its end',
      0,
      withTerm({ diagonal: { kind: 'vector', values: fields.with(-1, NaN) } }),
    ],
  ])('refuses %s', (_, stage, plan) => {
    const rejection = { code: 'plan-rejected', stage: 'compile', detail: { stage } };
    expect(() => verifyPlan(plan)).toThrow(expect.objectContaining(rejection));
  });

  it('refuses a sound plan under other parameters', () => {
    const parameters = checkParameters({ polyModulusDegree: 4096, coeffModulusBits: [26, 25, 26, 28] });
    expect(() => verifyPlan({ ...sound, parameters })).toThrow(/output scale/);
  });
});
