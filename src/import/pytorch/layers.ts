// What each torch.nn layer means as graph nodes (https://pytorch.org/docs/stable/nn.html).
import { elementCount } from '../../model/graph.ts';
import type { Activation, ValueId } from '../../model/graph.ts';
import { malformed, unsupported } from './layer-scope.ts';
import type { LayerImporter, LayerScope } from './layer-scope.ts';
import { channelShuffle, padding, pixelShuffle, pixelUnshuffle, upsample } from './moving-layers.ts';
import { batchNorm, groupNorm, instanceNorm, layerNorm } from './norm-layers.ts';
import {
  adaptiveAveragePool,
  adaptiveMaxPool,
  averagePool,
  conv,
  convTranspose,
  maxPool,
} from './window-layers.ts';

function linear(scope: LayerScope): ValueId {
  const weight = scope.tensor('weight');
  const bias = scope.optionalTensor('bias');
  const { shape } = scope;
  if (weight.shape.length !== 2 || shape.at(-1) !== weight.shape[1]) {
    throw malformed(`${shape.join('×')} values do not fit a matrix of ${weight.shape.join('×')}.`);
  }
  if (bias && bias.data.length !== weight.shape[0]) throw malformed('its bias does not fit its weight.');
  const operation = { op: 'linear', weight, ...(bias && { bias }) } as const;
  return scope.builder.add(operation, [scope.input], [...shape.slice(0, -1), weight.shape[0]]);
}

/** Axes count with the batch axis in PyTorch, without it here. */
function flatten(scope: LayerScope): ValueId {
  const rank = scope.shape.length + 1;
  const at = (name: string, otherwise: number): number => {
    const axis = scope.number(name, otherwise);
    return (axis < 0 ? axis + rank : axis) - 1;
  };
  const [first, last] = [at('start_dim', 1), at('end_dim', -1)];
  if (first < 0) throw unsupported('it flattens the batch: start at axis 1.');
  const { shape } = scope;
  const joined = elementCount(shape.slice(first, last + 1));
  return scope.builder.reshape(scope.input, [...shape.slice(0, first), joined, ...shape.slice(last + 1)]);
}

function unflatten(scope: LayerScope): ValueId {
  const axis = scope.number('dim', 1) - 1;
  const sizes = scope.numbers('unflattened_size') ?? [];
  const known = elementCount(sizes.filter((size) => size !== -1));
  const { shape } = scope;
  if (!(axis >= 0 && axis < shape.length)) throw unsupported('it splits the batch: give an axis from 1.');
  const filled = sizes.map((size) => (size === -1 ? shape[axis] / known : size));
  return scope.builder.reshape(scope.input, [...shape.slice(0, axis), ...filled, ...shape.slice(axis + 1)]);
}

function softmax(log: boolean): LayerImporter {
  return (scope) => {
    const rank = scope.shape.length + 1;
    const given = scope.number('dim', 1);
    const axis = (given < 0 ? given + rank : given) - 1;
    if (!(axis >= 0 && axis < rank - 1)) throw unsupported('it works across the batch: give an axis from 1.');
    return scope.builder.add({ op: 'softmax', axis, log }, [scope.input], scope.shape);
  };
}

function activation(read: (scope: LayerScope) => Activation): LayerImporter {
  return (scope) =>
    scope.builder.add({ op: 'activation', function: read(scope) }, [scope.input], scope.shape);
}

const square: LayerImporter = (scope) => scope.builder.add({ op: 'square' }, [scope.input], scope.shape);
const identity: LayerImporter = (scope) => scope.input;

function prelu(scope: LayerScope): Activation {
  const slopes = Array.from(scope.tensor('weight').data);
  if (slopes.length !== 1 && slopes.length !== scope.shape[0])
    throw malformed('its slopes do not fit its input.');
  return { kind: 'prelu', slopes };
}

/** Softplus and LogSigmoid: a factor before and after. */
function softplus(scope: LayerScope, before: number, after: number): ValueId {
  const { builder, shape } = scope;
  const times = (x: ValueId, factor: number): ValueId =>
    factor === 1 ? x : builder.add({ op: 'mulConstant', constant: builder.tensor([], [factor]) }, [x], shape);
  const inner = times(scope.input, before);
  return times(builder.add({ op: 'activation', function: { kind: 'softplus' } }, [inner], shape), after);
}

function torchGelu(scope: LayerScope): Activation {
  const approximate = scope.text('approximate', 'none').replaceAll("'", '');
  return { kind: 'gelu', tanh: approximate === 'tanh' };
}

/** Layers of torch.nn by class name. */
export const TORCH_LAYERS: ReadonlyMap<string, LayerImporter> = new Map<string, LayerImporter>([
  ['Conv1d', conv],
  ['Conv2d', conv],
  ['ConvTranspose1d', convTranspose],
  ['ConvTranspose2d', convTranspose],
  ['Linear', linear],
  ['BatchNorm1d', batchNorm],
  ['BatchNorm2d', batchNorm],
  ['InstanceNorm1d', instanceNorm],
  ['InstanceNorm2d', instanceNorm],
  ['LayerNorm', layerNorm],
  ['GroupNorm', groupNorm],
  ['AvgPool1d', averagePool],
  ['AvgPool2d', averagePool],
  ['MaxPool1d', maxPool],
  ['MaxPool2d', maxPool],
  ['AdaptiveAvgPool1d', adaptiveAveragePool],
  ['AdaptiveAvgPool2d', adaptiveAveragePool],
  ['AdaptiveMaxPool1d', adaptiveMaxPool],
  ['AdaptiveMaxPool2d', adaptiveMaxPool],
  ['Flatten', flatten],
  ['Unflatten', unflatten],
  ['Identity', identity],
  ['Dropout', identity],
  ['Dropout1d', identity],
  ['Dropout2d', identity],
  ['AlphaDropout', identity],
  ['ZeroPad1d', padding(undefined)],
  ['ZeroPad2d', padding(undefined)],
  ['ConstantPad1d', padding(undefined)],
  ['ConstantPad2d', padding(undefined)],
  ['ReflectionPad1d', padding('reflect')],
  ['ReflectionPad2d', padding('reflect')],
  ['ReplicationPad1d', padding('edge')],
  ['ReplicationPad2d', padding('edge')],
  ['PixelShuffle', pixelShuffle],
  ['Upsample', upsample],
  ['UpsamplingNearest2d', upsample],
  ['UpsamplingBilinear2d', upsample],
  ['PixelUnshuffle', pixelUnshuffle],
  ['ChannelShuffle', channelShuffle],
  ['ReLU', activation(() => ({ kind: 'relu' }))],
  ['ReLU6', activation(() => ({ kind: 'clip', low: 0, high: 6 }))],
  [
    'Hardtanh',
    activation((s) => ({ kind: 'clip', low: s.number('min_val', -1), high: s.number('max_val', 1) })),
  ],
  ['LeakyReLU', activation((s) => ({ kind: 'leakyRelu', slope: s.number('negative_slope', 0.01) }))],
  ['PReLU', activation(prelu)],
  ['Sigmoid', activation(() => ({ kind: 'sigmoid' }))],
  ['Tanh', activation(() => ({ kind: 'tanh' }))],
  ['Softplus', (s) => softplus(s, s.number('beta', 1), 1 / s.number('beta', 1))],
  ['LogSigmoid', (s) => softplus(s, -1, -1)],
  ['ELU', activation((s) => ({ kind: 'elu', gain: 1, alpha: s.number('alpha', 1), width: 1 }))],
  [
    'SELU',
    activation(() => ({ kind: 'elu', gain: 1.0507009873554805, alpha: 1.6732632423543772, width: 1 })),
  ],
  [
    'CELU',
    activation((s) => ({ kind: 'elu', gain: 1, alpha: s.number('alpha', 1), width: s.number('alpha', 1) })),
  ],
  ['GELU', activation(torchGelu)],
  ['Mish', activation(() => ({ kind: 'mish' }))],
  ['Softsign', activation(() => ({ kind: 'softsign' }))],
  ['SiLU', activation(() => ({ kind: 'silu' }))],
  ['Hardswish', activation(() => ({ kind: 'hardSwish' }))],
  ['Hardsigmoid', activation(() => ({ kind: 'hardSigmoid', alpha: 1 / 6, beta: 0.5 }))],
  ['Softmax', softmax(false)],
  ['Softmax2d', (s) => s.builder.add({ op: 'softmax', axis: 0, log: false }, [s.input], s.shape)],
  ['LogSoftmax', softmax(true)],
  ['Square', square],
]);

/** Users' own classes whose meaning goes without saying, by class name. */
export const KNOWN_USER_LAYERS: ReadonlySet<string> = new Set(['Square', 'Flatten', 'Identity']);

const RECURRENT = 'recurrent cells are not supported: use Conv1d over the sequence';
const EXPORT = "export the model to ONNX, torch.onnx.export(model, x, 'model.onnx')";

const SUGGESTIONS: Readonly<Record<string, string>> = {
  LSTM: RECURRENT,
  GRU: RECURRENT,
  RNN: RECURRENT,
  LSTMCell: RECURRENT,
  GRUCell: RECURRENT,
  RNNCell: RECURRENT,
  Conv3d: 'one or two spatial axes are supported: use Conv2d',
  LocalResponseNorm: 'use BatchNorm2d, which folds into constants',
  MultiheadAttention: EXPORT,
  Embedding: 'give the embedded vectors as input',
  Hardshrink: 'use LeakyReLU',
  Softshrink: 'use LeakyReLU',
  Threshold: 'use ReLU',
};

/**
 * Layers that are refused by name, with what to use instead.
 * @internal read by the compatibility table
 */
export const REFUSED_LAYERS: readonly string[] = Object.keys(SUGGESTIONS);

/** What to do about a layer that is not imported. */
export function suggestionForLayer(type: string): string {
  return Object.hasOwn(SUGGESTIONS, type)
    ? SUGGESTIONS[type]
    : 'use Conv2d, Linear, AvgPool2d, BatchNorm2d, Square or one of the activations, or export to ONNX';
}
