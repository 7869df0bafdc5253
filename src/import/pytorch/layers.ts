// What each torch.nn layer means as graph nodes (https://pytorch.org/docs/stable/nn.html).
import { elementCount } from '../../model/graph.ts';
import type { Activation, Shape, ValueId } from '../../model/graph.ts';
import { adaptiveRows, addAxisMap, interpolationRows } from '../axis-maps.ts';
import type { Interpolation } from '../axis-maps.ts';
import { countUp } from '../graph-builder.ts';
import { addBorderPadding, addConstantPadding, addCropping } from '../padding.ts';
import type { Border, Padding } from '../padding.ts';
import { addAveragePool, addConvolution, addMaxPool, addTransposedConvolution } from '../windows.ts';
import type { Pads, Window } from '../windows.ts';
import { malformed, unsupported } from './layer-scope.ts';
import type { LayerScope } from './layer-scope.ts';

type LayerImporter = (scope: LayerScope) => ValueId;

const BORDERS: Readonly<Record<string, Border>> = { reflect: 'reflect', replicate: 'edge', circular: 'wrap' };

function conv(scope: LayerScope): ValueId {
  const weight = scope.weight();
  const kernel = [weight.shape[2], weight.shape[3]] as const;
  const bias = scope.optionalTensor('bias');
  const strides = scope.pair('stride', 1);
  const dilations = scope.pair('dilation', 1);
  const pads = convPads(scope, kernel, dilations);
  const mode = scope.text('padding_mode', 'zeros');
  const options = {
    weight,
    ...(bias && { bias }),
    kernel,
    strides,
    dilations,
    groups: scope.number('groups', 1),
  };
  return scope.onPlane((x) => {
    if (mode === 'zeros') return addConvolution(scope.builder, x, { ...options, pads });
    if (!Object.hasOwn(BORDERS, mode))
      throw unsupported(`padding_mode '${mode}' is not supported: use 'zeros'.`);
    const around = [[0, 0], [pads[0], pads[2]], [pads[1], pads[3]]] as const; // prettier-ignore
    const padded = addBorderPadding(scope.builder, x, around, BORDERS[mode]);
    return addConvolution(scope.builder, padded, { ...options, pads: [0, 0, 0, 0] });
  });
}

/** Padding as numbers, or the words 'same' and 'valid'. */
function convPads(
  scope: LayerScope,
  kernel: readonly [number, number],
  dilations: readonly [number, number],
): Pads {
  const word = scope.layer.attributes.padding;
  if (word === 'valid') return [0, 0, 0, 0];
  if (word === 'same') {
    const total = [(kernel[0] - 1) * dilations[0], (kernel[1] - 1) * dilations[1]];
    const [top, left] = total.map((size) => Math.floor(size / 2));
    return [top, left, total[0] - top, total[1] - left];
  }
  const [vertical, horizontal] = scope.pair('padding', 0);
  return [vertical, horizontal, vertical, horizontal];
}

function convTranspose(scope: LayerScope): ValueId {
  const weight = scope.weight();
  const bias = scope.optionalTensor('bias');
  const [vertical, horizontal] = scope.pair('padding', 0);
  return scope.onPlane((x) =>
    addTransposedConvolution(scope.builder, x, {
      weight,
      ...(bias && { bias }),
      kernel: [weight.shape[2], weight.shape[3]],
      strides: scope.pair('stride', 1),
      dilations: scope.pair('dilation', 1),
      pads: [vertical, horizontal, vertical, horizontal],
      outputPadding: scope.pair('output_padding', 0),
      groups: scope.number('groups', 1),
    }),
  );
}

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

function batchNorm(scope: LayerScope): ValueId {
  const mean = scope.optionalTensor('running_mean');
  const variance = scope.optionalTensor('running_var');
  if (!mean || !variance) throw unsupported('it has no running statistics: use track_running_stats=True.');
  const { shape, builder } = scope;
  const channels = shape[0];
  const gamma = scope.optionalTensor('weight')?.data ?? new Float32Array(channels).fill(1);
  const beta = scope.optionalTensor('bias')?.data ?? new Float32Array(channels);
  if ([gamma, beta, mean.data, variance.data].some((values) => values.length !== channels)) {
    throw malformed(`its parameters do not fit an input of ${shape.join('×')}.`);
  }
  const epsilon = scope.number('eps', 1e-5);
  const factors = Float64Array.from(gamma, (value, c) => value / Math.sqrt(variance.data[c] + epsilon));
  const summands = Float64Array.from(beta, (value, c) => value - mean.data[c] * factors[c]);
  const dims = shape.map((size, axis) => (axis === 0 ? size : 1));
  const scaled = builder.add(
    { op: 'mulConstant', constant: builder.tensor(dims, factors) },
    [scope.input],
    shape,
  );
  return builder.add({ op: 'addConstant', constant: builder.tensor(dims, summands) }, [scaled], shape);
}

function poolWindow(scope: LayerScope): Window {
  const kernel = scope.pair('kernel_size', scope.flat ? 1 : undefined);
  const [vertical, horizontal] = scope.pair('padding', 0);
  return {
    kernel: scope.flat ? [1, kernel[1]] : kernel,
    strides: scope.has('stride') ? scope.pair('stride', 1) : kernel,
    pads: [vertical, horizontal, vertical, horizontal],
    dilations: scope.pair('dilation', 1),
    ceilMode: scope.flag('ceil_mode', false),
  };
}

function averagePool(scope: LayerScope): ValueId {
  if (scope.has('divisor_override'))
    throw unsupported('divisor_override is not supported: scale the next layer.');
  const countIncludePad = scope.flag('count_include_pad', true);
  return scope.onPlane((x) => addAveragePool(scope.builder, x, { ...poolWindow(scope), countIncludePad }));
}

function maxPool(scope: LayerScope): ValueId {
  if (scope.flag('return_indices', false)) throw unsupported('return_indices is not supported.');
  return scope.onPlane((x) => addMaxPool(scope.builder, x, poolWindow(scope)));
}

/** Rows and columns that an adaptive pool puts out; None keeps an axis. */
function adaptiveSize(scope: LayerScope, [, height, width]: Shape): [number, number] {
  const wanted = scope.layer.attributes.output_size ?? scope.layer.attributes.argument0;
  const [rows, columns] = (
    Array.isArray(wanted)
      ? scope.flat
        ? [1, ...wanted]
        : wanted
      : scope.flat
        ? [1, wanted]
        : [wanted, wanted]
  ) as unknown[];
  const size = [rows ?? height, columns ?? width] as [number, number];
  if (!size.every((side) => Number.isInteger(side) && side >= 1))
    throw malformed('its output_size is no size.');
  return size;
}

/** Adaptive average pool: one window where they are all of one size, else a map along each axis. */
function adaptiveAveragePool(scope: LayerScope): ValueId {
  return scope.onPlane((x) => {
    const [, height, width] = scope.builder.shapeOf(x);
    const size = adaptiveSize(scope, scope.builder.shapeOf(x));
    const kernel = [height / size[0], width / size[1]] as const;
    if (!kernel.every((side) => Number.isInteger(side))) {
      const rows = addAxisMap(scope.builder, x, 1, adaptiveRows(height, size[0]));
      return addAxisMap(scope.builder, rows, 2, adaptiveRows(width, size[1]));
    }
    const window = {
      kernel,
      strides: kernel,
      pads: [0, 0, 0, 0],
      dilations: [1, 1],
      countIncludePad: false,
    } as const;
    return addAveragePool(scope.builder, x, window);
  });
}

/** Adaptive maximum pool, where its windows are all of one size. */
function adaptiveMaxPool(scope: LayerScope): ValueId {
  return scope.onPlane((x) => {
    const [, height, width] = scope.builder.shapeOf(x);
    const size = adaptiveSize(scope, scope.builder.shapeOf(x));
    const kernel = [height / size[0], width / size[1]] as const;
    if (!kernel.every((side) => Number.isInteger(side))) {
      throw unsupported(`${height}×${width} does not divide into ${size.join('×')} windows: use MaxPool2d.`);
    }
    return addMaxPool(scope.builder, x, { kernel, strides: kernel, pads: [0, 0, 0, 0], dilations: [1, 1] });
  });
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

function padding(border: Border | undefined): LayerImporter {
  return (scope) => {
    const numbers = scope.numbers('padding') ?? [];
    const [left, right = left, top = left, bottom = top] = numbers.length === 1 ? [numbers[0]] : numbers;
    const rank = scope.shape.length;
    const sides = scope.flat ? [[left, right]] : [[top, bottom], [left, right]]; // prettier-ignore
    if (![left, right, top, bottom].every((size) => Number.isSafeInteger(size)) || rank < sides.length) {
      throw malformed('its padding is not whole.');
    }
    const given = scope.shape.map((_, axis): Padding => {
      const [before, after] = sides[axis - rank + sides.length] ?? [0, 0];
      return [before, after];
    });
    const [x, pads] = addCropping(scope.builder, scope.input, given);
    if (pads.every(([before, after]) => before === 0 && after === 0)) return x;
    if (border) return addBorderPadding(scope.builder, x, pads, border);
    return addConstantPadding(scope.builder, x, pads, scope.number('value', 0));
  };
}

function pixelShuffle(scope: LayerScope): ValueId {
  const block = scope.number('upscale_factor', scope.number('argument0', 0));
  const [channels, height, width] = scope.shape;
  const fits =
    scope.shape.length === 3 && Number.isInteger(block) && block >= 1 && channels % (block * block) === 0;
  if (!fits) throw malformed(`${scope.shape.join('×')} cannot be shuffled by ${block}.`);
  const shape = [channels / (block * block), height * block, width * block];
  return scope.builder.add({ op: 'depthToSpace', block, mode: 'CRD' }, [scope.input], shape);
}

/** PixelUnshuffle: blocks of pixels into channels, in the order that PixelShuffle reads. */
function pixelUnshuffle(scope: LayerScope): ValueId {
  const block = scope.number('downscale_factor', scope.number('argument0', 0));
  const [channels, height, width] = scope.shape;
  const [rows, columns] = [height / block, width / block];
  if (scope.shape.length !== 3 || !(block >= 1) || ![block, rows, columns].every(Number.isInteger)) {
    throw malformed(`${scope.shape.join('×')} cannot be unshuffled by ${block}.`);
  }
  const { builder } = scope;
  const cells = builder.reshape(scope.input, [channels, rows, block, columns, block]);
  const moved = builder.add(
    { op: 'transpose', permutation: [0, 2, 4, 1, 3] },
    [cells],
    [channels, block, block, rows, columns],
  );
  return builder.reshape(moved, [channels * block * block, rows, columns]);
}

/** ChannelShuffle: channels of several groups taken in turn. */
function channelShuffle(scope: LayerScope): ValueId {
  const groups = scope.number('groups', scope.number('argument0', 0));
  const { shape, builder } = scope;
  const [channels, ...plane] = shape;
  if (!(groups >= 1) || channels % groups !== 0)
    throw malformed(`${channels} channels do not divide into ${groups} groups.`);
  const size = elementCount(plane);
  const grouped = builder.reshape(scope.input, [groups, channels / groups, size]);
  const moved = builder.add(
    { op: 'transpose', permutation: [1, 0, 2] },
    [grouped],
    [channels / groups, groups, size],
  );
  return builder.reshape(moved, shape);
}

const INTERPOLATIONS: Readonly<Record<string, Interpolation>> = {
  linear: { kind: 'linear' },
  bilinear: { kind: 'linear' },
  bicubic: { kind: 'cubic', a: -0.75, excludeOutside: false },
};

function upsample(scope: LayerScope): ValueId {
  const isBilinear = scope.layer.type === 'UpsamplingBilinear2d';
  const mode = scope.text('mode', isBilinear ? 'bilinear' : 'nearest');
  const interpolation = Object.hasOwn(INTERPOLATIONS, mode) ? INTERPOLATIONS[mode] : undefined;
  if (!interpolation && mode !== 'nearest' && mode !== 'nearest-exact') {
    throw unsupported(`mode '${mode}' is not supported: use 'nearest', 'bilinear' or 'bicubic'.`);
  }
  const { shape, builder } = scope;
  const spatial = shape.slice(1);
  if (spatial.length < 1 || spatial.length > 2) throw malformed('its input has no height and width.');
  const along = (name: string): number[] | undefined => {
    const given = scope.numbers(name);
    return given && spatial.map((_, axis) => given[axis] ?? given[0]);
  };
  const sizes = along('size');
  const scales = sizes?.map((size, axis) => size / spatial[axis]) ?? along('scale_factor');
  if (!scales) throw malformed('its scale_factor is missing.');
  const corners = scope.flag('align_corners', isBilinear);
  return spatial.reduce<ValueId>((x, size, axis) => {
    const [scale, count] = [scales[axis], sizes?.[axis] ?? Math.floor(size * scales[axis])];
    if (!(count >= 1 && count <= 2 ** 22)) throw malformed(`it cannot resize ${size} by ${scale}.`);
    if (interpolation) {
      const position = (i: number): number =>
        corners ? (count > 1 ? (i * (size - 1)) / (count - 1) : 0) : (i + 0.5) / scale - 0.5;
      return addAxisMap(builder, x, axis + 1, interpolationRows(interpolation, size, count, position));
    }
    const shift = mode === 'nearest' ? 0 : 0.5;
    const indices = countUp(count).map((i) => Math.min(Math.floor((i + shift) / scale), size - 1));
    return addAxisMap(
      builder,
      x,
      axis + 1,
      indices.map((index) => [[index, 1]]),
    );
  }, scope.input);
}

/** LayerNorm, GroupNorm and InstanceNorm over the sample's own values: `count` in a row, then a factor and a summand. */
function normalized(scope: LayerScope, count: number, dims: Shape): ValueId {
  const { builder, shape } = scope;
  if (!(count >= 1) || !Number.isInteger(elementCount(shape) / count))
    throw malformed('it does not fit its input.');
  const epsilon = scope.number('eps', 1e-5);
  const normal = builder.add({ op: 'normalize', count, epsilon }, [scope.input], shape);
  return (['weight', 'bias'] as const).reduce((x, name) => {
    const tensor = scope.optionalTensor(name);
    if (!tensor) return x;
    if (tensor.data.length !== elementCount(dims)) throw malformed(`its ${name} does not fit its input.`);
    const constant = builder.tensor(dims, tensor.data);
    const op = name === 'weight' ? 'mulConstant' : 'addConstant';
    return builder.add({ op, constant }, [x], shape);
  }, normal);
}

function layerNorm(scope: LayerScope): ValueId {
  const dims = scope.numbers('normalized_shape') ?? scope.numbers('argument0') ?? [];
  const fits = dims.length >= 1 && dims.every((size, i) => size === scope.shape.at(i - dims.length));
  if (!fits) throw malformed(`its normalized_shape is not the end of ${scope.shape.join('×')}.`);
  return normalized(scope, elementCount(dims), dims);
}

const channelDims = ({ shape }: LayerScope): Shape => shape.map((size, axis) => (axis === 0 ? size : 1));

function groupNorm(scope: LayerScope): ValueId {
  const groups = scope.number('num_groups', scope.number('argument0', 0));
  return normalized(scope, elementCount(scope.shape) / groups, channelDims(scope));
}

/** With running statistics it is a factor and a summand per channel, otherwise the client normalises. */
function instanceNorm(scope: LayerScope): ValueId {
  if (scope.optionalTensor('running_mean')) return batchNorm(scope);
  return normalized(scope, elementCount(scope.shape.slice(1)), channelDims(scope));
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

/** Layers that are refused by name, with what to use instead. */
export const REFUSED_LAYERS: readonly string[] = Object.keys(SUGGESTIONS);

/** What to do about a layer that is not imported. */
export function suggestionForLayer(type: string): string {
  return Object.hasOwn(SUGGESTIONS, type)
    ? SUGGESTIONS[type]
    : 'use Conv2d, Linear, AvgPool2d, BatchNorm2d, Square or one of the activations, or export to ONNX';
}
