// Operators of any number of operands, some of them the same value twice, against onnxruntime.
import * as ort from 'onnxruntime-web';
import { describe, expect, it } from 'vitest';
import { writeOnnx } from '../../../fixtures/onnx-writer.ts';
import type { OnnxNode } from '../../../fixtures/onnx-writer.ts';
import { FAST_COSTS, largestError, runClear, runNetwork } from '../../../fixtures/run-network.ts';
import {
  hasSharedData,
  readSharedBytes,
  readSharedJson,
  SHARED_DATA_ABSENT,
} from '../../../fixtures/shared-data.ts';
import { compileNetwork } from '../../compiler/general/compile-network.ts';
import { executeGraph } from '../../model/execute.ts';
import { importOnnx } from './import-onnx.ts';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

const X = Float32Array.of(0.5, -0.25, 1.5, 2, -3, 0.125);

const node = (
  op: string,
  inputs: string[],
  output = 'y',
  attributes: OnnxNode['attributes'] = {},
): OnnxNode => ({ op, inputs, outputs: [output], attributes });

/** `nodes` on an input x of 1×2×3 and the constants c (2×3), r (3) and s (a number). */
function model(nodes: readonly OnnxNode[]): Uint8Array {
  const initializers = [
    { name: 'c', dims: [1, 2, 3], data: [1, 2, 3, -4, 5, 6.5] },
    { name: 'r', dims: [3], data: [10, -20, 30] },
    { name: 's', dims: [], data: [4] },
  ];
  return writeOnnx({ opset: 13, input: { name: 'x', dims: [1, 2, 3] }, initializers, nodes, output: 'y' });
}

async function oracle(bytes: Uint8Array): Promise<Float32Array> {
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const { y } = await session.run({ x: new ort.Tensor('float32', X, [1, 2, 3]) });
  await session.release();
  return y.data as Float32Array;
}

const later = (op: string): OnnxNode[] => [node(op, ['c', 'r', 's'], 'k'), node('Add', ['x', 'k'])];

const MODELS: readonly (readonly [string, readonly OnnxNode[]])[] = [
  ['Sum(c, x, x)', [node('Sum', ['c', 'x', 'x'])]],
  ['Sum(x, c, x)', [node('Sum', ['x', 'c', 'x'])]],
  ['Sum(x, x, c)', [node('Sum', ['x', 'x', 'c'])]],
  ['Sum(c, x, c, x, x)', [node('Sum', ['c', 'x', 'c', 'x', 'x'])]],
  ['Sum(x, x, x)', [node('Sum', ['x', 'x', 'x'])]],
  ['Sum(x)', [node('Sum', ['x'])]],
  ['Sum(s, r, x, x, c)', [node('Sum', ['s', 'r', 'x', 'x', 'c'])]],
  ['Sum(x², x, x², c)', [node('Mul', ['x', 'x'], 'q'), node('Sum', ['q', 'x', 'q', 'c'])]],
  ['Mean(c, x, x)', [node('Mean', ['c', 'x', 'x'])]],
  ['Mean(x, x)', [node('Mean', ['x', 'x'])]],
  ['Mean(x, r, s, x)', [node('Mean', ['x', 'r', 's', 'x'])]],
  ['Add(x, x)', [node('Add', ['x', 'x'])]],
  ['Sub(x, x)', [node('Sub', ['x', 'x'])]],
  ['Mul(x, x)', [node('Mul', ['x', 'x'])]],
  ['Mul(x², x²)', [node('Mul', ['x', 'x'], 'q'), node('Mul', ['q', 'q'])]],
  ['Concat(x, x)', [node('Concat', ['x', 'x'], 'y', { axis: 1n })]],
  ['Concat(c, x, c, x)', [node('Concat', ['c', 'x', 'c', 'x'], 'y', { axis: 2n })]],
  ['x + Sum(c, r, s)', later('Sum')],
  ['x + Mean(c, r, s)', later('Mean')],
  ['x + Max(c, r, s)', later('Max')],
  ['x + Min(c, r, s)', later('Min')],
  ['x + Sum(c, c)', [node('Sum', ['c', 'c'], 'k'), node('Add', ['x', 'k'])]],
  ['x + Max(c)', [node('Max', ['c'], 'k'), node('Add', ['x', 'k'])]],
];

describe('repeated operands', () => {
  it.each(MODELS)('%s is what onnxruntime makes of it, in the clear and compiled', async (_, nodes) => {
    const bytes = model(nodes);
    const expected = await oracle(bytes);
    const graph = importOnnx(bytes);
    const clear = executeGraph(graph, { shape: graph.input.shape, data: X }).data;
    expect(clear).toHaveLength(expected.length);
    expect(largestError([clear], [expected])).toBeLessThan(1e-5);
    const calibration = [{ shape: graph.input.shape, data: X }];
    const network = compileNetwork(graph, { costs: FAST_COSTS, calibration });
    expect(largestError(await runNetwork(network, [X], runClear), [expected])).toBeLessThan(1e-3);
  });

  it.each(['Max', 'Min'])('%s(x, x) is x', (op) => {
    expect(importOnnx(model([node(op, ['x', 'x'])])).nodes).toEqual([]);
  });
});

describe.skipIf(!hasSharedData)(`Sum(c, x, x) as others wrote it (${SHARED_DATA_ABSENT})`, () => {
  it('keeps both x', () => {
    const expected =
      readSharedJson<Record<string, { x: number[]; y: number[] }>>('models/onnx-expected.json');
    const { x, y } = expected['sum_c_x_x.onnx'];
    const graph = importOnnx(readSharedBytes('models/sum_c_x_x.onnx'));
    const result = executeGraph(graph, { shape: [4], data: Float32Array.from(x) }).data;
    expect(largestError([result], [Float32Array.from(y)])).toBeLessThan(1e-6);
  });

  it('keeps both x under a factor', () => {
    const graph = importOnnx(readSharedBytes('models/sum_c_x_x_scaled.onnx'));
    const result = executeGraph(graph, { shape: [4], data: Float32Array.of(0.1, 0.2, 0.3, 0.4) }).data;
    expect(largestError([result], [Float32Array.of(2.4, 4.8, 7.2, 12)])).toBeLessThan(1e-5);
  });
});
