// Plans as bytes: back as they were, one encoding however vectors are shared, verified before anyone sees them.
import { vectorsOf } from './stages/linear-rows.ts';
import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compiledNetwork, compiledStyle } from '../../fixtures/codec-samples.ts';
import { randomGraph } from '../../fixtures/random-graphs.ts';
import { randomPlan, SMALL, TINY } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { atOnce } from '../base/controls.ts';
import { sha256Hex } from '../base/sha256.ts';
import { styledVersions } from '../../fixtures/styled-versions.ts';
import { partitionPlan } from './partition.ts';
import { type Diagonal, droppedPrime, type LinearStage, type Plan } from './plan.ts';
import { encodePlan, encodePlanPart, planPartSteps, planSteps } from './plan-codec.ts';

const decodePlan = (bytes: Uint8Array) => atOnce(planSteps(bytes));
const decodePlanPart = (bytes: Uint8Array) => atOnce(planPartSteps(bytes));

const malformed = expect.objectContaining({ code: 'malformed-frame' });
const unencodable = expect.objectContaining({ code: 'invalid-argument' });

function expectRoundTrip(plan: Plan): Uint8Array {
  const bytes = encodePlan(plan);
  const decoded = decodePlan(bytes);
  // By hand: walking megabytes of values one by one is slow.
  expect(isDeepStrictEqual(decoded, plan)).toBe(true);
  expect(Buffer.compare(encodePlan(decoded), bytes)).toBe(0);
  return bytes;
}

function expectPartsRoundTrip(plan: Plan, workers: number): void {
  for (const part of partitionPlan(plan, workers).parts) {
    const bytes = encodePlanPart(part, plan.parameters);
    const decoded = decodePlanPart(bytes);
    expect(isDeepStrictEqual(decoded, { part, parameters: plan.parameters })).toBe(true);
    expect(Buffer.compare(encodePlanPart(decoded.part, decoded.parameters), bytes)).toBe(0);
  }
}

describe('encodePlan and planSteps', () => {
  it('give back random plans, and the parts of them', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom(TINY, SMALL),
        fc.integer({ min: 1, max: 4 }),
        (seed, parameters, workers) => {
          const plan = randomPlan(seededRandom(seed), parameters);
          expectRoundTrip(plan);
          expectPartsRoundTrip(plan, workers);
        },
      ),
      { numRuns: 40 },
    );
  });

  for (const { style, version, tags } of styledVersions()) {
    it(`give back ${style.id} at version ${version}, each vector once`, { tags }, () => {
      const { plan } = compiledStyle(style, version);
      const bytes = expectRoundTrip(plan);
      if (version < 40) expectPartsRoundTrip(plan, 2);
      const vectors = new Set([...diagonals(plan)].flatMap(vectorsOf));
      expect(bytes.length).toBeLessThan(
        vectors.size * plan.parameters.slots * 4 + 2 ** 19 + 48 * [...diagonals(plan)].length,
      );
    });
  }

  it('give back general networks', () => {
    for (const seed of [1, 2, 3, 4]) {
      for (const { plan } of compiledNetwork(randomGraph(seed), { batch: 4 }).segments) {
        expectRoundTrip(plan);
        expectPartsRoundTrip(plan, 2);
      }
    }
  });
});

function* diagonals({ stages }: Plan): Generator<Diagonal> {
  for (const stage of stages) {
    if (stage.kind !== 'linear') continue;
    for (const { sums, bias } of stage.rows) {
      if (bias) yield bias;
      for (const { terms } of sums) for (const { diagonal } of terms) yield diagonal;
    }
  }
}

const scale = 2 ** 13;

/** A plan whose one stage multiplies by each of `vectors`. */
function planOf(...vectors: readonly Float32Array[]): Plan {
  const terms = vectors.map((values, step) => ({
    input: 0,
    step,
    diagonal: { kind: 'vector', values } as const,
  }));
  const stage: LinearStage = {
    kind: 'linear',
    layers: ['l'],
    part: 'fold',
    level: 1,
    inScale: scale,
    plainScale: 4,
    rescale: false,
    outScale: scale * 4,
    method: 'products',
    rows: [{ sums: [{ giantStep: 0, terms }], bias: { kind: 'scalar', value: 0.5 } }],
  };
  return { name: 'p', parameters: TINY, inputCount: 1, inputScale: scale, inputLevel: 1, stages: [stage] };
}

const filled = (value: number): Float32Array => new Float32Array(TINY.slots).fill(value);
const vectorBytes = TINY.slots * 4;
// Letters and format, N, number of primes and their sizes, padding, number of vectors.
const TABLE = 4 + 1 + 4 + 4 + 3;
const FIRST_VECTOR = TABLE + 4;

describe('the table of vectors', () => {
  it('holds equal vectors once, whether they are one object or several', () => {
    const one = filled(1);
    const shared = encodePlan(planOf(one, one, filled(2)));
    expect(encodePlan(planOf(one, filled(1), filled(2)))).toEqual(shared);
    expect(shared.length - encodePlan(planOf(one, one)).length).toBeLessThan(vectorBytes + 64);
    expect(encodePlan(planOf(filled(1))).length).toBeGreaterThan(vectorBytes);
    const [first, second, third] = [...diagonals(decodePlan(shared))].slice(1);
    if (first.kind !== 'vector' || second.kind !== 'vector' || third.kind !== 'vector')
      throw new Error('vectors');
    expect(first.values).toBe(second.values);
    expect(third.values).toEqual(filled(2));
  });

  it('takes −0 for 0', () => {
    expect(encodePlan(planOf(filled(0), filled(-0)))).toEqual(encodePlan(planOf(filled(0), filled(0))));
  });

  const bytes = encodePlan(planOf(filled(1), filled(2)));

  it('is refused out of order, with a vector twice, or with one that is not used', () => {
    expect(bytes[TABLE]).toBe(2);
    const [low, high] = [0, 1].map((i) =>
      bytes.slice(FIRST_VECTOR + i * vectorBytes, FIRST_VECTOR + (i + 1) * vectorBytes),
    );
    const withTable = (...table: readonly Uint8Array[]): Uint8Array => {
      const copy = bytes.slice();
      table.forEach((vector, i) => copy.set(vector, FIRST_VECTOR + i * vectorBytes));
      return copy;
    };
    expect(() => decodePlan(withTable(low, high))).not.toThrow();
    expect(() => decodePlan(withTable(high, low))).toThrow(/Vector 1 is out of order/);
    expect(() => decodePlan(withTable(low, low))).toThrow(/Vector 1 is out of order/);
    const unused = new Uint8Array(bytes.length + vectorBytes);
    const three = new Uint8Array(filled(3).buffer);
    unused.set(bytes.subarray(0, FIRST_VECTOR + 2 * vectorBytes));
    unused.set(three, FIRST_VECTOR + 2 * vectorBytes);
    unused.set(bytes.subarray(FIRST_VECTOR + 2 * vectorBytes), FIRST_VECTOR + 3 * vectorBytes);
    unused[TABLE] = 3;
    expect(() => decodePlan(unused)).toThrow(/Vector 2 is never used/);
  });

  it('is refused where it promises more than there is, or names a vector that is not there', () => {
    expect(() => decodePlan(bytes.with(TABLE + 3, 0xff))).toThrow(/Truncated/);
    expect(() => decodePlan(bytes.with(TABLE, 1))).toThrow(malformed);
    const one = encodePlan(planOf(filled(1)));
    const number = one.lastIndexOf(2) + 1;
    expect([...one.subarray(number, number + 4)]).toEqual([0, 0, 0, 0]);
    expect(() => decodePlan(one.with(number, 1))).toThrow(/There is no vector 1/);
  });
});

describe('planSteps and planPartSteps refuse', () => {
  const plan = planOf(filled(1));
  const [part] = partitionPlan(plan, 1).parts;

  it('one for the other, and other bytes', () => {
    expect(() => decodePlan(encodePlanPart(part, TINY))).toThrow('This is not a plan.');
    expect(() => decodePlanPart(encodePlan(plan))).toThrow('This is not a part of a plan.');
    expect(() => decodePlan(new Uint8Array())).toThrow(malformed);
  });

  it('what does not verify', () => {
    const [stage] = plan.stages;
    const level = { ...plan, inputLevel: 0, stages: [stage] };
    const rejected = expect.objectContaining({ code: 'plan-rejected' });
    expect(() => decodePlan(encodePlan(level))).toThrow(rejected);
    expect(() => decodePlan(encodePlan({ ...plan, stages: [{ ...stage, outScale: 1 }] }))).toThrow(rejected);
    const [[own]] = part.segments;
    const twice = { ...part, segments: [[{ ...own, outputs: [0, 0] }]] };
    expect(() => decodePlanPart(encodePlanPart(twice, TINY))).toThrow(rejected);
  });

  it('insecure parameters', () => {
    const bytes = encodePlan(plan);
    const bits = 4 + 1 + 4 + 4;
    expect(bytes[bits]).toBe(17);
    expect(() => decodePlan(bytes.with(bits, 60).with(bits + 2, 60))).toThrow(
      expect.objectContaining({ code: 'insecure-parameters' }),
    );
  });
});

describe('encodePlan refuses', () => {
  it('vectors of another length, and values that are not finite', () => {
    expect(() => encodePlan(planOf(new Float32Array(3)))).toThrow(unencodable);
    expect(() => encodePlan(planOf(filled(NaN)))).toThrow(unencodable);
    expect(() => encodePlan({ ...planOf(filled(1)), inputScale: Infinity })).toThrow(unencodable);
  });
});

describe('frozen formats', () => {
  it('plans and parts of both kinds of stages', () => {
    const linear = planOf(filled(1), filled(2));
    const [{ outScale: inScale }] = linear.stages;
    const outScale = inScale ** 2 / droppedPrime(TINY, 1);
    const pairs = [
      { left: 0, right: 0 },
      { left: 0, right: undefined },
      { left: 0, right: undefined, drop: true as const },
    ];
    const product = { kind: 'product', layers: ['a', 'b'], level: 1, inScale, outScale, pairs } as const;
    const plan: Plan = { ...linear, stages: [...linear.stages, product] };
    expect(sha256Hex(encodePlan(plan))).toMatchInlineSnapshot(
      `"37bc4c52c5de47d1afb4c2cec290907bf8c09e08234470e95073fa99e536cd83"`,
    );
    const [part] = partitionPlan(plan, 1).parts;
    expect(sha256Hex(encodePlanPart(part, TINY))).toMatchInlineSnapshot(
      `"b7dd509f8e9cb5d4b0a923a23da568e0a3d1f5044ed47983b519fd47dd938a87"`,
    );
    expectRoundTrip(plan);
  });
});
