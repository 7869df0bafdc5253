// The general compiler end to end: random networks against the float executor, on the simulation and encrypted on SEAL.
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { inProcessSession, modelOf } from '../../../fixtures/in-process-session.ts';
import { randomGraph, randomInputs, seededNumbers } from '../../../fixtures/random-graphs.ts';
import { FAST_COSTS, largestError, runClear, runNetwork, runSeal } from '../../../fixtures/run-network.ts';
import { compile } from '../../compiler/compile.ts';
import { compileNetwork } from '../../compiler/general/compile-network.ts';
import { executeGraph } from '../../model/execute.ts';
import { type Activation, elementCount, type Graph, type Node, type Shape } from '../../model/graph.ts';
import { loadSeal } from '../../seal/load.ts';
import { runSealed } from '../session/run.ts';
import { Stages } from '../session/stages.ts';
import { planModel, samplesOf } from './model-plan.ts';
import { runModel } from './run-model.ts';

const session = inProcessSession(2);
afterAll(() => session.close());

function floatOutputs(graph: Graph, inputs: readonly Float32Array[]): Float32Array[] {
  return inputs.map((data) => executeGraph(graph, { shape: graph.input.shape, data }).data);
}

describe('a random network', () => {
  it('computes on simulated slots what the float network does, within the predicted error', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), fc.constantFrom(1, 1, 3, 16), async (seed, batch) => {
        const graph = randomGraph(seed);
        const inputs = randomInputs(graph, batch, seed);
        const network = compileNetwork(graph, { costs: FAST_COSTS, batch });
        const actual = await runNetwork(network, inputs, runClear);
        const error = largestError(actual, floatOutputs(graph, inputs));
        const { errorBound } = network.report.segments[0];
        expect(errorBound).toBeLessThan(0.3);
        // The float network itself is single precision.
        expect(error).toBeLessThan(errorBound + 1e-4);
      }),
      { numRuns: 60, seed: 4 },
    );
  });

  for (const [seed, ...tags] of [[11], [3, 'long'], [27, 'long'], [42, 'long']] as const) {
    it(`computes it encrypted, seed ${seed}`, { tags }, async () => {
      const seal = await loadSeal();
      const graph = randomGraph(seed);
      const inputs = randomInputs(graph, 2, seed);
      const network = compileNetwork(graph, { costs: FAST_COSTS, batch: 2 });
      const actual = await runNetwork(network, inputs, runSeal(seal));
      const error = largestError(actual, floatOutputs(graph, inputs));
      expect(error).toBeLessThan(network.report.segments[0].errorBound + 1e-4);
      expect(error).toBeLessThan(0.02);
    });
  }
});

const random = seededNumbers(7);

function dense(id: string, input: string, inputs: number, outputs: number): Node {
  const values = (shape: Shape, spread: number) => ({
    shape,
    data: Float32Array.from({ length: elementCount(shape) }, () => (random() - 0.5) * spread),
  });
  const weight = values([outputs, inputs], 4 / Math.sqrt(inputs));
  return { id, inputs: [input], shape: [outputs], op: 'linear', weight, bias: values([outputs], 0.4) };
}

/** Dense, then `middle`, then dense, and a ReLU at the end. */
function denseNetwork(middle: readonly Node[]): Graph {
  const last = middle.at(-1)!;
  const nodes: Node[] = [
    dense('first', 'x', 30, 20),
    ...middle,
    dense('last', last.id, 20, 10),
    { id: 'end', inputs: ['last'], shape: [10], op: 'activation', function: { kind: 'relu' } },
  ];
  const layers = nodes.map(({ id, op }, index) => ({ index, name: id, type: op, output: id }));
  return { name: 'dense', input: { id: 'x', shape: [30] }, nodes, output: 'end', layers };
}

function activation(fn: Activation): Node {
  return { id: 'middle', inputs: ['first'], shape: [20], op: 'activation', function: fn };
}

describe('activations', () => {
  it.each<Activation>([
    { kind: 'relu' },
    { kind: 'sigmoid' },
    { kind: 'tanh' },
    { kind: 'silu' },
    { kind: 'prelu', slopes: Array.from({ length: 20 }, (_, i) => i / 40) },
  ])('fits $kind to its tolerance, and leaves the last ReLU to the client', async (fn) => {
    const graph = denseNetwork([activation(fn)]);
    const inputs = randomInputs(graph, 4, 1);
    const calibration = inputs.map((data) => ({ shape: [30], data }));
    const network = compileNetwork(graph, { costs: FAST_COSTS, calibration });
    const [fit] = network.report.fits;
    expect(fit.maxAbsError).toBeLessThan(0.01 * (fit.high - fit.low));
    expect(network.segments[0].client?.nodes.map(({ id }) => id)).toEqual(['end']);
    const error = largestError(await runNetwork(network, inputs, runClear), floatOutputs(graph, inputs));
    const weights = graph.nodes.find(({ id }) => id === 'last') as Node & { op: 'linear' };
    const amplified = weights.weight.data.reduce((sum, w) => sum + Math.abs(w), 0) / 10;
    expect(error).toBeLessThan(2 * amplified * fit.maxAbsError + network.report.segments[0].errorBound);
  });

  it('takes a higher degree for a smaller tolerance', () => {
    const graph = denseNetwork([activation({ kind: 'tanh' })]);
    const degrees = [0.05, 1e-4].map(
      (tolerance) => compileNetwork(graph, { costs: FAST_COSTS, tolerance }).report.fits[0].degree,
    );
    expect(degrees[0]).toBeLessThan(degrees[1]);
  });

  it('says so when an input leaves the range that was fitted', async () => {
    const model = modelOf(denseNetwork([activation({ kind: 'tanh' })]));
    const run = (value: number): Promise<unknown> =>
      runModel(session, { model, backend: 'clear', inputs: [new Float32Array(30).fill(value)] });
    await expect(run(0.5)).resolves.toMatchObject({ backend: 'clear' });
    await expect(run(50)).rejects.toMatchObject({
      code: 'out-of-range',
      message: expect.stringMatching(/^At layer middle a value of /) as string,
    });
  });

  it('evaluates polynomials of every degree exactly', async () => {
    for (let degree = 1; degree <= 9; degree += 1) {
      const coefficients = Array.from({ length: degree + 1 }, (_, i) => 0.5 / (i + 1));
      const node: Node = { id: 'p', inputs: ['first'], shape: [20], op: 'polynomial', coefficients };
      const graph = denseNetwork([node]);
      const inputs = randomInputs(graph, 2, degree);
      const calibration = inputs.map((data) => ({ shape: [30], data }));
      const network = compileNetwork(graph, { costs: FAST_COSTS, calibration });
      const expected = floatOutputs(graph, inputs);
      const largest = Math.max(...expected.flatMap((values) => [...values]));
      const error = largestError(await runNetwork(network, inputs, runClear), expected);
      expect(error / Math.max(1, largest)).toBeLessThan(1e-3);
    }
  });
});

describe('the client taking part', () => {
  it('computes a layer in the middle, encrypted on two workers with one set of keys', async () => {
    const graph = denseNetwork([
      activation({ kind: 'relu' }),
      { id: 's', inputs: ['middle'], shape: [20], op: 'square' },
    ]);
    const inputs = randomInputs(graph, 2, 5);
    const options = {
      backend: 'simd',
      clientOps: true,
      batch: 2,
      calibration: samplesOf(graph, inputs),
    } as const;
    const { card, explanation } = await planModel(session, modelOf(graph), options);
    expect([card.card.segments.length, explanation.rounds]).toEqual([2, 1]);
    expect(await session.evaluators()).toBe(2);
    const { outputs, bytes } = await runSealed(session, { card, inputs }, new Stages({}));
    expect(largestError(outputs, floatOutputs(graph, inputs))).toBeLessThan(0.01);
    expect(bytes.evaluationKeys).toBeGreaterThan(0);
    expect(bytes.rounds).toBeGreaterThan(0);
    const again = await runSealed(session, { card, inputs }, new Stages({}));
    expect(again.bytes.evaluationKeys).toBe(0);
    expect(largestError(again.outputs, floatOutputs(graph, inputs))).toBeLessThan(0.01);
  });

  it('refuses what only the client can compute, and says how', () => {
    const pool: Node = {
      id: 'pool',
      inputs: ['x'],
      shape: [1, 2, 2],
      op: 'maxPool',
      kernel: [2, 2],
      strides: [2, 2],
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
    };
    const scale: Node = { id: 'y', inputs: ['pool'], shape: [1, 2, 2], op: 'square' };
    const graph: Graph = {
      name: 'pool',
      input: { id: 'x', shape: [1, 4, 4] },
      nodes: [pool, scale],
      output: 'y',
    };
    expect(() => compileNetwork(graph, { costs: FAST_COSTS })).toThrow(/pool \(maxPool\).*no maximum/);
    expect(compileNetwork(graph, { costs: FAST_COSTS, clientOps: true }).segments).toHaveLength(2);
    expect(() => compileNetwork(graph, { costs: FAST_COSTS, refresh: [3] })).toThrow(/no layer 3/);
  });

  it('names the layer at which levels run out, and a refresh helps', () => {
    // Small numbers stay small when squared.
    const small: Node = {
      id: 'small',
      inputs: ['first'],
      shape: [20],
      op: 'mulConstant',
      constant: { shape: [1], data: Float32Array.of(0.1) },
    };
    const squares = Array.from({ length: 30 }, (_, i): Node => {
      const input = i === 0 ? 'small' : `s${i - 1}`;
      return { id: `s${i}`, inputs: [input], shape: [20], op: 'square' };
    });
    const graph = denseNetwork([small, ...squares]);
    expect(() => compileNetwork(graph, { costs: FAST_COSTS })).toThrow(/run out at layer s\d+/);
    expect(compileNetwork(graph, { costs: FAST_COSTS, layers: [0, 8], refresh: [4] }).segments).toHaveLength(
      2,
    );
  });
});

describe('compile', () => {
  it('leaves position-wise pictures to the channel compiler and dense networks to the general one', () => {
    const side = 45;
    const weight = { shape: [16, 1, 3, 3], data: Float32Array.from({ length: 144 }, random) };
    const geometry = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], groups: 1 } as const;
    const picture: Graph = {
      name: 'picture',
      input: { id: 'x', shape: [1, side, side] },
      nodes: [{ id: 'c', inputs: ['x'], shape: [16, side, side], op: 'conv2d', weight, ...geometry }],
      output: 'c',
    };
    expect(compile(picture, { costs: FAST_COSTS }).explanation.form).toBe('channels');
    const graph = denseNetwork([{ id: 's', inputs: ['first'], shape: [20], op: 'square' }]);
    expect(compile(graph, { costs: FAST_COSTS }).explanation.form).toBe('general');
  });
});
