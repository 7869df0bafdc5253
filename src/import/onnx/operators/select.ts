// ONNX Max, Min, Where and comparisons: by ReLU where that is the same, by whole numbers at the client otherwise.
import { combineConstants } from '../constants.ts';
import type { Scope } from '../scope.ts';
import { broadcastDims, malformed } from '../values.ts';
import type { Constant, Data, Value } from '../values.ts';
import { addData, scaleData, withConstant } from './combine.ts';
import { affineOf } from './gates.ts';

/** Max and Min of any number of inputs. */
export function extremum(scope: Scope): Value {
  const values = scope.inputs.map((value) => value ?? raise('an input is missing.'));
  const first = values.findIndex(({ kind }) => kind === 'data');
  const sign = scope.operator === 'Max' ? 1 : -1;
  return values
    .toSpliced(first, 1)
    .reduce<Data>((best, value) => larger(scope, best, value, sign), values[first] as Data);
}

/** The larger (`sign` 1) or smaller (−1) of two values. */
function larger(scope: Scope, a: Data, b: Value, sign: 1 | -1): Data {
  if (b.kind === 'constant' && b.data.length > 0 && b.data.every((value) => value === b.data[0])) {
    const wide = scope.broadcast(a, broadcastDims(a.dims, b.dims));
    const [bound] = b.data;
    const [low, high] = sign === 1 ? [bound, Infinity] : [-Infinity, bound];
    if (low === 0) return relu(scope, wide);
    return scope.emit(
      { op: 'activation', function: { kind: 'clip', low, high } },
      [wide],
      scope.shapeOf(wide),
    );
  }
  if (b.kind === 'data' && a.id === b.id) return a;
  // max(a, b) = b + relu(a − b) and min(a, b) = b − relu(b − a)
  const difference = signed(scope, minus(scope, a, b), sign);
  return plus(scope, signed(scope, relu(scope, difference), sign), b);
}

/** Greater, Less and their kin, as 0 or 1: whether a ReLU of the difference is not 0. */
export function compare(scope: Scope): Value {
  const [a, b] = scope.inputs;
  if (!a || !b) throw malformed('it needs two inputs.');
  const { operator } = scope;
  const isGreater = operator.startsWith('Greater');
  const difference =
    a.kind === 'data' ? minus(scope, a, b) : scaleData(scope, minus(scope, b as Data, a), -1);
  const isInclusive = operator.endsWith('OrEqual');
  // a ≥ b is not (a < b).
  const positive = signed(scope, difference, isGreater === isInclusive ? -1 : 1);
  const shape = scope.shapeOf(positive);
  const bool: Data = {
    ...scope.emit({ op: 'cast', to: 'bool' }, [relu(scope, positive)], shape),
    type: 'bool',
  };
  return isInclusive ? not(scope, bool) : bool;
}

/** Not. */
export function negation(scope: Scope): Value {
  return not(scope, scope.data());
}

function not(scope: Scope, x: Data): Data {
  const opposite = withConstant(scope, 'Add', scaleData(scope, x, -1), numbers(1));
  return { ...opposite, type: 'bool' };
}

/** Where: by a constant condition, or by one that compares data. */
export function where(scope: Scope): Value {
  const [condition, a, b] = scope.inputs;
  if (!condition || !a || !b) throw malformed('it needs three inputs.');
  const dims = broadcastDims(broadcastDims(condition.dims, a.dims), b.dims);
  if (condition.kind === 'constant') {
    const mask = (wanted: boolean): Constant => ({
      ...condition,
      data: Float64Array.from(condition.data, (value) => Number((value !== 0) === wanted)),
      integer: false,
    });
    const parts = [times(scope, a, mask(true)), times(scope, b, mask(false))];
    const [first, second] = parts[0].kind === 'data' ? parts : parts.toReversed();
    return scope.broadcast(plus(scope, first as Data, second), dims);
  }
  const folded = byRelu(scope, condition, a, b);
  if (folded) return scope.broadcast(folded, dims);
  const real: Data = { ...condition, type: 'float' };
  if (a.kind === 'constant' && b.kind === 'constant') {
    const difference = withConstant(
      scope,
      'Mul',
      real,
      combineConstants(scope, a, b, (x, y) => x - y),
    );
    return scope.broadcast(withConstant(scope, 'Add', difference, b), dims);
  }
  const difference =
    a.kind === 'data' ? minus(scope, a, b) : scaleData(scope, minus(scope, b as Data, a), -1);
  return scope.broadcast(plus(scope, addData(scope, 'multiply', real, difference), b), dims);
}

/**
 * Where(d > 0, a, b) where a − b is a multiple k of d, as exporters write a leaky ReLU: b + k · relu(d), without a step.
 */
function byRelu(scope: Scope, condition: Data, a: Value, b: Value): Data | undefined {
  const { root, factor, offset } = affineOf(scope, condition.id);
  const cast = scope.builder.nodeOf(root);
  const ramp = cast?.op === 'cast' && cast.to === 'bool' ? scope.builder.nodeOf(cast.inputs[0]) : undefined;
  if (ramp?.op !== 'activation' || ramp.function.kind !== 'relu') return undefined;
  const isPlain = factor === 1 && offset === 0;
  if (!isPlain && !(factor === -1 && offset === 1)) return undefined;
  const [when, otherwise] = isPlain ? [a, b] : [b, a];
  const d = affineOf(scope, ramp.inputs[0]);
  const lines = [when, otherwise].map((value) => {
    if (value.kind === 'constant') {
      const isOne = value.data.every((number) => number === value.data[0]);
      return isOne ? { factor: 0, offset: value.data[0] } : undefined;
    }
    const line = affineOf(scope, value.id);
    return line.root === d.root && value.batched === condition.batched ? line : undefined;
  });
  if (!lines[0] || !lines[1] || d.factor === 0) return undefined;
  const k = (lines[0].factor - lines[1].factor) / d.factor;
  const gap = lines[0].offset - lines[1].offset - k * d.offset;
  if (Math.abs(gap) > 1e-6 * Math.max(1, Math.abs(lines[0].offset))) return undefined;
  const rectified = scope.emit(
    { op: 'activation', function: { kind: 'relu' } },
    [{ ...condition, id: ramp.inputs[0], type: 'float' }],
    scope.builder.shapeOf(ramp.inputs[0]),
  );
  return plus(scope, scaleData(scope, rectified, k), otherwise);
}

function relu(scope: Scope, x: Data): Data {
  return scope.emit({ op: 'activation', function: { kind: 'relu' } }, [x], scope.shapeOf(x));
}

function signed(scope: Scope, x: Data, sign: 1 | -1): Data {
  return sign === 1 ? x : scaleData(scope, x, -1);
}

function plus(scope: Scope, a: Data, b: Value): Data {
  return b.kind === 'constant' ? withConstant(scope, 'Add', a, b) : addData(scope, 'add', a, b);
}

function minus(scope: Scope, a: Data, b: Value): Data {
  return b.kind === 'constant' ? withConstant(scope, 'Sub', a, b) : addData(scope, 'subtract', a, b);
}

function times(scope: Scope, a: Value, mask: Constant): Value {
  if (a.kind === 'data') return withConstant(scope, 'Mul', a, mask);
  return combineConstants(scope, a, mask, (x, y) => (y === 0 ? 0 : x));
}

function numbers(...values: readonly number[]): Constant {
  return { kind: 'constant', dims: [], data: Float64Array.from(values), integer: false };
}

function raise(text: string): never {
  throw malformed(text);
}
