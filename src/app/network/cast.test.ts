// Casts to whole numbers in encrypted runs: the client computes them, and the noise of encryption does not decide.
import { afterAll, describe, expect, it } from 'vitest';
import { inProcessSession, modelOf } from '../../../fixtures/in-process-session.ts';
import { writeOnnx } from '../../../fixtures/onnx-writer.ts';
import type { OnnxInitializer, OnnxNode } from '../../../fixtures/onnx-writer.ts';
import {
  hasSharedData,
  readSharedBytes,
  readSharedJson,
  SHARED_DATA_ABSENT,
} from '../../../fixtures/shared-data.ts';
import { nodeWorkers } from '../../../workers/platform/node.ts';
import type { Graph } from '../../model/graph.ts';
import { importOnnx } from '../../import/onnx/import-onnx.ts';
import { Session } from '../session/session.ts';
import { type ModelOptions, planModel, samplesOf } from './model-plan.ts';
import { type ModelRunReport, runModel } from './run-model.ts';

const [FLOAT, UINT8, INT32, BOOL] = [1n, 2n, 6n, 9n];

const node = (
  op: string,
  inputs: string[],
  output: string,
  attributes: OnnxNode['attributes'] = {},
): OnnxNode => ({
  op,
  inputs,
  outputs: [output],
  attributes,
});

function network(nodes: readonly OnnxNode[], initializers: readonly OnnxInitializer[] = []): Graph {
  const input = { name: 'x', dims: [1, 4] };
  return importOnnx(writeOnnx({ opset: 13, input, initializers, nodes, output: 'y' }));
}

const session = inProcessSession();
afterAll(() => session.close());

function run(
  graph: Graph,
  x: readonly number[],
  options: Partial<ModelOptions> = {},
): Promise<ModelRunReport> {
  const inputs = [Float32Array.from(x)];
  return runModel(session, {
    backend: 'simd',
    calibration: samplesOf(graph, inputs),
    ...options,
    model: modelOf(graph),
    inputs,
  });
}

const weights: OnnxInitializer = {
  name: 'w',
  dims: [4, 4],
  data: [2, 0, 0, 0, 0, 0, 0.5, 0, 0, -3, 0, 0, 0, 0, 0, 1],
};

describe('a cast at the end', () => {
  // What the matrix makes of the input are whole numbers and zeros exactly: the noise must not push them over.
  const x = [2, -4, 0.5, 0];
  const product = node('MatMul', ['x', 'w'], 'm');

  it.each([
    ['bool', BOOL, [1, 1, 1, 0]],
    ['int32', INT32, [4, -1, -2, 0]],
    ['uint8', UINT8, [4, 255, 254, 0]],
  ] as const)('to %s is the client’s, and right where values are whole', async (_, to, expected) => {
    const graph = network([product, node('Cast', ['m'], 'y', { to })], [weights]);
    for (const backend of ['simd', 'clear'] as const) {
      const report = await run(graph, x, { backend });
      expect(report.outputs).toEqual([expected]);
      expect(report.layers.map(({ place }) => place)).toEqual(['server', 'client']);
    }
  });

  it('takes the activation and the factor before it to the client: bytes come out exactly', async () => {
    const scale: OnnxInitializer = { name: 'k', dims: [], data: [255] };
    const graph = network(
      [
        product,
        node('Sigmoid', ['m'], 's'),
        node('Mul', ['s', 'k'], 'b'),
        node('Cast', ['b'], 'c', { to: UINT8 }),
        node('Reshape', ['c', 'shape'], 'r'),
        node('Transpose', ['r'], 'y', { perm: [0n, 2n, 1n] }),
      ],
      [weights, scale, { name: 'shape', dims: [3], data: [1n, 2n, 2n] }],
    );
    const report = await run(graph, [0.3, 0.7, -0.2, 1.1]);
    expect(report.outputs).toEqual(report.clearOutputs);
    expect(report.cost.fits).toEqual([]);
    expect(report.cost.rounds).toBe(0);
  });
});

describe('a network that is planned twice by one compiler', () => {
  it('still has the layers that went to the client with the first card', async () => {
    const bytes = writeOnnx({
      opset: 13,
      input: { name: 'x', dims: [1, 4] },
      initializers: [weights, { name: 'k', dims: [4], data: [255, 127, 63, 31] }],
      nodes: [
        node('MatMul', ['x', 'w'], 'm'),
        node('Sigmoid', ['m'], 's'),
        node('Mul', ['s', 'k'], 'b'),
        node('Cast', ['b'], 'y', { to: UINT8 }),
      ],
      output: 'y',
    });
    // Between threads, where what an answer holds is moved.
    const threads = new Session({ workers: nodeWorkers(1), advice: 'Try again.' });
    try {
      const model = { file: { name: 'bytes.onnx', bytes }, graph: importOnnx(bytes) };
      const inputs = [Float32Array.of(0.3, 0.7, -0.2, 1.1)];
      const calibration = samplesOf(model.graph, inputs);
      for (const batch of [1, 2, 1]) {
        const report = await runModel(threads, { model, inputs, backend: 'clear', calibration, batch });
        expect(report.outputs).toEqual(report.clearOutputs);
      }
    } finally {
      threads.close();
    }
  });
});

describe('a cast in the middle', () => {
  const graph = network(
    [
      node('MatMul', ['x', 'w'], 'm'),
      node('Cast', ['m'], 'c', { to: INT32 }),
      node('Cast', ['c'], 'f', { to: FLOAT }),
      node('MatMul', ['f', 'w'], 'y'),
    ],
    [weights],
  );

  it('is refused by name without the client, with a hint that works', async () => {
    const model = modelOf(graph);
    await expect(planModel(session, model, { backend: 'simd' })).rejects.toMatchObject({
      code: 'unsupported-layer',
      message: expect.stringMatching(/Layer c \(cast\).*--client-ops/) as string,
    });
    // 2.6, 6, 0.625 and 0.9 are cut to 2, 6, 0 and 0; then the matrix again.
    const report = await run(graph, [1.3, 1.25, -2, 0.9], { clientOps: true });
    expect(report.cost.rounds).toBe(1);
    const expected = [4, 0, 3, 0];
    report.outputs[0].forEach((value, i) => expect(Math.abs(value - expected[i])).toBeLessThan(1e-3));
    const { explanation } = await planModel(session, model, { backend: 'simd', clientOps: true });
    expect(explanation.layers[1]).toMatchObject({ name: 'c', place: 'client' });
  });
});

describe.skipIf(!hasSharedData)(`models of the data set (${SHARED_DATA_ABSENT})`, () => {
  type Expected = Readonly<Record<string, { readonly x: number[]; readonly y: number[] }>>;
  const expected = hasSharedData ? readSharedJson<Expected>('models/onnx-expected.json') : {};

  it.each(['cast_int_back', 'cast_u8', 'cast_bool', 'byte_out'])(
    '%s runs encrypted to the right numbers',
    async (name) => {
      const { x, y } = expected[`${name}.onnx`];
      const report = await run(importOnnx(readSharedBytes(`models/${name}.onnx`)), x);
      expect(report.outputs).toEqual([y]);
    },
  );

  it('bvae_decoder runs encrypted, its ReLUs at the client, and gives the picture’s bytes', async () => {
    const { x, y } = expected['bvae_decoder.onnx'];
    const graph = importOnnx(readSharedBytes('models/bvae_decoder.onnx'));
    const report = await run(graph, x, { clientOps: true });
    expect(report.outputs[0].slice(0, y.length)).toEqual(y);
    // A pixel that is nearer to the next whole number than the noise may come out as that: one of 784, now and then.
    const [clear] = report.clearOutputs;
    const differences = report.outputs[0].map((value, i) => Math.abs(value - clear[i]));
    expect(Math.max(...differences)).toBeLessThanOrEqual(1);
    expect(differences.filter((difference) => difference > 0).length).toBeLessThan(0.01 * clear.length);
  });
});
