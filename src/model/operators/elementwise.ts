// Float reference of element-wise operations, dense layers, softmax and argmax.
import { exp, log, log1p, tanh } from '../../base/exact-math.ts';
import { elementCount } from '../graph.ts';
import type { Activation, NodeOf, Tensor } from '../graph.ts';
import { broadcastStrides, forEachOffset, stridesOf } from './layout.ts';

/** `combine(input, constant)` for each element, the constant broadcast against the input. */
export function withConstant(
  input: Tensor,
  constant: Tensor,
  combine: (value: number, constant: number) => number,
): Float32Array {
  const out = new Float32Array(input.data.length);
  forEachOffset(input.shape, broadcastStrides(constant.shape, input.shape), 0, (position, offset) => {
    out[position] = combine(input.data[position], constant.data[offset]);
  });
  return out;
}

/** `combine(a, b)` for each pair of elements of two tensors of one shape. */
export function pairwise(a: Tensor, b: Tensor, combine: (a: number, b: number) => number): Float32Array {
  return a.data.map((value, i) => combine(value, b.data[i]));
}

/** `weight · x + bias` over the last axis. */
export function linear(node: NodeOf<'linear'>, input: Tensor): Float32Array {
  const [outFeatures, inFeatures] = node.weight.shape as [number, number];
  const rows = elementCount(input.shape) / inFeatures;
  const out = new Float32Array(rows * outFeatures);
  for (let row = 0; row < rows; row++) {
    for (let o = 0; o < outFeatures; o++) {
      let sum = node.bias ? node.bias.data[o] : 0;
      for (let i = 0; i < inFeatures; i++) {
        sum += node.weight.data[o * inFeatures + i] * input.data[row * inFeatures + i];
      }
      out[row * outFeatures + o] = sum;
    }
  }
  return out;
}

/** Σ coefficients[i]·x^i by Horner's rule. */
export function polynomial(node: NodeOf<'polynomial'>, input: Tensor): Float32Array {
  return input.data.map((x) => node.coefficients.reduceRight((sum, coefficient) => sum * x + coefficient, 0));
}

/** The value of an activation function at `x`; `channel` picks PRelu's slope. */
export function activate(activation: Activation, x: number, channel = 0): number {
  switch (activation.kind) {
    case 'relu':
      return Math.max(x, 0);
    case 'leakyRelu':
      return x < 0 ? activation.slope * x : x;
    case 'prelu':
      return x < 0 ? activation.slopes[activation.slopes.length === 1 ? 0 : channel] * x : x;
    case 'sigmoid':
      return sigmoid(x);
    case 'tanh':
      return tanh(x);
    case 'softplus':
      return Math.max(x, 0) + log1p(exp(-Math.abs(x)));
    case 'silu':
      return x * sigmoid(x);
    case 'hardSwish':
      return x * Math.min(Math.max(x / 6 + 0.5, 0), 1);
    case 'hardSigmoid':
      return Math.min(Math.max(activation.alpha * x + activation.beta, 0), 1);
    case 'clip':
      return Math.min(Math.max(x, activation.low), activation.high);
  }
}

/** An activation over a tensor whose axis 0 is the channel. */
export function applyActivation(node: NodeOf<'activation'>, input: Tensor): Float32Array {
  const perChannel = input.shape.length === 0 ? 1 : input.data.length / input.shape[0];
  return input.data.map((x, i) => activate(node.function, x, Math.floor(i / perChannel)));
}

/** Softmax, or its logarithm, along one axis, with the largest value subtracted first. */
export function softmax(node: NodeOf<'softmax'>, input: Tensor): Float32Array {
  const out = new Float32Array(input.data.length);
  forEachLine(input, node.axis, (offsets) => {
    const largest = offsets.reduce((max, at) => Math.max(max, input.data[at]), -Infinity);
    const total = offsets.reduce((sum, at) => sum + exp(input.data[at] - largest), 0);
    for (const at of offsets) {
      const shifted = input.data[at] - largest;
      out[at] = node.log ? shifted - log(total) : exp(shifted) / total;
    }
  });
  return out;
}

/** Index of the first largest value along one axis. */
export function argmax(node: NodeOf<'argmax'>, input: Tensor): Float32Array {
  const out: number[] = [];
  forEachLine(input, node.axis, (offsets) => {
    let best = 0;
    for (let i = 1; i < offsets.length; i++) if (input.data[offsets[i]] > input.data[offsets[best]]) best = i;
    out.push(best);
  });
  return Float32Array.from(out);
}

/** Hands `visit` the offsets along `axis`, once for each place of the other axes in C order. */
function forEachLine(input: Tensor, axis: number, visit: (offsets: number[]) => void): void {
  const strides = stridesOf(input.shape);
  const others = input.shape.map((size, i) => (i === axis ? 1 : size));
  forEachOffset(others, strides, 0, (_, base) => {
    visit(Array.from({ length: input.shape[axis] }, (_unused, i) => base + i * strides[axis]));
  });
}

function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x));
}
