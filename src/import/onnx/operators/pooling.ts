// ONNX pools.
import { addAveragePool, addMaxPool } from '../../windows.ts';
import type { Pair } from '../../windows.ts';
import type { Scope } from '../scope.ts';
import { malformed, unsupported } from '../values.ts';
import type { Value } from '../values.ts';
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

function kernelOf(scope: Scope, x: Planar): Pair {
  const kernel = scope.ints('kernel_shape');
  if (!kernel) throw malformed('its kernel_shape is missing.');
  return pair(kernel, 1, x.flat);
}
