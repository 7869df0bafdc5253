// 300 random small ONNX models: the importer and executor against onnxruntime as oracle.
import * as ort from 'onnxruntime-web';
import { describe, expect, it } from 'vitest';
import { randomOnnx } from '../../../fixtures/random-onnx.ts';
import { executeSamples } from '../../../fixtures/execute-samples.ts';
import { importOnnx } from './import-onnx.ts';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

const MODELS = 300;

describe('random models agree with onnxruntime', () => {
  const operators = new Map<string, number>();

  it.each(Array.from({ length: 10 }, (_, i) => i))('part %i', async (part) => {
    for (let i = 0; i < MODELS / 10; i++) {
      const seed = part * 1000 + i;
      const { bytes, input, dims, output } = randomOnnx(seed);
      const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
      const oracle = (await session.run({ x: new ort.Tensor('float32', input, dims) }))[output];
      await session.release();
      const graph = importOnnx(bytes);
      const result = executeSamples(graph, { shape: dims, data: input });
      const expected = oracle.data as Float32Array;
      expect(result.data.length, `seed ${seed}: shape ${oracle.dims.join('×')}`).toBe(expected.length);
      const largest = expected.reduce((max, value) => Math.max(max, Math.abs(value)), 1);
      const worst = expected.reduce((max, value, at) => Math.max(max, Math.abs(value - result.data[at])), 0);
      expect(
        worst / largest,
        `seed ${seed}: ${graph.nodes.map(({ op }) => op).join(', ')}`,
      ).toBeLessThanOrEqual(1e-5);
      for (const { op } of graph.nodes) operators.set(op, (operators.get(op) ?? 0) + 1);
    }
  });

  it('and they use most of the graph’s operations', () => {
    expect(operators.size).toBeGreaterThanOrEqual(18);
  });
});
