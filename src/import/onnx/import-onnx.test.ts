// The ONNX importer: open sizes, batches, folding, fusions, layers by name, and refusals that say what to do.
import { describe, expect, it } from 'vitest';
import { writeOnnx } from '../../../fixtures/onnx-writer.ts';
import type { OnnxInitializer, OnnxNode } from '../../../fixtures/onnx-writer.ts';
import {
  hasSharedData,
  readSharedBytes,
  readSharedJson,
  SHARED_DATA_ABSENT,
} from '../../../fixtures/shared-data.ts';
import { executeSamples, splitSamples } from '../../../fixtures/execute-samples.ts';
import { executeGraph } from '../../model/execute.ts';
import type { Tensor } from '../../model/graph.ts';
import { readNpy } from '../numpy.ts';
import { importOnnx } from './import-onnx.ts';

/** A model of `nodes` on an input `x`; the last node's output is the model's. */
function model(
  dims: readonly (number | string)[],
  nodes: readonly OnnxNode[],
  initializers: readonly OnnxInitializer[] = [],
): Uint8Array {
  const output = nodes.at(-1)!.outputs[0];
  return writeOnnx({ opset: 13, input: { name: 'x', dims }, initializers, nodes, output });
}

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

const tensor = (shape: readonly number[], data: readonly number[]): Tensor => ({
  shape,
  data: Float32Array.from(data),
});

describe('sizes and batches', () => {
  const conv = model(
    ['N', 1, 'H', 'W'],
    [node('Conv', ['x', 'w'], 'y', { pads: [1n, 1n, 1n, 1n] })],
    [{ name: 'w', dims: [2, 1, 3, 3], data: new Float32Array(18).fill(1) }],
  );

  it('open sizes come from the caller, with or without batch axis', () => {
    expect(importOnnx(conv, { inputShape: [1, 25, 21] }).nodes[0].shape).toEqual([2, 25, 21]);
    expect(importOnnx(conv, { inputShape: [1, 1, 5, 5] }).input.shape).toEqual([1, 5, 5]);
    expect(() => importOnnx(conv)).toThrow(/'x' has \?×1×\?×\?: give its size/);
    expect(() => importOnnx(conv, { inputShape: [5, 5] })).toThrow(/not 5×5/);
    expect(() => importOnnx(conv, { inputShape: [2, 5, 5] })).toThrow(/Node 'y', Conv: A weight of 2×1×3×3/);
  });

  it('a batch axis is stripped, and kept only where a layer mixes samples', () => {
    const stripped = importOnnx(model([2, 3], [node('Relu', ['x'], 'y')]));
    expect(stripped.input.shape).toEqual([3]);
    expect(executeSamples(stripped, tensor([2, 3], [-1, 2, -3, 4, -5, 6])).data).toEqual(
      Float32Array.of(0, 2, 0, 4, 0, 6),
    );
    const mixed = importOnnx(model([2, 3], [node('Flatten', ['x'], 'y', { axis: 0n })]));
    expect(mixed.input.shape).toEqual([2, 3]);
    expect(() => splitSamples(stripped, tensor([5], [1, 2, 3, 4, 5]))).toThrow(/does not fit/);
  });

  it('other inputs are given as constants', () => {
    const bytes = model([1, 2], [node('Add', ['x', 'b'], 'y')]);
    expect(() => importOnnx(bytes)).toThrow(/uses 'b' before it is computed/);
    const graph = importOnnx(bytes, { constants: { b: tensor([2], [10, 20]) } });
    expect(executeGraph(graph, tensor([2], [1, 2])).data).toEqual(Float32Array.of(11, 22));
  });
});

describe('what becomes of the nodes', () => {
  it('SiLU and HardSwish are recognised, dead nodes dropped, layers named', () => {
    const silu = importOnnx(model([1, 4], [node('Sigmoid', ['x'], 's'), node('Mul', ['x', 's'], 'y')]));
    expect(silu.nodes.map((layer) => (layer.op === 'activation' ? layer.function.kind : layer.op))).toEqual([
      'silu',
    ]);
    expect(silu.layers).toEqual([{ index: 1, name: 'y', type: 'Mul', output: 'y' }]);
    const gate = node('HardSigmoid', ['x'], 's', { alpha: Math.fround(1 / 6), beta: 0.5 });
    const swish = importOnnx(model([1, 4], [gate, node('Mul', ['s', 'x'], 'y')]));
    expect(swish.nodes.map((layer) => (layer.op === 'activation' ? layer.function.kind : layer.op))).toEqual([
      'hardSwish',
    ]);
  });

  it('x·x becomes a square, x³ a polynomial, x·1 and x+0 nothing', () => {
    const one = { name: 'one', dims: [], data: [1] };
    const zero = { name: 'zero', dims: [1], data: [0] };
    const three = { name: 'three', dims: [], data: [3] };
    const nodes = [
      node('Mul', ['x', 'one'], 'a'),
      node('Add', ['a', 'zero'], 'b'),
      node('Mul', ['b', 'b'], 'c'),
      node('Pow', ['c', 'three'], 'd'),
    ];
    const graph = importOnnx(model([1, 4], nodes, [one, zero, three]));
    expect(graph.nodes.map(({ op }) => op)).toEqual(['square', 'polynomial']);
    expect(graph.layers?.map(({ output }) => output)).toEqual(['x', 'x', 'c', 'd']);
  });
});

describe('refusals', () => {
  it.each([
    ['LSTM', 'recurrent cells are not supported: use Conv over the sequence'],
    ['QLinearConv', 'export it in QDQ form'],
    ['LRN', 'use BatchNormalization'],
    ['constructor', 'express it by Conv'],
  ])('%s names node, operator and what works', (op, advice) => {
    const bytes = model([1, 4], [node(op, ['x'], 'y')]);
    expect(() => importOnnx(bytes)).toThrow(
      expect.objectContaining({
        code: 'unsupported-layer',
        message: expect.stringMatching(`Node 'y', ${op}: not supported: ${advice}`) as string,
        detail: { node: 'y', operator: op },
      }),
    );
  });

  it.each<[string, RegExp, Uint8Array]>([
    ['division by data', /divide by a constant/, model([1, 4], [node('Div', ['x', 'x'], 'y')])],
    [
      'smoothed shrinking',
      /antialias=0/,
      model([1, 1, 4, 4], [node('Resize', ['x'], 'y', { mode: 'linear', antialias: 1n })]),
    ],
    [
      'a sum over a diagonal',
      /use Gather/,
      model([1, 4, 4], [node('Einsum', ['x'], 'y', { equation: 'bii->b' })]),
    ],
    [
      'a fractional exponent',
      /whole numbers/,
      model([1, 4], [node('Pow', ['x', 'e'], 'y')], [{ name: 'e', dims: [], data: [0.5] }]),
    ],
    ['three spatial axes', /one or two/, model([1, 1, 2, 2, 2], [node('GlobalAveragePool', ['x'], 'y')])],
  ])('%s says what works', (_, advice, bytes) => {
    expect(() => importOnnx(bytes)).toThrow(advice);
  });

  it('a file of something else is malformed', () => {
    for (const bytes of [new Uint8Array(0), new TextEncoder().encode('hello, world')]) {
      expect(() => importOnnx(bytes)).toThrow(expect.objectContaining({ code: 'malformed-model' }));
    }
  });

  it('constants that would fill the memory are refused before they are made', () => {
    const shape = { name: 's', dims: [2], data: [2n ** 24n, 2n ** 10n] };
    const bytes = model([1, 4], [node('ConstantOfShape', ['s'], 'c'), node('Add', ['x', 'c'], 'y')], [shape]);
    expect(() => importOnnx(bytes)).toThrow(/more than \d+ constant values/);
  });
});

describe.skipIf(!hasSharedData)(`whole models (${SHARED_DATA_ABSENT})`, () => {
  it.each(['mnist', 'cryptonets_square'])('%s gives onnxruntime’s logits on 20 pictures', (name) => {
    interface Expected {
      readonly images: string;
      readonly count: number;
      readonly logits: readonly (readonly number[])[];
    }
    const expected = readSharedJson<Expected>(`onnx/${name}.expected.json`);
    const images = readNpy(readSharedBytes(`onnx/${expected.images}`));
    const graph = importOnnx(readSharedBytes(`onnx/${name}.onnx`));
    const samples = splitSamples(graph, images).slice(0, expected.count);
    expect(samples.length).toBe(20);
    samples.forEach((sample, i) => {
      const logits = executeGraph(graph, sample).data;
      const worst = expected.logits[i].reduce(
        (max, value, at) => Math.max(max, Math.abs(value - logits[at])),
        0,
      );
      expect(worst).toBeLessThanOrEqual(1e-4);
    });
  });
});
