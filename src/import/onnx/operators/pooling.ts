// ONNX pools and means over spatial axes.
import { elementCount } from '../../../model/graph.ts';
import { addAveragePool, addMaxPool } from '../../windows.ts';
import type { Pair } from '../../windows.ts';
import type { Scope } from '../scope.ts';
import { malformed, normalizeAxis, unsupported } from '../values.ts';
import type { Data, Value } from '../values.ts';
import { pair, planar, readWindow, unplanar } from './convolution.ts';
import type { Planar } from './convolution.ts';

/** AveragePool: https://onnx.ai/onnx/operators/onnx__AveragePool.html */
export function averagePool(scope: Scope): Value {
  const x = planar(scope, scope.data());
  const window = readWindow(scope, kernelOf(scope, x), x);
  const countIncludePad = scope.int('count_include_pad', 0) === 1;
  return unplanar(scope, addAveragePool(scope.builder, x.data.id, { ...window, countIncludePad }), x);
}

/** MaxPool: for the client alone, encrypted it cannot be had. */
export function maxPool(scope: Scope): Value {
  if (scope.outputCount > 1) throw unsupported('its index output is not supported: use the values alone.');
  const x = planar(scope, scope.data());
  return unplanar(scope, addMaxPool(scope.builder, x.data.id, readWindow(scope, kernelOf(scope, x), x)), x);
}

/** GlobalAveragePool and GlobalMaxPool: one window over the whole plane. */
export function globalPool(scope: Scope): Value {
  const x = planar(scope, scope.data());
  const [, height, width] = scope.shapeOf(x.data);
  const window = {
    kernel: [height, width],
    strides: [1, 1],
    pads: [0, 0, 0, 0],
    dilations: [1, 1],
  } as const;
  const id =
    scope.operator === 'GlobalMaxPool'
      ? addMaxPool(scope.builder, x.data.id, window)
      : addAveragePool(scope.builder, x.data.id, { ...window, countIncludePad: false });
  return unplanar(scope, id, x);
}

/** ReduceMean over the last axes, as exporters write a global average; height and width become an average pool. */
export function reduceMean(scope: Scope): Value {
  const x = scope.data();
  const rank = x.dims.length;
  const given = scope.intsOf('axes', 1);
  if (!given?.length && scope.int('noop_with_empty_axes', 0) === 1) return x;
  const axes = given?.length ? given.map((axis) => normalizeAxis(axis, rank)) : x.dims.map((_, axis) => axis);
  const set = new Set(axes);
  const first = rank - set.size;
  for (let axis = first; axis < rank; axis++) {
    if (!set.has(axis)) throw unsupported('a mean is supported over the last axes only: transpose first.');
  }
  const kept = x.dims.slice(0, first);
  const ones = new Array<number>(set.size).fill(1);
  const mean = rank === 4 && first === 2 ? globalPoolOf(scope, x) : meanOf(scope, x, kept);
  return scope.reshape(mean, scope.int('keepdims', 1) === 1 ? [...kept, ...ones] : kept);
}

function globalPoolOf(scope: Scope, x: Data): Data {
  const sample = planar(scope, x);
  const [, height, width] = scope.shapeOf(sample.data);
  const id = addAveragePool(scope.builder, sample.data.id, {
    kernel: [height, width],
    strides: [1, 1],
    pads: [0, 0, 0, 0],
    dilations: [1, 1],
    countIncludePad: false,
  });
  return scope.wrap(id, sample.data);
}

function meanOf(scope: Scope, x: Data, kept: readonly number[]): Data {
  const count = elementCount(x.dims) / elementCount(kept);
  const rows = scope.reshape(x, [...kept, count]);
  const weight = scope.builder.tensor([1, count], new Float32Array(count).fill(1 / count));
  return scope.emit({ op: 'linear', weight }, [rows], [...scope.shapeOf(rows).slice(0, -1), 1]);
}

function kernelOf(scope: Scope, x: Planar): Pair {
  const kernel = scope.ints('kernel_shape');
  if (!kernel) throw malformed('its kernel_shape is missing.');
  return pair(kernel, 1, x.flat);
}
