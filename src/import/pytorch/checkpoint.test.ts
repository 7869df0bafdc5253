// Weights as people save them, beyond the data set's files: safetensors, prefixes, parametrisations, an ONNX model beside.
import { describe, expect, it } from 'vitest';
import { writeOnnx } from '../../../fixtures/onnx-writer.ts';
import { executeGraph } from '../../model/execute.ts';
import type { Shape, Tensor } from '../../model/graph.ts';
import { importModel } from '../import-model.ts';
import { withStateDict } from '../model-parts.ts';
import { withoutParametrisations } from './parametrised.ts';

/** A .safetensors file of float32 tensors. */
function writeSafetensors(tensors: Readonly<Record<string, Tensor>>): Uint8Array {
  let at = 0;
  const entries = Object.entries(tensors).map(([name, { shape, data }]) => {
    const from = at;
    at += 4 * data.length;
    return [name, { dtype: 'F32', shape, data_offsets: [from, at] }] as const;
  });
  const header = new TextEncoder().encode(
    JSON.stringify({ __metadata__: { format: 'pt' }, ...Object.fromEntries(entries) }),
  );
  const bytes = new Uint8Array(8 + header.length + at);
  new DataView(bytes.buffer).setUint32(0, header.length, true);
  bytes.set(header, 8);
  let end = 8 + header.length;
  for (const { data } of Object.values(tensors)) {
    bytes.set(new Uint8Array(new Float32Array(data).buffer), end);
    end += 4 * data.length;
  }
  return bytes;
}

const tensor = (shape: Shape, ...values: number[]): Tensor => ({ shape, data: Float32Array.from(values) });

const WEIGHT = tensor([2, 3], 1, 2, 3, -1, 0.5, 4);
const BIAS = tensor([2], 0.25, -1);
const X = tensor([3], 1, -2, 0.5);
const Y = [1 - 4 + 1.5 + 0.25, -1 - 1 + 2 - 1];

describe('weights of a .safetensors file', () => {
  it.each(['', 'module.', 'model.module.', '_orig_mod.'])("go by the layer list, after '%s'", (prefix) => {
    const bytes = writeSafetensors({ [`${prefix}fc.weight`]: WEIGHT, [`${prefix}fc.bias`]: BIAS });
    const layers = 'Sequential(\n  (fc): Linear(in_features=3, out_features=2, bias=True)\n)';
    const graph = importModel(bytes, { layers });
    expect([...executeGraph(graph, X).data]).toEqual(Y);
  });

  it.each<[string, object, RegExp]>([
    [
      'a tensor beyond the end',
      { dtype: 'F32', shape: [3, 3], data_offsets: [0, 36] },
      /lies beyond its end/,
    ],
    ['a type that is none', { dtype: 'F4', shape: [1, 1], data_offsets: [0, 4] }, /of type F4: save/],
    ['no shape', { dtype: 'F32', data_offsets: [0, 4] }, /not described soundly/],
    ['fewer bytes than values', { dtype: 'F32', shape: [3, 3], data_offsets: [0, 4] }, /reaches beyond/],
  ])('are refused with %s', (_, entry, message) => {
    const text = new TextEncoder().encode(JSON.stringify({ 'fc.weight': entry }));
    const bytes = new Uint8Array(8 + text.length + 4);
    bytes[0] = text.length;
    bytes.set(text, 8);
    expect(() => importModel(bytes, { layers: '[{"type":"Linear","name":"fc"}]' })).toThrow(message);
  });
});

describe('the ONNX model of a network beside its weights', () => {
  const network = writeOnnx({
    opset: 13,
    input: { name: 'x', dims: [1, 3] },
    initializers: [
      { name: 'fc.weight', dims: [2, 3], data: [0, 0, 0, 0, 0, 0] },
      { name: 'fc.bias', dims: [2], data: [0, 0] },
    ],
    nodes: [
      { op: 'Gemm', inputs: ['x', 'fc.weight', 'fc.bias'], outputs: ['h'], attributes: { transB: 1n } },
      { op: 'Relu', inputs: ['h'], outputs: ['y'] },
    ],
    output: 'y',
  });

  it('takes them by name', () => {
    const weights = writeSafetensors({ 'model.fc.weight': WEIGHT, 'model.fc.bias': BIAS });
    const graph = importModel(withStateDict(network, weights));
    expect([...executeGraph(graph, X).data]).toEqual(Y.map((y) => Math.max(y, 0)));
  });

  it('says which do not go with it', () => {
    const other = writeSafetensors({ 'fc.weight': tensor([1, 3], 1, 2, 3), 'fc.bias': BIAS });
    expect(() => withStateDict(network, other)).toThrow(/'fc\.weight' is 1×3 in the state_dict and 2×3/);
    const more = writeSafetensors({ 'fc.weight': WEIGHT, 'fc.bias': BIAS, 'out.weight': BIAS });
    expect(() => withStateDict(network, more)).toThrow(
      /no weight named 'out\.weight'.*do_constant_folding=False/,
    );
  });
});

describe('parametrised weights', () => {
  const close = ({ data }: Tensor, expected: readonly number[]): void =>
    expected.forEach((value, i) => expect(data[i]).toBeCloseTo(value, 5));

  it('are put together again', () => {
    const pruned = withoutParametrisations({
      weight_orig: WEIGHT,
      weight_mask: tensor([2, 3], 1, 0, 1, 1, 1, 0),
    });
    close(pruned.weight, [1, 0, 3, -1, 0.5, 0]);
    const [first, second] = [Math.hypot(1, 2, 3), Math.hypot(-1, 0.5, 4)];
    const normal = [2 / first, 4 / first, 6 / first, -3 / second, 1.5 / second, 12 / second];
    const g = tensor([2, 1], 2, 3);
    close(withoutParametrisations({ weight_g: g, weight_v: WEIGHT }).weight, normal);
    const newer = {
      'parametrizations.weight.original0': g,
      'parametrizations.weight.original1': WEIGHT,
      bias: BIAS,
    };
    const whole = withoutParametrisations(newer);
    close(whole.weight, normal);
    expect(Object.keys(whole).toSorted()).toEqual(['bias', 'weight']);
    const [u, v] = [tensor([2], 0.6, 0.8), tensor([3], 1, 0, 0)];
    const sigma = 0.6 * 1 + 0.8 * -1;
    const spectral = withoutParametrisations({ weight_orig: WEIGHT, weight_u: u, weight_v: v });
    close(
      spectral.weight,
      [...WEIGHT.data].map((value) => value / sigma),
    );
  });

  it('are refused where their parts do not fit', () => {
    expect(() => withoutParametrisations({ weight_orig: WEIGHT, weight_mask: BIAS })).toThrow(
      /mask does not fit/,
    );
  });
});
