// Linear maps along one axis of a value: resizing, adaptive pools, sums. Shared by all importers.
import type { Tensor, ValueId } from '../model/graph.ts';
import { elementCount } from '../model/graph.ts';
import { countUp } from './graph-builder.ts';
import type { GraphBuilder } from './graph-builder.ts';

/** What one element of the result takes: input indices and their factors. */
export type AxisRow = readonly (readonly [index: number, factor: number])[];

/** Up to so many terms a row are gathered and added up; more become a matrix. */
const MOST_GATHERED = 4;

/** Adds the map that makes element i of `axis` the sum that `rows[i]` says; the other axes stay as they are. */
export function addAxisMap(
  builder: GraphBuilder,
  x: ValueId,
  axis: number,
  rows: readonly AxisRow[],
): ValueId {
  const size = builder.shapeOf(x)[axis];
  const isSame = ([term, ...more]: AxisRow, i: number): boolean =>
    more.length === 0 && term[0] === i && term[1] === 1;
  if (rows.length === size && rows.every(isSame)) return x;
  const terms = Math.max(...rows.map(({ length }) => length));
  return terms <= MOST_GATHERED
    ? gathered(builder, x, axis, rows, terms)
    : multiplied(builder, x, axis, rows);
}

/** Σ over the terms: elements picked, times their factors. */
function gathered(
  builder: GraphBuilder,
  x: ValueId,
  axis: number,
  rows: readonly AxisRow[],
  terms: number,
): ValueId {
  const parts = countUp(terms).map((term) => {
    // A row with fewer terms takes its first element, times 0.
    const indices = rows.map((row) => (row[term] ?? row[0])[0]);
    const factors = rows.map((row) => row[term]?.[1] ?? 0);
    const picked = builder.gatherAxis(x, axis, indices);
    if (factors.every((factor) => factor === 1)) return picked;
    const shape = builder.shapeOf(picked);
    const dims = shape.map((size, at) => (at === axis ? size : 1));
    return builder.add({ op: 'mulConstant', constant: builder.tensor(dims, factors) }, [picked], shape);
  });
  return parts.reduce((sum, part) => builder.add({ op: 'add' }, [sum, part], builder.shapeOf(sum)));
}

function multiplied(builder: GraphBuilder, x: ValueId, axis: number, rows: readonly AxisRow[]): ValueId {
  const size = builder.shapeOf(x)[axis];
  builder.spendConstants(rows.length * size);
  const data = new Float32Array(rows.length * size);
  rows.forEach((row, i) => row.forEach(([index, factor]) => (data[i * size + index] += factor)));
  return addMatrixAlong(builder, x, axis, { shape: [rows.length, size], data });
}

/** Adds `weight`, `[out, in]`, applied along `axis`. */
function addMatrixAlong(builder: GraphBuilder, x: ValueId, axis: number, weight: Tensor): ValueId {
  const shape = builder.shapeOf(x);
  const [out] = weight.shape;
  const result = shape.with(axis, out);
  if (axis === shape.length - 1) return builder.add({ op: 'linear', weight }, [x], result);
  const [before, size, after] = [
    elementCount(shape.slice(0, axis)),
    shape[axis],
    elementCount(shape.slice(axis + 1)),
  ];
  const permutation = [0, 2, 1];
  const flat = builder.reshape(x, [before, size, after]);
  const last = builder.add({ op: 'transpose', permutation }, [flat], [before, after, size]);
  const mapped = builder.add({ op: 'linear', weight }, [last], [before, after, out]);
  const back = builder.add({ op: 'transpose', permutation }, [mapped], [before, out, after]);
  return builder.reshape(back, result);
}

/** How a resized axis reads between elements: two neighbours, or four with Keys' cubic (https://onnx.ai/onnx/operators/onnx__Resize.html). */
export type Interpolation =
  | { readonly kind: 'linear' }
  | { readonly kind: 'cubic'; readonly a: number; readonly excludeOutside: boolean };

/** The rows of a resize of an axis of `size` to `length`, whose element i lies at `positionOf(i)` of the input. */
export function interpolationRows(
  interpolation: Interpolation,
  size: number,
  length: number,
  positionOf: (i: number) => number,
): AxisRow[] {
  return countUp(length).map((i) => {
    const position =
      interpolation.kind === 'linear' ? Math.min(Math.max(positionOf(i), 0), size - 1) : positionOf(i);
    const below = Math.floor(position);
    const rest = position - below;
    const terms: (readonly [number, number])[] =
      interpolation.kind === 'linear'
        ? [[below, 1 - rest], [below + 1, rest]] // prettier-ignore
        : [-1, 0, 1, 2].map((step) => [below + step, cubic(interpolation.a, Math.abs(rest - step))]);
    const isInside = ([at]: readonly [number, number]): boolean => at >= 0 && at < size;
    const kept =
      interpolation.kind === 'cubic' && interpolation.excludeOutside
        ? normalised(terms.filter(isInside))
        : terms;
    return joined(kept.map(([at, factor]) => [Math.min(Math.max(at, 0), size - 1), factor]));
  });
}

/** Keys' convolution kernel at a distance from 0 to 2. */
function cubic(a: number, x: number): number {
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

function normalised(terms: AxisRow): AxisRow {
  const sum = terms.reduce((total, [, factor]) => total + factor, 0);
  return terms.map(([at, factor]) => [at, factor / sum]);
}

/** Terms of one index added up, zeros left out. */
function joined(terms: AxisRow): AxisRow {
  const sums = new Map<number, number>();
  for (const [at, factor] of terms) sums.set(at, (sums.get(at) ?? 0) + factor);
  const kept = [...sums].filter(([, factor]) => factor !== 0);
  return kept.length > 0 ? kept : [[terms[0][0], 0]];
}

/** The rows of an adaptive average pool of an axis of `size` to `length`: windows that may differ in size and overlap. */
export function adaptiveRows(size: number, length: number): AxisRow[] {
  return countUp(length).map((i) => {
    const start = Math.floor((i * size) / length);
    const end = Math.ceil(((i + 1) * size) / length);
    return countUp(end - start).map((at) => [start + at, 1 / (end - start)] as const);
  });
}
