// Networks that multiply nothing (an Add, a Slice, a pool at the client alone) need no level, and run all the same.
import { afterAll, describe, expect, it } from 'vitest';
import { inProcessSession, inProcessWorkers, modelOf } from '../../../fixtures/in-process-session.ts';
import { writeOnnx } from '../../../fixtures/onnx-writer.ts';
import type { OnnxInitializer, OnnxNode } from '../../../fixtures/onnx-writer.ts';
import type { Graph } from '../../model/graph.ts';
import { importOnnx } from '../../import/onnx/import-onnx.ts';
import { testParameters } from '../tester/parameter-test.ts';
import { samplesOf } from './model-plan.ts';
import { runModel } from './run-model.ts';

const node = (op: string, inputs: string[], attributes: OnnxNode['attributes'] = {}): OnnxNode => ({
  op,
  inputs,
  outputs: ['y'],
  attributes,
});

function network(nodes: readonly OnnxNode[], initializers: readonly OnnxInitializer[] = []): Graph {
  const input = { name: 'x', dims: [1, 1, 4, 4] };
  return importOnnx(writeOnnx({ opset: 13, input, initializers, nodes, output: 'y' }));
}

const integers = (name: string, ...data: bigint[]): OnnxInitializer => ({ name, dims: [data.length], data });
const shift: OnnxInitializer = { name: 'c', dims: [4], data: [1, -2, 0.25, 300] };

const x = Float32Array.of(0.5, -0.25, 1, 0, 2, -1, 0.75, 0.125, -3, 0.5, 0.25, 1, 0, 0, 1.5, -1.5);

/** Each network with what it makes of {@link x}, worked out by hand. */
const NETWORKS: readonly (readonly [string, Graph, (x: Float32Array) => number[]])[] = [
  [
    'Add',
    network([node('Add', ['x', 'c'])], [shift]),
    (v) => [...v].map((a, i) => a + [1, -2, 0.25, 300][i % 4]),
  ],
  ['Add of x to itself', network([node('Add', ['x', 'x'])]), (v) => [...v].map((a) => 2 * a)],
  ['Neg', network([node('Neg', ['x'])]), (v) => [...v].map((a) => -a)],
  [
    'Slice',
    network(
      [node('Slice', ['x', 's', 'e', 'a'])],
      [integers('s', 1n, 2n), integers('e', 3n, 4n), integers('a', 2n, 3n)],
    ),
    (v) => [6, 7, 10, 11].map((i) => v[i]),
  ],
  ['Concat of x and x', network([node('Concat', ['x', 'x'], { axis: 1n })]), (v) => [...v, ...v]],
  [
    'Transpose',
    network([node('Transpose', ['x'], { perm: [0n, 1n, 3n, 2n] })]),
    (v) => [...v].map((_, i) => v[(i % 4) * 4 + (i >> 2)]),
  ],
  ['Identity', network([node('Identity', ['x'])]), (v) => [...v]],
  ['Relu', network([node('Relu', ['x'])]), (v) => [...v].map((a) => Math.max(a, 0))],
  [
    'MaxPool',
    network([node('MaxPool', ['x'], { kernel_shape: [2n, 2n], strides: [2n, 2n] })]),
    () => [2, 1, 0.5, 1.5],
  ],
];

const session = inProcessSession();
afterAll(() => session.close());

describe.each(['simd', 'seal', 'clear'] as const)('on %s', (backend) => {
  it.each(NETWORKS)('%s is planned and run', async (_, graph, expected) => {
    const request = { model: modelOf(graph), inputs: [x], calibration: samplesOf(graph, [x]), backend };
    const report = await runModel(session, request);
    const values = expected(x);
    expect(report.backend).toBe(backend);
    expect(report.outputs[0]).toHaveLength(values.length);
    report.outputs[0].forEach((value, i) => expect(Math.abs(value - values[i])).toBeLessThan(1e-3));
    expect(report.maxAbsError).toBeLessThan(report.predictedError);
    expect(report.cost.predictedMs).toBeGreaterThan(0);
  });
});

it('large values get a prime of their own instead of a scale that holds nothing', async () => {
  const graph = network([node('Add', ['x', 'k'])], [{ name: 'k', dims: [], data: [3e6] }]);
  const model = modelOf(graph);
  const calibration = samplesOf(graph, [x]);
  const report = await runModel(session, { model, inputs: [x], calibration, backend: 'simd' });
  // The float network has single precision: a quarter at three millions.
  expect(report.maxAbsError).toBeLessThan(0.3);
  expect(report.predictedError).toBeLessThan(0.3);
});

it('parameter sets are tried on them, with and without levels to spare', async () => {
  const [[, graph]] = NETWORKS;
  const sets = [
    { polyModulusDegree: 4096, coeffModulusBits: [30, 30] },
    { polyModulusDegree: 8192, coeffModulusBits: [30, 28, 30] },
  ];
  const results = await testParameters(inProcessWorkers(), {
    model: modelOf(graph),
    inputs: [x],
    calibration: samplesOf(graph, [x]),
    backend: 'simd',
    threads: 1,
    layersReport: true,
    sets,
  });
  for (const result of results) {
    if (!result.ran) expect.fail(result.reason);
    expect(result.maxAbsError).toBeLessThan(1e-3);
  }
});
