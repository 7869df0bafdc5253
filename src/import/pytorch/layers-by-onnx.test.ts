// Layers that the recorded cases of PyTorch lack: against onnxruntime on the operators that PyTorch's exporter writes for them.
import * as ort from 'onnxruntime-web';
import { describe, expect, it } from 'vitest';
import { Dice } from '../../../fixtures/onnx-cases/dice.ts';
import { big, Draft } from '../../../fixtures/onnx-cases/draft.ts';
import { executeGraph } from '../../model/execute.ts';
import type { Shape } from '../../model/graph.ts';
import { GraphBuilder } from '../graph-builder.ts';
import { LayerScope } from './layer-scope.ts';
import { TORCH_LAYERS } from './layers.ts';
import type { Attribute } from './modules.ts';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

interface Twin {
  readonly type: string;
  readonly shape: Shape;
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Tensors of the layer, by name; the draft has them as constants of the same name. */
  readonly tensors?: Readonly<Record<string, Shape>>;
  readonly opset?: number;
  readonly write: (draft: Draft, constants: Readonly<Record<string, string>>) => string;
}

const PLANE: Shape = [4, 6, 5];

const resize =
  (mode: string, transformation: string) =>
  (draft: Draft): string =>
    draft.node('Resize', ['x', '', draft.given([4], [1, 1, 2, 1.5])], {
      mode,
      coordinate_transformation_mode: transformation,
    });

const one =
  (op: string, attributes = {}) =>
  (draft: Draft): string =>
    draft.node(op, ['x'], attributes);

const TWINS: readonly Twin[] = [
  { type: 'ELU', shape: PLANE, attributes: { alpha: 0.7 }, write: one('Elu', { alpha: 0.7 }) },
  { type: 'SELU', shape: PLANE, write: one('Selu') },
  { type: 'CELU', shape: PLANE, attributes: { alpha: 1.5 }, write: one('Celu', { alpha: 1.5 }) },
  { type: 'GELU', shape: PLANE, attributes: { approximate: 'none' }, opset: 20, write: one('Gelu') },
  {
    type: 'GELU',
    shape: PLANE,
    attributes: { approximate: "'tanh'" },
    opset: 20,
    write: one('Gelu', { approximate: 'tanh' }),
  },
  { type: 'Mish', shape: PLANE, opset: 18, write: one('Mish') },
  { type: 'Softsign', shape: PLANE, write: one('Softsign') },
  { type: 'LogSigmoid', shape: PLANE, write: (d) => d.node('Log', [d.node('Sigmoid', ['x'])]) },
  {
    type: 'Softplus',
    shape: PLANE,
    attributes: { beta: 2 },
    write: (d) => d.node('Div', [d.node('Softplus', [d.node('Mul', ['x', d.number(2)])]), d.number(2)]),
  },
  { type: 'Softmax2d', shape: PLANE, write: one('Softmax', { axis: 1n }) },
  {
    type: 'Upsample',
    shape: PLANE,
    attributes: { scale_factor: [2, 1.5], mode: 'bilinear' },
    write: resize('linear', 'half_pixel'),
  },
  {
    type: 'Upsample',
    shape: PLANE,
    attributes: { scale_factor: [2, 1.5], mode: 'bilinear', align_corners: true },
    write: resize('linear', 'align_corners'),
  },
  {
    type: 'UpsamplingBilinear2d',
    shape: PLANE,
    attributes: { scale_factor: [2, 1.5] },
    write: resize('linear', 'align_corners'),
  },
  {
    type: 'Upsample',
    shape: PLANE,
    attributes: { scale_factor: [2, 1.5], mode: 'bicubic' },
    write: resize('cubic', 'half_pixel'),
  },
  {
    type: 'LayerNorm',
    shape: PLANE,
    attributes: { normalized_shape: [6, 5], eps: 0.01 },
    tensors: { weight: [6, 5], bias: [6, 5] },
    opset: 17,
    write: (d, { weight, bias }) =>
      d.node('LayerNormalization', ['x', weight, bias], { axis: 2n, epsilon: 0.01 }),
  },
  {
    type: 'InstanceNorm2d',
    shape: PLANE,
    attributes: { eps: 0.01 },
    tensors: { weight: [4], bias: [4] },
    write: (d, { weight, bias }) => d.node('InstanceNormalization', ['x', weight, bias], { epsilon: 0.01 }),
  },
  {
    type: 'GroupNorm',
    shape: PLANE,
    attributes: { num_groups: 2, eps: 0.01 },
    tensors: { weight: [4], bias: [4] },
    opset: 21,
    write: (d, { weight, bias }) =>
      d.node('GroupNormalization', ['x', weight, bias], { num_groups: 2n, epsilon: 0.01 }),
  },
  {
    type: 'PixelUnshuffle',
    shape: [2, 4, 6],
    attributes: { downscale_factor: 2 },
    write: (d) => {
      const cells = d.node('Reshape', ['x', d.ints(1, 2, 2, 2, 3, 2)]);
      const moved = d.node('Transpose', [cells], { perm: big(0, 1, 3, 5, 2, 4) });
      return d.node('Reshape', [moved, d.ints(1, 8, 2, 3)]);
    },
  },
  {
    type: 'ChannelShuffle',
    shape: PLANE,
    attributes: { groups: 2 },
    write: (d) => {
      const grouped = d.node('Reshape', ['x', d.ints(1, 2, 2, 6, 5)]);
      const moved = d.node('Transpose', [grouped], { perm: big(0, 2, 1, 3, 4) });
      return d.node('Reshape', [moved, d.ints(1, 4, 6, 5)]);
    },
  },
  {
    type: 'ZeroPad2d',
    shape: PLANE,
    attributes: { padding: [-1, 2, 1, -2] },
    write: (d) => d.node('Pad', ['x', d.ints(0, 0, 1, -1, 0, 0, -2, 2)]),
  },
  {
    type: 'AdaptiveMaxPool2d',
    shape: PLANE,
    attributes: { output_size: [3, 1] },
    write: one('MaxPool', { kernel_shape: big(2, 5), strides: big(2, 5) }),
  },
];

describe('torch.nn layers by what they export to', () => {
  it.each(TWINS.map((twin) => [`${twin.type} ${JSON.stringify(twin.attributes ?? {})}`, twin] as const))(
    '%s',
    async (_, { type, shape, attributes = {}, tensors = {}, opset = 13, write }) => {
      const draft = new Draft(new Dice(11), shape, 1, opset);
      const names = Object.entries(tensors).map(([name, dims]) => [name, draft.constant(dims)] as const);
      draft.last = write(draft, Object.fromEntries(names));
      const data = Float32Array.from(
        draft.dice.floats(
          shape.reduce((a, b) => a * b, 1),
          2,
        ),
      );
      const session = await ort.InferenceSession.create(draft.bytes(), { logSeverityLevel: 3 });
      const result = await session.run({ x: new ort.Tensor('float32', data, [1, ...shape]) });
      await session.release();
      const expected = result[draft.last].data as Float32Array;
      const builder = new GraphBuilder(type, 'x', shape);
      const given = Object.fromEntries(
        names.map(([name, constant]) => {
          const { data: values } = draft.initializers.find((entry) => entry.name === constant)!;
          return [name, { shape: tensors[name], data: Float32Array.from(values as number[]) }];
        }),
      );
      const layer = { name: '0', type, ofTorch: true, attributes, tensors: given };
      const output = TORCH_LAYERS.get(type)!(new LayerScope(builder, layer, 'x'));
      const own = executeGraph(builder.finish(output), { shape, data }).data;
      expect(own).toHaveLength(expected.length);
      const worst = expected.reduce((most, value, i) => Math.max(most, Math.abs(value - own[i])), 0);
      expect(worst).toBeLessThan(1e-5);
    },
  );
});
