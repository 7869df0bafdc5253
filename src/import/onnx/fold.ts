// Constant folding: the shape arithmetic and weight preparation that exporters write into the graph, done at import.
import { elementCount } from '../../model/graph.ts';
import { exp, expm1, log, log1p, pow, tanh } from '../../base/exact-math.ts';
import { erf } from '../../model/operators/erf.ts';
import { roundEven } from '../../model/operators/elementwise.ts';
import { forEachOffset, stridesOf } from '../../model/operators/layout.ts';
import { countUp } from '../graph-builder.ts';
import { combineConstants, fill, spread, strided, view, withDims } from './constants.ts';
import { castConstant } from './operators/cast.ts';
import type { Scope } from './scope.ts';
import { resolveReshape, resolveSlice, squeezeDims, unsqueezeDims } from './shape-rules.ts';
import { broadcastDims, integers, malformed, normalizeAxis, unsupported } from './values.ts';
import type { Constant } from './values.ts';

type Folder = (scope: Scope, inputs: readonly Constant[]) => Constant;

/** Whether `operator` can be worked out on constants. */
export function canFold(operator: string): boolean {
  return Object.hasOwn(FOLDERS, operator);
}

/** The result of the node of `scope` on constant `inputs` (left-out ones excluded). */
export function fold(scope: Scope, inputs: readonly Constant[]): Constant {
  return FOLDERS[scope.operator](scope, inputs);
}

/** Constant: a tensor, or numbers in one of the newer attributes. */
export function constantNode(scope: Scope): Constant {
  const tensor = scope.tensor('value');
  if (tensor) return tensor;
  if (scope.has('value_int')) return integers([scope.int('value_int', 0)], []);
  if (scope.has('value_ints')) return integers(scope.ints('value_ints') ?? []);
  const floats = scope.has('value_float') ? [scope.float('value_float', 0)] : scope.floats('value_floats');
  if (!floats) throw unsupported('only tensors and numbers are supported as constants.');
  const dims = scope.has('value_float') ? [] : [floats.length];
  return { kind: 'constant', dims, data: Float32Array.from(floats), integer: false };
}

/** ConstantOfShape: one value, zero unless given, repeated. */
export function constantOfShape(scope: Scope): Constant {
  const dims = scope.intsOf('shape', 0) ?? [];
  const value = scope.tensor('value');
  return fill(scope, dims, value?.integer ?? false, () => value?.data[0] ?? 0);
}

function elementwise(combine: (a: number, b: number) => number, truncates = false): Folder {
  return (scope, [a, b]) => {
    if (!a || !b) throw malformed('it needs two inputs.');
    const integer = a.integer && b.integer;
    const cut = truncates && integer;
    return combineConstants(scope, a, b, cut ? (x, y) => Math.trunc(combine(x, y)) : combine);
  };
}

/** One input or more, combined from the left. */
function variadic(combine: (a: number, b: number) => number): Folder {
  const pair = elementwise(combine);
  return (scope, [first, ...rest]) => rest.reduce((total, input) => pair(scope, [total, input]), first);
}

function unary(map: (value: number) => number): Folder {
  return (scope, [a]) => fill(scope, a.dims, a.integer, (i) => map(a.data[i]));
}

const identity: Folder = (_, [a]) => a;

const comparison = (compare: (a: number, b: number) => boolean): Folder => {
  const folder = elementwise((a, b) => Number(compare(a, b)));
  return (scope, inputs) => ({ ...folder(scope, inputs), integer: true });
};

const FOLDERS: Readonly<Record<string, Folder>> = {
  Identity: identity,
  Dropout: identity,
  Cast: (scope, [a]) => castConstant(scope, a),
  Add: elementwise((a, b) => a + b),
  Sub: elementwise((a, b) => a - b),
  Mul: elementwise((a, b) => a * b),
  Div: elementwise((a, b) => a / b, true),
  Mod: elementwise((a, b) => a - b * Math.floor(a / b)),
  Pow: elementwise(pow),
  Min: variadic(Math.min),
  Max: variadic(Math.max),
  Sum: variadic((a, b) => a + b),
  Mean(scope, inputs) {
    const total = FOLDERS.Sum(scope, inputs);
    return { ...total, data: Float64Array.from(total.data, (value) => value / inputs.length) };
  },
  Equal: comparison((a, b) => a === b),
  Less: comparison((a, b) => a < b),
  Greater: comparison((a, b) => a > b),
  LessOrEqual: comparison((a, b) => a <= b),
  GreaterOrEqual: comparison((a, b) => a >= b),
  Neg: unary((value) => -value),
  Abs: unary(Math.abs),
  Sqrt: unary(Math.sqrt),
  Reciprocal: unary((value) => 1 / value),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Round: unary(roundEven),
  Sign: unary(Math.sign),
  Exp: unary(exp),
  Log: unary(log),
  Tanh: unary(tanh),
  Erf: unary(erf),
  Sigmoid: unary((value) => 1 / (1 + exp(-value))),
  Softplus: unary((value) => Math.max(value, 0) + log1p(exp(-Math.abs(value)))),
  Softsign: unary((value) => value / (1 + Math.abs(value))),
  Relu: unary((value) => Math.max(value, 0)),
  LeakyRelu: (scope, inputs) =>
    unary((value) => (value < 0 ? scope.float('alpha', 0.01) * value : value))(scope, inputs),
  Elu: (scope, inputs) =>
    unary((value) => (value < 0 ? scope.float('alpha', 1) * expm1(value) : value))(scope, inputs),
  Clip(scope, [a]) {
    const low = scope.optionalConstant(1, 'lower bound')?.data[0] ?? scope.float('min', -Infinity);
    const high = scope.optionalConstant(2, 'upper bound')?.data[0] ?? scope.float('max', Infinity);
    return fill(scope, a.dims, a.integer, (i) => Math.min(Math.max(a.data[i], low), high));
  },
  Not: unary((value) => Number(value === 0)),
  And: comparison((a, b) => a !== 0 && b !== 0),
  Or: comparison((a, b) => a !== 0 || b !== 0),
  Xor: comparison((a, b) => (a !== 0) !== (b !== 0)),
  Where(scope, [condition, a, b]) {
    if (!b) throw malformed('it needs three inputs.');
    const dims = broadcastDims(broadcastDims(condition.dims, a.dims), b.dims);
    const [when, left, right] = [condition, a, b].map((x) => spread(scope, x, dims));
    return { ...left, data: left.data.map((value, i) => (when.data[i] ? value : right.data[i])) };
  },
  Reshape(scope, [a]) {
    const target = scope.intsOf('shape', 1) ?? [];
    return withDims(a, resolveReshape(a.dims, target, scope.int('allowzero', 0) === 1));
  },
  Flatten(scope, [a]) {
    const given = scope.int('axis', 1);
    const axis = given === a.dims.length ? given : normalizeAxis(given, a.dims.length);
    return withDims(a, [elementCount(a.dims.slice(0, axis)), elementCount(a.dims.slice(axis))]);
  },
  Squeeze: (scope, [a]) => withDims(a, squeezeDims(a.dims, scope.intsOf('axes', 1))),
  Unsqueeze: (scope, [a]) => withDims(a, unsqueezeDims(a.dims, scope.intsOf('axes', 1) ?? [])),
  Expand(scope, [a]) {
    const dims = broadcastDims(a.dims, scope.intsOf('shape', 1) ?? []);
    return spread(scope, a, dims);
  },
  Transpose(scope, [a]) {
    const order = scope.ints('perm') ?? a.dims.map((_, axis) => a.dims.length - 1 - axis);
    if (order.toSorted((x, y) => x - y).some((axis, i) => axis !== i) || order.length !== a.dims.length) {
      throw malformed('its perm is no order of its axes.');
    }
    return strided(scope, a, order);
  },
  Slice(scope, [a]) {
    const [starts, ends] = [scope.intsOf('starts', 1) ?? [], scope.intsOf('ends', 2) ?? []];
    const bounds = resolveSlice(a.dims, starts, ends, scope.intsOf('axes', 3), scope.intsOf('steps', 4));
    const strides = stridesOf(a.dims);
    const base = bounds.starts.reduce((sum, start, axis) => sum + start * strides[axis], 0);
    return view(
      scope,
      a,
      bounds.dims,
      strides.map((stride, axis) => stride * bounds.steps[axis]),
      base,
    );
  },
  Gather(scope, [a, indices]) {
    if (!indices) throw malformed('its indices are missing.');
    const axis = normalizeAxis(scope.int('axis', 0), a.dims.length);
    const inner = elementCount(a.dims.slice(axis + 1));
    const picked = indices.data.length;
    const dims = [...a.dims.slice(0, axis), ...indices.dims, ...a.dims.slice(axis + 1)];
    return fill(scope, dims, a.integer, (i) => {
      const index = normalizeAxis(indices.data[Math.floor(i / inner) % picked], a.dims[axis]);
      return a.data[(Math.floor(i / inner / picked) * a.dims[axis] + index) * inner + (i % inner)];
    });
  },
  Concat(scope, inputs) {
    const rank = inputs[0].dims.length;
    const axis = normalizeAxis(scope.int('axis', 0), rank);
    const fits = inputs.every(
      ({ dims }) => dims.length === rank && dims.every((size, i) => i === axis || size === inputs[0].dims[i]),
    );
    if (!fits) throw malformed('its inputs differ in other axes.');
    const dims = inputs[0].dims.with(
      axis,
      inputs.reduce((total, a) => total + a.dims[axis], 0),
    );
    const result = fill(scope, dims, inputs[0].integer, () => 0);
    const strides = stridesOf(dims);
    let at = 0;
    for (const a of inputs) {
      forEachOffset(a.dims, strides, at * strides[axis], (i, offset) => (result.data[offset] = a.data[i]));
      at += a.dims[axis];
    }
    return result;
  },
  Range(_, [start, limit, delta]) {
    if (!delta) throw malformed('it needs three inputs.');
    const count = Math.max(Math.ceil((limit.data[0] - start.data[0]) / delta.data[0]), 0);
    const integer = start.integer;
    return {
      ...integers(countUp(count)),
      data: Float64Array.from(countUp(count), (i) => start.data[0] + i * delta.data[0]),
      integer,
    };
  },
  ReduceProd(scope, [a]) {
    if (scope.has('axes') && a.dims.length !== 1)
      throw unsupported('a product over some axes is not supported.');
    const product = Float64Array.from(a.data).reduce((total, value) => total * value, 1);
    return {
      ...a,
      dims: scope.int('keepdims', 1) === 1 ? a.dims.map(() => 1) : [],
      data: Float64Array.of(product),
    };
  },
};
