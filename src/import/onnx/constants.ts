// Constants made, read in other ways and combined while a model is imported.
import { elementCount } from '../../model/graph.ts';
import type { Shape } from '../../model/graph.ts';
import { broadcastStrides, forEachOffset, stridesOf } from '../../model/operators/layout.ts';
import type { Scope } from './scope.ts';
import { broadcastDims, malformed } from './values.ts';
import type { Constant } from './values.ts';

/** A new constant of `dims`, counted against the budget before it is made. */
export function fill(
  scope: Scope,
  dims: Shape,
  integer: boolean,
  valueAt: (position: number) => number,
): Constant {
  const count = elementCount(dims);
  if (!dims.every((size) => Number.isSafeInteger(size) && size >= 0))
    throw malformed('a constant has no sound shape.');
  scope.builder.spendConstants(count);
  const data = new Float64Array(count);
  for (let i = 0; i < count; i++) data[i] = valueAt(i);
  return { kind: 'constant', dims, data, integer };
}

/** A new constant whose elements are copied from `source` at base + Σ index·strides. */
export function view(
  scope: Scope,
  source: Constant,
  dims: Shape,
  strides: readonly number[],
  base: number,
): Constant {
  const result = fill(scope, dims, source.integer, () => 0);
  forEachOffset(dims, strides, base, (position, offset) => (result.data[position] = source.data[offset]));
  return result;
}

/** `a` spread over `dims`. */
export function spread(scope: Scope, a: Constant, dims: Shape): Constant {
  return view(scope, a, dims, broadcastStrides(a.dims, dims), 0);
}

/** `combine(a, b)` for each pair of elements, broadcast; whole numbers where both are. */
export function combineConstants(
  scope: Scope,
  a: Constant,
  b: Constant,
  combine: (a: number, b: number) => number,
): Constant {
  const dims = broadcastDims(a.dims, b.dims);
  const left = spread(scope, a, dims);
  const right = spread(scope, b, dims);
  return {
    ...left,
    data: left.data.map((value, i) => combine(value, right.data[i])),
    integer: a.integer && b.integer,
  };
}

/** The same numbers under another shape. */
export function withDims(a: Constant, dims: Shape): Constant {
  if (elementCount(dims) !== a.data.length)
    throw malformed(`${a.data.length} values do not fill [${dims.join(', ')}].`);
  return { ...a, dims };
}

/** Axes in another order. */
export function strided(scope: Scope, a: Constant, order: readonly number[]): Constant {
  const strides = stridesOf(a.dims);
  return view(
    scope,
    a,
    order.map((axis) => a.dims[axis]),
    order.map((axis) => strides[axis]),
    0,
  );
}
