// torch.nn layers that slide a window: convolutions and pools.
import type { Shape, ValueId } from '../../model/graph.ts';
import { adaptiveRows, addAxisMap } from '../axis-maps.ts';
import { addBorderPadding } from '../padding.ts';
import type { Border } from '../padding.ts';
import { addAveragePool, addConvolution, addMaxPool, addTransposedConvolution } from '../windows.ts';
import type { Pads, Window } from '../windows.ts';
import { malformed, unsupported } from './layer-scope.ts';
import type { LayerScope } from './layer-scope.ts';
import type { Attribute } from './modules.ts';

const BORDERS: Readonly<Record<string, Border>> = { reflect: 'reflect', replicate: 'edge', circular: 'wrap' };

/** Conv1d and Conv2d. */
export function conv(scope: LayerScope): ValueId {
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

/** ConvTranspose1d and ConvTranspose2d. */
export function convTranspose(scope: LayerScope): ValueId {
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

/** AvgPool1d and AvgPool2d. */
export function averagePool(scope: LayerScope): ValueId {
  if (scope.has('divisor_override'))
    throw unsupported('divisor_override is not supported: scale the next layer.');
  const countIncludePad = scope.flag('count_include_pad', true);
  return scope.onPlane((x) => addAveragePool(scope.builder, x, { ...poolWindow(scope), countIncludePad }));
}

/** MaxPool1d and MaxPool2d. */
export function maxPool(scope: LayerScope): ValueId {
  if (scope.flag('return_indices', false)) throw unsupported('return_indices is not supported.');
  return scope.onPlane((x) => addMaxPool(scope.builder, x, poolWindow(scope)));
}

/** Rows and columns that an adaptive pool puts out; None keeps an axis. */
function adaptiveSize(scope: LayerScope, [, height, width]: Shape): [number, number] {
  const wanted = scope.layer.attributes.output_size ?? scope.layer.attributes.argument0;
  const given: readonly Attribute[] = Array.isArray(wanted)
    ? wanted
    : scope.flat
      ? [wanted]
      : [wanted, wanted];
  const [rows, columns] = scope.flat ? [1, ...given] : given;
  const size = [rows ?? height, columns ?? width] as [number, number];
  if (!size.every((side) => Number.isInteger(side) && side >= 1))
    throw malformed('its output_size is no size.');
  return size;
}

/** Adaptive average pool: one window where they are all of one size, else a map along each axis. */
export function adaptiveAveragePool(scope: LayerScope): ValueId {
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
export function adaptiveMaxPool(scope: LayerScope): ValueId {
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
