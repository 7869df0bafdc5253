// Predictions: an error bound that a run keeps to and that grows with what makes errors, bytes and counts of the plan itself.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { largestError, runNetwork, runSimd } from '../../fixtures/run-network.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { readModelFile } from '../import/model-file.ts';
import { executeGraph } from '../model/execute.ts';
import { elementCount } from '../model/graph.ts';
import { checkParameters } from '../params/parameters.ts';
import { loadSeal } from '../seal/load.ts';
import { COST_TABLES } from '../plan/cost-tables.ts';
import { answerWireBytes, inputWireBytes, keyWireBytes } from '../plan/sizes.ts';
import { countOperations, predictMs } from '../plan/counts.ts';
import type { LinearStage, Plan, ProductStage } from '../plan/plan.ts';
import { droppedPrime } from '../plan/plan.ts';
import { compileNetwork } from './general/compile-network.ts';
import { batchOf, type Magnitudes, predict, type SegmentEnds } from './predict.ts';

const costs = COST_TABLES.simd;
const parameters = checkParameters({ polyModulusDegree: 4096, coeffModulusBits: [30, 30, 30] });
const SCALE = 2 ** 28;

const layout = { kind: 'gather', shape: [4], batch: 3, slots: parameters.slots, sources: [] } as const;
const ends = (level: number, relinearize: boolean): SegmentEnds => ({
  input: { layout, scale: SCALE, level: parameters.maxLevel, count: 1 },
  output: {
    layout: {
      kind: 'slots',
      shape: [4],
      batch: 3,
      slots: parameters.slots,
      count: 1,
      ciphertext: new Int32Array(4),
      position: new Int32Array(4),
    },
    scale: SCALE,
    level,
    count: 1,
  },
  rotationSteps: [1],
  relinearize,
});

const prime = droppedPrime(parameters, 1);

/** `weight · x + weight · rotate(x, step)`, rescaled. */
function linear(weight: number, step: number): LinearStage {
  const term = (by: number) => ({ input: 0, step: by, diagonal: { kind: 'scalar', value: weight } as const });
  return {
    kind: 'linear',
    layers: ['a'],
    level: 1,
    inScale: SCALE,
    plainScale: prime,
    rescale: true,
    outScale: SCALE,
    method: 'hoisted',
    rows: [{ sums: [{ giantStep: 0, terms: [term(0), term(step)] }], bias: undefined }],
  };
}

function product(pairs: ProductStage['pairs']): ProductStage {
  return { kind: 'product', layers: ['b'], level: 1, inScale: SCALE, outScale: SCALE ** 2 / prime, pairs };
}

const planOf = (stage: LinearStage | ProductStage): Plan => ({
  name: 'small',
  parameters,
  inputCount: 1,
  inputScale: SCALE,
  stages: [stage],
});

const around = (size: number, pairs = 0): Magnitudes => ({
  input: size,
  pairs: Array.from({ length: pairs }, () => ({ left: size, right: size })),
});

const boundOf = (stage: LinearStage | ProductStage, magnitudes: Magnitudes): number =>
  predict(planOf(stage), ends(0, stage.kind === 'product'), [magnitudes], costs, 0).errorBound;

describe('predict', () => {
  it('bounds more where errors are multiplied or added', () => {
    const still = boundOf(linear(1, 0), around(1));
    // The rescale adds as much to either.
    expect(boundOf(linear(50, 0), around(1))).toBeGreaterThan(10 * still);
    expect(boundOf(linear(1, 1), around(1))).toBeGreaterThan(still);
    const small = boundOf(product([{ left: 0, right: 0 }]), around(1, 1));
    expect(boundOf(product([{ left: 0, right: 0 }]), around(50, 1))).toBeGreaterThan(5 * small);
  });

  it('counts no error for what only loses a prime, but what that is worth', () => {
    const dropped = boundOf(product([{ left: 0, right: undefined, drop: true }]), around(1, 1));
    const multiplied = boundOf(product([{ left: 0, right: undefined }]), around(1, 1));
    const stage = product([]);
    const { polyModulusDegree } = parameters;
    const fresh = Math.sqrt(polyModulusDegree * (3.2 ** 2 + 1 / 12)) / SCALE;
    expect(dropped).toBeCloseTo((6 * fresh * stage.inScale) / stage.outScale, 12);
    expect(multiplied).toBeGreaterThan(dropped);
  });

  it('takes counts, times and bytes from the plan', () => {
    const plan = planOf(linear(1, 1));
    const prediction = predict(plan, ends(0, false), [around(1)], costs, 0.25);
    expect(prediction).toMatchObject({
      levels: 1,
      batch: 3,
      rotationKeys: 1,
      keyBytes: keyWireBytes(parameters),
      inputBytes: inputWireBytes(parameters, 1),
      outputBytes: answerWireBytes(parameters, 0),
      diagonalBytes: 0,
      approximationError: 0.25,
      evaluateMs: predictMs(plan, costs),
      counts: countOperations(plan),
    });
    expect(prediction.stages.map(({ kind, label, level }) => [kind, label, level])).toEqual([
      ['linear', 'a', 0],
    ]);
    expect(batchOf(ends(0, false))).toBe(3);
  });

  it('bounds what a network encrypted comes to', async () => {
    const bytes = new Uint8Array(readFileSync(new URL('../../public/models/digits.onnx', import.meta.url)));
    const graph = readModelFile(bytes, { name: 'digits' });
    const network = compileNetwork(graph, { costs });
    const data = Float32Array.from({ length: elementCount(graph.input.shape) }, seededRandom(5));
    const expected = executeGraph(graph, { shape: graph.input.shape, data }).data;
    const error = largestError(await runNetwork(network, [data], runSimd(await loadSeal())), [expected]);
    const { errorBound, approximationError } = network.report.segments[0];
    expect(error).toBeLessThan(errorBound + 2 * approximationError);
    // It allows for the worst slot and for six deviations: a few hundred times what a run shows, not millions.
    expect(errorBound).toBeLessThan(1e4 * error);
  });
});
