// Whole runs as the command line and the page make them: reports, layers, ranges, and models that others trained.
import { afterEach, describe, expect, it } from 'vitest';
import {
  hasSharedData,
  readSharedBytes,
  readSharedJson,
  SHARED_DATA_ABSENT,
} from '../../../fixtures/shared-data.ts';
import { nodeWorkers } from '../../../workers/platform/node.ts';
import type { Graph, Node } from '../../model/graph.ts';
import { inputsFor, readInputFile, readModelFile } from '../../import/model-file.ts';
import { NetworkSession } from '../session/network-session.ts';
import { testParameters } from '../tester/parameter-test.ts';
import { compileModel, type ModelOptions, reportPlan, samplesOf } from './plan-model.ts';
import { compareOutputs, type ModelRunReport, runModel } from './run-model.ts';

let session: NetworkSession | undefined;
afterEach(() => session?.close());

/** Two inputs → square → sigmoid over a narrow range. */
function sigmoidNetwork(): Graph {
  const node: Node = { id: 's', inputs: ['x'], shape: [4], op: 'activation', function: { kind: 'sigmoid' } };
  const scale: Node = {
    id: 'y',
    inputs: ['s'],
    shape: [4],
    op: 'mulConstant',
    constant: { shape: [1], data: Float32Array.of(2) },
  };
  return { name: 'sigmoid', input: { id: 'x', shape: [4] }, nodes: [node, scale], output: 'y' };
}

describe('runModel', () => {
  it('bounds the error of a fit, and refuses an input outside of its range', async () => {
    const graph = sigmoidNetwork();
    session = new NetworkSession(nodeWorkers(), 1);
    const inputs = [Float32Array.of(0, 0.2, -0.9, 1)];
    const request = { graph, inputs, backend: 'clear' as const, calibration: samplesOf(graph, inputs) };
    const report = await runModel(session, request);
    expect(report.maxAbsError).toBeGreaterThan(0);
    expect(report.maxAbsError).toBeLessThan(report.predictedError);
    expect(report.cost.fits).toHaveLength(1);
    const far = { ...request, inputs: [Float32Array.of(0, 9, 0, 0)] };
    await expect(runModel(session, far)).rejects.toMatchObject({ code: 'out-of-range' });
  });

  it('counts NaN as the largest error', () => {
    expect(compareOutputs([[Number.NaN, 1]], [[0, 1]]).maxAbsError).toBeNaN();
    expect(compareOutputs([[1, 3]], [[1, 1]])).toEqual({ maxAbsError: 2, meanAbsError: 1 });
  });
});

describe('testParameters', () => {
  it('runs the sets that can run, side by side, and says why the others cannot', async () => {
    const graph = sigmoidNetwork();
    const inputs = [Float32Array.of(0, 0.2, -0.9, 1)];
    const results = await testParameters(nodeWorkers(), {
      graph,
      inputs,
      calibration: samplesOf(graph, inputs),
      tolerance: 0.05,
      backend: 'clear',
      threads: 2,
      layersReport: false,
      sets: [
        { polyModulusDegree: 8192, coeffModulusBits: [30, 30, 28, 28, 28, 30] },
        { polyModulusDegree: 4096, coeffModulusBits: [30, 30, 28, 28, 28, 30] },
        { polyModulusDegree: 4096, coeffModulusBits: [30, 30] },
        { name: 'wide', polyModulusDegree: 16384, coeffModulusBits: [60, 40, 40, 60] },
      ],
    });
    expect(results.map((result) => (result.ran ? 'ran' : result.code))).toEqual([
      'ran',
      'insecure-parameters',
      'does-not-fit',
      'invalid-argument',
    ]);
    expect(results[3]).toMatchObject({ name: 'wide', reason: expect.stringContaining('60 bits') as string });
  });
});

describe.skipIf(!hasSharedData)(`models that others trained (${SHARED_DATA_ABSENT})`, () => {
  const load = (model: string, input: string): { graph: Graph; inputs: Float32Array[] } => {
    const tensor = readInputFile(input, readSharedBytes(input));
    const graph = readModelFile(readSharedBytes(model), { name: model, input: tensor });
    return { graph, inputs: inputsFor(graph.input.shape, tensor) };
  };
  const run = async (
    model: string,
    input: string,
    options: Partial<ModelOptions> & { readonly layersReport?: boolean; readonly count?: number } = {},
  ): Promise<ModelRunReport> => {
    const { graph, inputs } = load(model, input);
    session = new NetworkSession(nodeWorkers(), 2);
    const { count = 1, ...rest } = options;
    const calibration = samplesOf(graph, inputs.slice(0, 20));
    return runModel(session, {
      backend: 'simd',
      calibration,
      ...rest,
      graph,
      inputs: inputs.slice(0, count),
    });
  };

  it('runs local_execution_model.pt encrypted, with every layer as PyTorch has it', async () => {
    const report = await run('pycrcnn/local_execution_model.pt', 'pycrcnn/input_image_dim1.json', {
      layersReport: true,
    });
    const expected = readSharedJson<{ layers: { values: number[]; shape: number[] }[] }>(
      'pycrcnn/local_execution_model.expected.json',
    );
    expect(compareOutputs(report.outputs, [expected.layers.at(-1).values]).maxAbsError).toBeLessThan(2e-3);
    expect(report.layers.map(({ shape }) => shape)).toEqual(
      expected.layers.map(({ shape }) => shape.slice(1)),
    );
    expect(report.layers.every(({ maxAbsError }) => maxAbsError !== null && maxAbsError < 2e-3)).toBe(true);
    expect(report.maxAbsError).toBeLessThan(report.predictedError);
    expect(report.bytes.request).toBeGreaterThan(0);
  });

  it(
    'answers as the float network does on several digits that share a ciphertext',
    { tags: ['long'] },
    async () => {
      const report = await run('onnx/mnist.onnx', 'mnist/images_28x28.npy', { count: 8, batch: 8 });
      const answers = (outputs: readonly (readonly number[])[]): number[] =>
        outputs.map((values) => values.indexOf(Math.max(...values)));
      expect(report.backend).toBe('simd');
      expect(answers(report.outputs)).toEqual(answers(report.clearOutputs));
      expect(report.maxAbsError).toBeLessThan(report.predictedError);
    },
  );

  it(
    'plans SimpleModelApprox.pt with its ReLU at the client, and runs the same with a refresh',
    { tags: ['long'] },
    async () => {
      const options = { clientOps: true, refresh: [2] };
      const [model, input] = ['pycrcnn/SimpleModelApprox.pt', 'pycrcnn/rand_1x3x32x32_seed0.npy'];
      const { graph, inputs } = load(model, input);
      const planned = compileModel(graph, {
        ...options,
        backend: 'simd',
        calibration: samplesOf(graph, inputs),
      });
      const plan = await reportPlan(planned, 1, 'simd', undefined);
      expect([plan.rounds, plan.clientLearns.length, plan.segments.length]).toEqual([2, 2, 3]);
      expect(plan.layers.find(({ type }) => type === 'ReLU')?.computedIn).toBe('client');
      expect(plan.predictedMs).toBeGreaterThan(0);
      const report = await run(model, input, options);
      expect(report.maxAbsError).toBeLessThan(2e-3);
      expect(report.bytes.rounds).toBeGreaterThan(0);
    },
  );
});
