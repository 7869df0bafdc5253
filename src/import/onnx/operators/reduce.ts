// ONNX reductions over any axes: sums, means and norms by the server, maxima by the client.
import { elementCount } from '../../../model/graph.ts';
import { addAxisMap } from '../../axis-maps.ts';
import type { AxisRow } from '../../axis-maps.ts';
import { countUp } from '../../graph-builder.ts';
import { addAveragePool, addMaxPool } from '../../windows.ts';
import type { Scope } from '../scope.ts';
import { normalizeAxis } from '../values.ts';
import type { Data, Value } from '../values.ts';
import { scaleData } from './combine.ts';
import { planar } from './convolution.ts';
import { transposeData } from './layout.ts';

/** What is done to `[…, count]` values: their last axis becomes 1. */
type Reduction = (scope: Scope, rows: Data, count: number) => Data;

const sum: Reduction = (scope, rows, count) => weighted(scope, rows, count, 1);

const maximum: Reduction = (scope, rows, count) => {
  const shape = scope.shapeOf(rows);
  const before = elementCount(shape) / count;
  const plane = scope.builder.reshape(rows.id, [1, before, count]);
  const window = { kernel: [1, count], strides: [1, 1], pads: [0, 0, 0, 0], dilations: [1, 1] } as const;
  const id = addMaxPool(scope.builder, plane, window);
  return scope.wrap(scope.builder.reshape(id, [...shape.slice(0, -1), 1]), rows);
};

const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  ReduceSum: sum,
  ReduceMean: (scope, rows, count) => weighted(scope, rows, count, 1 / count),
  ReduceSumSquare: (scope, rows, count) => sum(scope, squared(scope, rows), count),
  ReduceL1: (scope, rows, count) => sum(scope, activated(scope, rows, 'abs'), count),
  ReduceL2: (scope, rows, count) => activated(scope, sum(scope, squared(scope, rows), count), 'sqrt'),
  ReduceMax: maximum,
  ReduceMin: (scope, rows, count) => scaleData(scope, maximum(scope, scaleData(scope, rows, -1), count), -1),
};

/** The names of the reductions. */
export const REDUCING: readonly string[] = Object.keys(REDUCTIONS);

/** ReduceMean and its kin. Height and width of a plane, averaged, become an average pool. */
export function reduce(scope: Scope): Value {
  const x = scope.data();
  const rank = x.dims.length;
  const given = scope.intsOf('axes', 1);
  if (!given?.length && scope.int('noop_with_empty_axes', 0) === 1) return x;
  const reduced = new Set(given?.length ? given.map((axis) => normalizeAxis(axis, rank)) : x.dims.keys());
  const kept = x.dims.filter((_, axis) => !reduced.has(axis));
  const dims = x.dims.map((size, axis) => (reduced.has(axis) ? 1 : size));
  const result = scope.int('keepdims', 1) === 1 ? dims : kept;
  const isPlane = rank === 4 && reduced.size === 2 && reduced.has(2) && reduced.has(3);
  if (isPlane && scope.operator === 'ReduceMean') return scope.reshape(planeMean(scope, x), result);
  const order = [...x.dims.keys()].toSorted((a, b) => Number(reduced.has(a)) - Number(reduced.has(b)));
  const count = elementCount(x.dims) / elementCount(kept);
  const rows = scope.reshape(transposeData(scope, x, order), [...kept, count]);
  return scope.reshape(REDUCTIONS[scope.operator](scope, rows, count), result);
}

function planeMean(scope: Scope, x: Data): Data {
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

/** The last axis added up, times `factor`. */
function weighted(scope: Scope, rows: Data, count: number, factor: number): Data {
  const weight = scope.builder.tensor([1, count], new Float32Array(count).fill(factor));
  return scope.emit({ op: 'linear', weight }, [rows], [...scope.shapeOf(rows).slice(0, -1), 1]);
}

function squared(scope: Scope, x: Data): Data {
  return scope.emit({ op: 'square' }, [x], scope.shapeOf(x));
}

function activated(scope: Scope, x: Data, kind: 'abs' | 'sqrt'): Data {
  return scope.emit({ op: 'activation', function: { kind } }, [x], scope.shapeOf(x));
}

/** CumSum along one axis: sums of all that comes before, itself included or not, or of all that comes after. */
export function cumulativeSum(scope: Scope): Value {
  const x = scope.data();
  const axis = normalizeAxis(scope.constant(1, 'axis').data[0], x.dims.length);
  const [isExclusive, isReversed] = [scope.int('exclusive', 0) === 1, scope.int('reverse', 0) === 1];
  const from = x.batched && axis > 0 ? x : scope.whole(x);
  const size = x.dims[axis];
  const rows = countUp(size).map((i): AxisRow => {
    const terms = countUp(size).filter((at) => (isReversed ? at > i : at < i) || (at === i && !isExclusive));
    return terms.length > 0 ? terms.map((at) => [at, 1]) : [[i, 0]];
  });
  return scope.wrap(addAxisMap(scope.builder, from.id, from.batched ? axis - 1 : axis, rows), from);
}

/** The sum over the last axis of an ONNX value, which goes. */
export function sumOverLast(scope: Scope, x: Data): Data {
  const count = x.dims.at(-1)!;
  return scope.reshape(weighted(scope, x, count, 1), x.dims.slice(0, -1));
}
