// Float reference of element-wise operations, dense layers, softmax and argmax.
import { exp, expm1, log, log1p, tanh } from '../../base/exact-math.ts';
import { elementCount } from '../graph.ts';
import type { Activation, NodeOf, Tensor } from '../graph.ts';
import { erf } from './erf.ts';
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
      return softplus(x);
    case 'silu':
      return x * sigmoid(x);
    case 'hardSwish':
      return x * Math.min(Math.max(x / 6 + 0.5, 0), 1);
    case 'hardSigmoid':
      return Math.min(Math.max(activation.alpha * x + activation.beta, 0), 1);
    case 'clip':
      return Math.min(Math.max(x, activation.low), activation.high);
    case 'elu': {
      const { gain, alpha, width } = activation;
      return gain * (x >= 0 ? x : alpha * expm1(x / width));
    }
    case 'gelu':
      return activation.tanh
        ? 0.5 * x * (1 + tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x)))
        : 0.5 * x * (1 + erf(x / Math.SQRT2));
    case 'mish':
      return x * tanh(softplus(x));
    case 'erf':
      return erf(x);
    case 'exp':
      return exp(x);
    case 'abs':
      return Math.abs(x);
    case 'sqrt':
      return Math.sqrt(Math.max(x, 0));
    case 'softsign':
      return x / (1 + Math.abs(x));
    case 'quantize': {
      const { scale, low, high, rounding } = activation;
      // In single precision, as the networks were trained: it decides where halves lie.
      const steps = Math.fround(x / scale);
      const whole = ROUNDINGS[rounding](steps);
      return Math.min(Math.max(whole, low), high) * scale;
    }
  }
}

const ROUNDINGS = { even: roundEven, floor: Math.floor, ceil: Math.ceil } as const;

/** The nearest whole number; halves go to even ones. */
export function roundEven(x: number): number {
  const below = Math.floor(x);
  const rest = x - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

function softplus(x: number): number {
  return Math.max(x, 0) + log1p(exp(-Math.abs(x)));
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

/** Runs of `count` elements brought to mean 0 and variance 1. */
export function normalize({ count, epsilon }: NodeOf<'normalize'>, input: Tensor): Float32Array {
  const out = new Float32Array(input.data.length);
  for (let from = 0; from < out.length; from += count) {
    const run = input.data.subarray(from, from + count);
    const mean = run.reduce((sum, x) => sum + x, 0) / count;
    const variance = run.reduce((sum, x) => sum + (x - mean) ** 2, 0) / count;
    const factor = 1 / Math.sqrt(variance + epsilon);
    for (let i = 0; i < count; i++) out[from + i] = (run[i] - mean) * factor;
  }
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
