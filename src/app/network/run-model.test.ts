// Whole runs as the command line and the page make them: reports, layers, ranges, and models that others trained.
import { afterEach, describe, expect, it } from 'vitest';
import {
  hasSharedData,
  readSharedBytes,
  readSharedJson,
  SHARED_DATA_ABSENT,
} from '../../../fixtures/shared-data.ts';
import { inProcessSession, inProcessWorkers, modelOf } from '../../../fixtures/in-process-session.ts';
import { nodeWorkers } from '../../../workers/platform/node.ts';
import type { Graph, Node } from '../../model/graph.ts';
import { inputsFor, readInputFile, readModelFile } from '../../import/model-file.ts';
import { Session } from '../session/session.ts';
import { testParameters } from '../tester/parameter-test.ts';
import { type Model, type ModelOptions, planModel, reportPlan, samplesOf } from './model-plan.ts';
import { compareOutputs, type ModelRunReport, runModel } from './run-model.ts';

let session: Session | undefined;
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
    session = inProcessSession();
    const inputs = [Float32Array.of(0, 0.2, -0.9, 1)];
    const model = modelOf(graph);
    const request = { model, inputs, backend: 'clear' as const, calibration: samplesOf(graph, inputs) };
    const report = await runModel(session, request);
    expect(report.maxAbsError).toBeGreaterThan(0);
    expect(report.maxAbsError).toBeLessThan(report.predictedError);
    expect(report.cost.fits).toHaveLength(1);
    const far = { ...request, inputs: [Float32Array.of(0, 9, 0, 0)] };
    await expect(runModel(session, far)).rejects.toMatchObject({
      code: 'out-of-range',
      message: expect.stringMatching(
        /by 1 given input\. Plan with ranges that hold it: sample inputs of the/,
      ) as string,
    });
    // Made for that range, the plan holds such an input.
    const wider = { ...far, calibration: [], inputRange: [-10, 10] } as const;
    const wide = await runModel(session, wider);
    expect(wide.cost.ranges.description).toMatch(/made-up inputs .* from -10 to 10/);
  });

  it('counts NaN as the largest error', () => {
    const of = Float32Array.of.bind(Float32Array);
    expect(compareOutputs([of(Number.NaN, 1)], [of(0, 1)]).maxAbsError).toBeNaN();
    expect(compareOutputs([of(1, 3)], [of(1, 1)])).toEqual({ maxAbsError: 2, meanAbsError: 1 });
  });

  it('runs the plan that was shown, compiled once however often it runs', async () => {
    const graph = sigmoidNetwork();
    const compiled: string[] = [];
    session = inProcessSession(1, compiled);
    const model = modelOf(graph);
    // So wide a range takes products, and these a key.
    const inputs = [Float32Array.of(0, 0.2, -4, 5)];
    const options = { backend: 'simd', calibration: samplesOf(graph, inputs) } as const;
    const planned = await planModel(session, model, options);
    const first = await runModel(session, { ...options, model, inputs, planned });
    const second = await runModel(session, { ...options, model, inputs });
    expect(compiled).toEqual([graph.name]);
    expect(first.bytes.evaluationKeys).toBeGreaterThan(0);
    expect(second.bytes.evaluationKeys).toBe(0);
    for (const { maxAbsError, predictedError } of [first, second]) {
      expect(maxAbsError).toBeLessThan(predictedError);
    }
  });

  it('refuses an input of another size, naming both', async () => {
    session = inProcessSession();
    const model = modelOf(sigmoidNetwork());
    const request = { model, inputs: [new Float32Array(3)], backend: 'clear' } as const;
    await expect(runModel(session, request)).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringMatching(/4 = 4 values; an input has 3/) as string,
    });
  });
});

describe('testParameters', () => {
  it('runs the sets that can run, side by side, and says why the others cannot', async () => {
    const graph = sigmoidNetwork();
    const inputs = [Float32Array.of(0, 0.2, -0.9, 1)];
    const results = await testParameters(inProcessWorkers(), {
      model: modelOf(graph),
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
  const load = (name: string, input: string): { model: Model; inputs: Float32Array[] } => {
    const tensor = readInputFile(input, readSharedBytes(input));
    const bytes = readSharedBytes(name);
    const graph = readModelFile(bytes, { name, input: tensor });
    const file = { name, bytes, inputShape: graph.input.shape };
    return { model: { file, graph }, inputs: inputsFor(graph.input.shape, tensor) };
  };
  const start = (): Session => new Session({ workers: nodeWorkers(2), advice: 'Try fewer layers.' });
  const run = async (
    name: string,
    input: string,
    options: Partial<ModelOptions> & { readonly layersReport?: boolean; readonly count?: number } = {},
  ): Promise<ModelRunReport> => {
    const { model, inputs } = load(name, input);
    session = start();
    const { count = 1, ...rest } = options;
    const calibration = samplesOf(model.graph, inputs.slice(0, 20));
    return runModel(session, {
      backend: 'simd',
      calibration,
      ...rest,
      model,
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
    expect(
      compareOutputs(
        report.outputs.map((values) => Float32Array.from(values)),
        [Float32Array.from(expected.layers.at(-1).values)],
      ).maxAbsError,
    ).toBeLessThan(2e-3);
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
      const [name, input] = ['pycrcnn/SimpleModelApprox.pt', 'pycrcnn/rand_1x3x32x32_seed0.npy'];
      const { model, inputs } = load(name, input);
      session = start();
      const calibration = samplesOf(model.graph, inputs);
      const planned = await planModel(session, model, { ...options, backend: 'simd', calibration });
      const plan = await reportPlan(session, planned, 1, 'simd');
      session.close();
      expect([plan.rounds, plan.clientLearns.length, plan.segments.length]).toEqual([2, 2, 3]);
      expect(plan.layers.find(({ type }) => type === 'ReLU')?.computedIn).toBe('client');
      expect(plan.predictedMs).toBeGreaterThan(0);
      const report = await run(name, input, options);
      expect(report.maxAbsError).toBeLessThan(2e-3);
      expect(report.bytes.rounds).toBeGreaterThan(0);
    },
  );
});
