// NaN and infinite numbers in a model file: refused at import, by the name of the layer that would compute with them.
import { describe, expect, it } from 'vitest';
import { writeOnnx } from '../../fixtures/onnx-writer.ts';
import type { OnnxInitializer, OnnxNode } from '../../fixtures/onnx-writer.ts';
import { hasSharedData, readSharedBytes, SHARED_DATA_ABSENT } from '../../fixtures/shared-data.ts';
import { writeTorch } from '../../fixtures/torch-writer.ts';
import { executeGraph } from '../model/execute.ts';
import { importModel } from './import-model.ts';

const node = (op: string, inputs: string[], output: string): OnnxNode => ({ op, inputs, outputs: [output] });
const floats = (name: string, ...data: number[]): OnnxInitializer => ({ name, dims: [data.length], data });

function onnx(nodes: readonly OnnxNode[], initializers: readonly OnnxInitializer[]): Uint8Array {
  return writeOnnx({ opset: 13, input: { name: 'x', dims: [1, 4] }, initializers, nodes, output: 'y' });
}

function torch(
  type: string,
  attributes: Record<string, number>,
  parameters: Record<string, number[]>,
): Uint8Array {
  const tensors = Object.entries(parameters).map(([name, values]) => {
    const shape = name === 'weight' && type === 'Linear' ? [1, values.length] : [values.length];
    return [name, { shape, data: Float32Array.from(values) }] as const;
  });
  const layer = (of: string, rest: object) => ({ type: of, attributes: {}, parameters: {}, ...rest });
  return writeTorch(
    [
      layer('torch.nn.modules.activation ReLU', {}),
      layer(`torch.nn.modules.x ${type}`, { attributes, parameters: Object.fromEntries(tensors) }),
    ],
    'zip',
  );
}

const refusal = (pattern: RegExp, detail: object): unknown =>
  expect.objectContaining({
    code: 'malformed-model',
    stage: 'model',
    message: expect.stringMatching(pattern) as string,
    detail: expect.objectContaining(detail) as object,
  });

describe('an ONNX model', () => {
  it.each<[string, RegExp, readonly OnnxNode[], readonly OnnxInitializer[]]>([
    [
      'NaN in a factor',
      /^Node 'y', Mul: 2 of the 4 numbers in its constant are NaN.*from 'c'/,
      [node('Mul', ['x', 'c'], 'y')],
      [floats('c', 1, NaN, 2, NaN)],
    ],
    [
      'an infinite summand',
      /^Node 'y', Add: 1 of the 4 .*infinite.*from 'c'/,
      [node('Add', ['x', 'c'], 'y')],
      [floats('c', 1, 2, 3, -Infinity)],
    ],
    [
      'an infinite weight',
      /^Node 'y', MatMul: 1 of the 8 numbers in its weight/,
      [node('MatMul', ['x', 'w'], 'y')],
      [{ name: 'w', dims: [4, 2], data: [1, 2, 3, Infinity, 5, 6, 7, 8] }],
    ],
    [
      'NaN in a slope',
      /^Node 'y', PRelu: .*slopes/,
      [node('PRelu', ['x', 'c'], 'y')],
      [floats('c', 1, NaN, 2, 3)],
    ],
    [
      '0/0 in folding',
      /^Node 'y', Add: .*from node 'k', Div/,
      [node('Div', ['c', 'c'], 'k'), node('Neg', ['k'], 'l'), node('Add', ['x', 'l'], 'y')],
      [floats('c', 1, 0, 2, 3)],
    ],
    [
      'a root of a negative number in folding',
      /^Node 'y', Mul: .*from node 'k', Sqrt/,
      [node('Sqrt', ['c'], 'k'), node('Mul', ['x', 'k'], 'y')],
      [floats('c', 1, -1, 2, 3)],
    ],
    [
      'a product beyond single precision in folding',
      /^Node 'y', Mul: .*infinite/,
      [node('Mul', ['c', 'c'], 'k'), node('Mul', ['x', 'k'], 'y')],
      [floats('c', 1, 1e30, 2, 3)],
    ],
    [
      'a division by almost nothing',
      /^Node 'y', Div: .*infinite/,
      [node('Div', ['x', 'c'], 'y')],
      [floats('c', 1, 1e-44, 2, 3)],
    ],
  ])('with %s', (_, pattern, nodes, initializers) => {
    const operator = nodes.at(-1)!.op;
    expect(() => importModel(onnx(nodes, initializers))).toThrow(refusal(pattern, { node: 'y', operator }));
  });

  it('may hold them where nothing computes with them', () => {
    const masked = onnx(
      [
        node('Where', ['m', 'c', 'd'], 'k'),
        node('Mul', ['x', 'c'], 'dead'),
        node('Clip', ['x', 'low', 'high'], 'l'),
        node('Add', ['l', 'k'], 'y'),
      ],
      [
        { name: 'm', dims: [4], data: [1n, 0n, 1n, 1n] },
        floats('c', 1, NaN, 2, 3),
        floats('d', 5, 6, 7, 8),
        { name: 'low', dims: [], data: [0] },
        { name: 'high', dims: [], data: [Infinity] },
      ],
    );
    const output = executeGraph(importModel(masked), { shape: [4], data: Float32Array.of(-1, 1, 2, 3) });
    expect([...output.data]).toEqual([1, 7, 4, 6]);
  });
});

describe('a PyTorch model', () => {
  it.each<[string, RegExp, Uint8Array]>([
    [
      'NaN in a weight',
      /^Layer '1', Linear: 1 of the 2 numbers in its weight is NaN/,
      torch('Linear', {}, { weight: [1, NaN] }),
    ],
    [
      'an infinite bias',
      /^Layer '1', Linear: .*bias.*infinite/,
      torch('Linear', {}, { weight: [1, 2], bias: [Infinity] }),
    ],
    [
      'NaN in running statistics',
      /^Layer '1', BatchNorm1d: /,
      torch('BatchNorm1d', {}, { running_mean: [0, NaN], running_var: [1, 1] }),
    ],
    [
      'a negative variance',
      /^Layer '1', BatchNorm1d: /,
      torch('BatchNorm1d', {}, { running_mean: [0, 0], running_var: [1, -1] }),
    ],
    ['NaN in a slope', /^Layer '1', PReLU: .*slopes/, torch('PReLU', {}, { weight: [0.25, NaN] })],
  ])('with %s', (_, pattern, bytes) => {
    expect(() => importModel(bytes, { inputShape: [2] })).toThrow(refusal(pattern, { layer: '1' }));
  });
});

describe.skipIf(!hasSharedData)(`models of the data set (${SHARED_DATA_ABSENT})`, () => {
  it.each([
    ['nan_w.pt', /^Layer '\d+', Linear: .*NaN/],
    ['onehot_nan.onnx', /^Node 'y', Mul: .*NaN.*from 'c'/],
  ])('%s names its layer', (name, pattern) => {
    const bytes = readSharedBytes(`models/${name}`);
    expect(() => importModel(bytes, { inputShape: [4] })).toThrow(refusal(pattern, {}));
  });
});
