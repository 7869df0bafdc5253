// Every operator in every way of use, and random models of them: the importer and executor against onnxruntime as oracle.
import * as ort from 'onnxruntime-web';
import { describe, expect, it } from 'vitest';
import { modelOf, ONNX_CASES } from '../../../fixtures/onnx-cases/index.ts';
import { randomOnnx } from '../../../fixtures/random-onnx.ts';
import { executeSamples } from '../../../fixtures/execute-samples.ts';
import { importOnnx } from './import-onnx.ts';
import { OPERATORS } from './operators.ts';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

interface Run {
  readonly bytes: Uint8Array;
  readonly input: Float32Array;
  readonly dims: readonly number[];
  readonly output: string;
}

/** Largest difference between our values and onnxruntime's, as a share of the largest value (at least 1). */
async function difference({ bytes, input, dims, output }: Run): Promise<number> {
  // Without rewriting: what each operator says, and not what is nearly the same and faster.
  const options = { logSeverityLevel: 3, graphOptimizationLevel: 'disabled' } as const;
  const session = await ort.InferenceSession.create(bytes, options);
  const oracle = (await session.run({ x: new ort.Tensor('float32', input, dims) }))[output];
  await session.release();
  const expected = oracle.data as Float32Array;
  const result = executeSamples(importOnnx(bytes), { shape: dims, data: input });
  expect(result.data.length, `shape ${oracle.dims.join('×')}`).toBe(expected.length);
  const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 1);
  const worst = expected.reduce((max, value, at) => Math.max(max, Math.abs(value - result.data[at])), 0);
  return worst / largest;
}

const LIMIT = 1e-5;
// Seven layers of single precision, some of which take differences of values that are nearly equal.
const CHAIN_LIMIT = 5e-5;

describe('every operator agrees with onnxruntime', () => {
  it.each(ONNX_CASES.map((one) => [`${one.operator}: ${one.variant}`, one] as const))(
    '%s',
    async (_, one) => {
      for (const seed of [1, 2]) {
        const draft = modelOf(one, seed);
        const dims = [1, ...draft.inputShape];
        const input = Float32Array.from(draft.dice.floats(dims.reduce((a, b) => a * b, 1)));
        const run = { bytes: draft.bytes(), input, dims, output: draft.last };
        expect(await difference(run)).toBeLessThanOrEqual(LIMIT);
      }
    },
  );

  it('and none is without a case', () => {
    const cased = new Set(ONNX_CASES.map(({ operator }) => operator));
    // Not ONNX's own, or newer than this onnxruntime: their importers are those of others here.
    const apart = ['Silu', 'Swish'];
    expect([...OPERATORS.keys()].filter((name) => !cased.has(name) && !apart.includes(name))).toEqual([]);
  });
});

async function compare(seeds: readonly number[]): Promise<void> {
  for (const seed of seeds) {
    const model = randomOnnx(seed);
    const label = `seed ${seed}: ${model.made.join(', ')}`;
    const found = await difference(model).catch((error: unknown) => {
      throw new Error(label, { cause: error });
    });
    expect(found, label).toBeLessThanOrEqual(CHAIN_LIMIT);
  }
}

describe('random models agree with onnxruntime', () => {
  it.each([0, 1, 2, 3])('part %i', (part) => compare(Array.from({ length: 25 }, (_, i) => part * 1000 + i)));
});

describe('many random models agree with onnxruntime', { tags: ['long'] }, () => {
  it.each(Array.from({ length: 20 }, (_, i) => i))('part %i', (part) =>
    compare(Array.from({ length: 100 }, (_, i) => 10_000 + part * 1000 + i)),
  );
});
