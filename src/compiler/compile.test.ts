// The door: which form is taken, what the client is told, and that both say the same as the float network.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runCompiled } from '../../fixtures/run-compiled.ts';
import { reluNetwork } from '../../fixtures/relu-network.ts';
import { styleNetwork } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { readModelFile } from '../import/model-file.ts';
import { importOnnx } from '../import/onnx/import-onnx.ts';
import { executeGraph } from '../model/execute.ts';
import { elementCount, type Graph } from '../model/graph.ts';
import { COST_TABLES } from '../plan/cost-tables.ts';
import { pictureOf } from '../plan/finish.ts';
import { verifyPlan } from '../plan/verify.ts';
import { styleGraph } from '../style/graph.ts';
import { STYLES } from '../style/styles.ts';
import type { RunPrice } from '../plan/explanation.ts';
import type { Preference, PriceWeights } from '../plan/preference.ts';
import { compile, type Compiled, type CompileOptions } from './compile.ts';

const costs = COST_TABLES.simd;
const style = styleNetwork(seededRandom(2), { size: 9, channels: 3, alphas: 4, squares: 1 });
const published = (path: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../public/${path}`, import.meta.url)));
const digits = readModelFile(published('models/digits.onnx'), { name: 'digits' });

function inputFor(graph: Graph): Float32Array {
  return Float32Array.from({ length: elementCount(graph.input.shape) }, seededRandom(7));
}

async function errorOf(graph: Graph, compiled: Compiled): Promise<number> {
  const input = inputFor(graph);
  const expected = executeGraph(graph, { shape: graph.input.shape, data: input }).data;
  const actual = await runCompiled(compiled, input);
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - actual[i])), 0);
}

describe('compile', () => {
  it.each(STYLES)('takes the channel form for $id: few keys, and a picture at the end', (given) => {
    const network = importOnnx(published(given.model), { inputShape: [1, 21, 21] });
    const graph = styleGraph(network, given, 25, given.defaultColours, 8);
    const { interface: face, explanation, plans } = compile(graph, { costs });
    expect(explanation.form).toBe('channels');
    expect(explanation.segments[0].rotationKeys).toBeLessThanOrEqual(3);
    expect(face.result).toEqual({ kind: 'picture', finish: [{ op: 'depthToSpace', block: 8 }] });
    expect(face.segments).toHaveLength(1);
    expect([face.segments[0].input.layout.kind, face.segments[0].output.layout.kind]).toEqual([
      'patches',
      'grid',
    ]);
    expect(verifyPlan(plans[0])).toBe(plans[0]);
  });

  it('takes the general form for what is not position-wise', () => {
    const { interface: face, explanation } = compile(digits, { costs });
    expect(explanation.form).toBe('general');
    expect(face.result).toEqual({ kind: 'tensor', shape: [10] });
    expect(() => compile(digits, { costs, form: 'channels' })).toThrow(
      expect.objectContaining({ code: 'unsupported-layer' }),
    );
  });

  it.each<[string, Graph, Partial<CompileOptions>]>([
    ['a style in channel form, as a tensor', style, { form: 'channels', picture: false }],
    ['a style in general form', style, { form: 'general' }],
    ['a network', digits, {}],
    ['a network with a refresh', digits, { refresh: [2] }],
  ])('computes %s as the float network does, within its bound', async (_, graph, options) => {
    const compiled = compile(graph, { costs, ...options });
    const error = await errorOf(graph, compiled);
    expect(error).toBeLessThan(compiled.interface.expected.errorBound);
    expect(compiled.interface.expected.errorBound).toBeLessThan(0.5);
  });

  it('makes a picture of either form where one is asked for, and says where there is none', async () => {
    const input = inputFor(style);
    const expected = executeGraph(style, { shape: style.input.shape, data: input }).data;
    for (const form of ['channels', 'general'] as const) {
      const compiled = compile(style, { costs, form, picture: true });
      const { result, segments } = compiled.interface;
      if (result.kind !== 'picture') throw new Error('A picture was asked for.');
      const shape = segments[0].output.layout.shape as [number, number, number];
      const { precision } = pictureOf(shape, result.finish, await runCompiled(compiled, input), expected);
      expect(precision?.maxAbsError).toBeLessThan(1e-3);
    }
    expect(() => compile(digits, { costs, picture: true })).toThrow(/3×height×width/);
  });

  it('plans differently for each preference, and for weights of the caller’s own', () => {
    const planned = (prefer: Preference | PriceWeights) => {
      const { interface: face, explanation } = compile(reluNetwork(), { costs, prefer, clientOps: true });
      return { keys: face.expected.keyBytes, ...explanation.price };
    };
    const [latency, balanced, small] = (['latency', 'balanced', 'small-keys'] as const).map(planned);
    expect(small.keys).toBeLessThan(balanced.keys / 1.5);
    // What latency buys with its keys: a run that is over sooner, request and answer with it, once they are made.
    const runMs = ({ evaluateMs, requestMs, responseMs }: RunPrice): number =>
      evaluateMs + requestMs + responseMs;
    expect(balanced.keys).toBeLessThanOrEqual(latency.keys);
    expect(runMs(latency)).toBeLessThanOrEqual(runMs(balanced));
    expect(runMs(latency)).toBeLessThan(runMs(small));
    const keysAlone = planned({ evaluateMs: 0, keysMs: 1, requestMs: 0, responseMs: 0 });
    expect(keysAlone.keys).toBeLessThan(small.keys);
    const unweighed = { evaluateMs: 0, keysMs: 0, requestMs: 0, responseMs: 0 };
    expect(() => planned(unweighed)).toThrow(/not all of them 0/);
  });

  it('makes up its samples in the range that the model’s owner declares', () => {
    const rangesOf = (options: Partial<CompileOptions>) => {
      const { ranges, bounds } = compile(digits, { costs, ...options }).explanation;
      return { ...ranges, reach: bounds[0].high };
    };
    expect(rangesOf({}).description).toMatch(/from 0 to 1 /);
    const wide = rangesOf({ inputRange: [-3, 3] });
    expect(wide).toMatchObject({
      madeUp: true,
      description: expect.stringMatching(/from -3 to 3 /) as string,
    });
    expect(wide.reach).toBeGreaterThan(rangesOf({}).reach);
    for (const inputRange of [
      [1, 1],
      [2, 0],
      [0, NaN],
    ] as const) {
      expect(() => compile(digits, { costs, inputRange })).toThrow(/the lesser one first/);
    }
  });

  it('explains itself in plain data', () => {
    const { explanation, interface: face } = compile(digits, { costs, refresh: [2] });
    expect(structuredClone(explanation)).toEqual(explanation);
    expect(JSON.parse(JSON.stringify(explanation))).toEqual(explanation);
    expect(explanation.segments.map(({ plan }) => plan.split('\n')[0])).toEqual([
      expect.stringMatching(/^plan torch_jit, part 1 of 2: /),
      expect.stringMatching(/^plan torch_jit, part 2 of 2: /),
    ]);
    expect(face.clientLearns).toEqual(explanation.clientLearns);
    expect(explanation.layers.every(({ place }) => place === 'server' || place === 'packing')).toBe(true);
    const { bounds } = explanation;
    expect(bounds.map(({ reason }) => reason)).toEqual(['modulus', 'modulus']);
    expect(bounds.at(-1)).toMatchObject({ value: digits.output, low: -bounds.at(-1)!.high });
  });
});
