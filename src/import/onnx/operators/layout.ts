// ONNX operators that move elements: Flatten, Reshape, Squeeze, Transpose, Pad, Slice, Concat, Split, Gather, …
import { elementCount } from '../../../model/graph.ts';
import { forEachOffset, stridesOf } from '../../../model/operators/layout.ts';
import { printable } from '../../file-text.ts';
import { countUp } from '../../graph-builder.ts';
import type { Scope } from '../scope.ts';
import { broadcastDims, malformed, normalizeAxis, unsupported } from '../values.ts';
import type { Data, Value } from '../values.ts';
import { resolveReshape, resolveSlice, squeezeDims, unsqueezeDims } from '../shape-rules.ts';
import { withConstant } from './combine.ts';

/** Flatten into two axes at `axis`. */
export function flatten(scope: Scope): Value {
  const x = scope.data();
  const given = scope.int('axis', 1);
  const axis = given === x.dims.length ? given : normalizeAxis(given, x.dims.length);
  return scope.reshape(x, [elementCount(x.dims.slice(0, axis)), elementCount(x.dims.slice(axis))]);
}

/** Reshape; the shape is an input, or an attribute before opset 5. */
export function reshape(scope: Scope): Value {
  const x = scope.data();
  const target = scope.intsOf('shape', 1);
  if (!target) throw malformed('its shape is missing.');
  return scope.reshape(x, resolveReshape(x.dims, target, scope.int('allowzero', 0) === 1));
}

/** Squeeze. */
export function squeeze(scope: Scope): Value {
  const x = scope.data();
  return scope.reshape(x, squeezeDims(x.dims, scope.intsOf('axes', 1)));
}

/** Unsqueeze. */
export function unsqueeze(scope: Scope): Value {
  const x = scope.data();
  return scope.reshape(x, unsqueezeDims(x.dims, scope.intsOf('axes', 1) ?? []));
}

/** Expand: broadcasting to a given shape. */
export function expand(scope: Scope): Value {
  const x = scope.data();
  return scope.broadcast(x, broadcastDims(x.dims, scope.intsOf('shape', 1) ?? []));
}

/** Transpose. */
export function transpose(scope: Scope): Value {
  const x = scope.data();
  return transposeData(scope, x, scope.ints('perm') ?? x.dims.map((_, axis) => x.dims.length - 1 - axis));
}

/** Axes of an ONNX value reordered; the batch axis stays out of the graph where it stays in front. */
export function transposeData(scope: Scope, x: Data, permutation: readonly number[]): Data {
  if (
    permutation.toSorted((a, b) => a - b).some((axis, i) => axis !== i) ||
    permutation.length !== x.dims.length
  ) {
    throw malformed(`[${permutation.join(', ')}] is no order of ${x.dims.length} axes.`);
  }
  if (permutation.every((axis, i) => axis === i)) return x;
  const stays = x.batched && permutation[0] === 0;
  const from = stays ? x : scope.whole(x);
  const order = stays ? permutation.slice(1).map((axis) => axis - 1) : permutation;
  const shape = scope.shapeOf(from);
  return scope.emit(
    { op: 'transpose', permutation: order },
    [from],
    order.map((axis) => shape[axis]),
  );
}

/** Slice; bounds are inputs, or attributes before opset 10. */
export function slice(scope: Scope): Value {
  const x = scope.data();
  const starts = scope.intsOf('starts', 1) ?? [];
  const ends = scope.intsOf('ends', 2) ?? [];
  const bounds = resolveSlice(x.dims, starts, ends, scope.intsOf('axes', 3), scope.intsOf('steps', 4));
  return sliceData(scope, x, bounds.starts, bounds.steps, bounds.dims);
}

/** Split into consecutive parts along `axis`. */
export function split(scope: Scope): Value[] {
  const x = scope.data();
  const axis = normalizeAxis(scope.int('axis', 0), x.dims.length);
  const size = x.dims[axis];
  const part = Math.ceil(size / scope.outputCount);
  const lengths =
    scope.intsOf('split', 1) ??
    Array.from({ length: scope.outputCount }, (_, i) => Math.min(part, size - i * part));
  if (lengths.length !== scope.outputCount || lengths.reduce((a, b) => a + b, 0) !== size) {
    throw malformed(`it cannot split ${size} into [${lengths.join(', ')}].`);
  }
  if (lengths.length > 1024)
    throw malformed(`it splits into ${lengths.length} parts; at most 1024 are read.`);
  let at = 0;
  return lengths.map((length) => {
    const starts = x.dims.map((_, i) => (i === axis ? at : 0));
    at += length;
    const dims = x.dims.map((whole, i) => (i === axis ? length : whole));
    return sliceData(scope, x, starts, new Array<number>(x.dims.length).fill(1), dims);
  });
}

/** Gather along one axis by constant indices. */
export function gather(scope: Scope): Value {
  const x = scope.data();
  const indices = scope.constant(1, 'indices');
  const axis = normalizeAxis(scope.int('axis', 0), x.dims.length);
  const picked = Array.from(indices.data, (index) => normalizeAxis(index, x.dims[axis]));
  const dims = [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)];
  return scope.reshape(pickAxis(scope, x, axis, picked), dims);
}

/** Tile: each axis repeated. */
export function tile(scope: Scope): Value {
  const x = scope.data();
  const repeats = scope.intsOf('repeats', 1) ?? [];
  if (repeats.length !== x.dims.length || repeats.some((count) => count < 1))
    throw malformed('its repeats do not fit.');
  return repeats.reduce<Data>(
    (value, count, axis) =>
      count === 1
        ? value
        : pickAxis(
            scope,
            value,
            axis,
            countUp(x.dims[axis] * count).map((i) => i % x.dims[axis]),
          ),
    x,
  );
}

/** Concat of data, and of data with constants (as padding plus an added constant). */
export function concat(scope: Scope): Value {
  const values = scope.inputs.map((value) => value ?? raise('an input is missing.'));
  const rank = values[0].dims.length;
  const axis = normalizeAxis(scope.int('axis', 1), rank);
  const fits = values.every(({ dims }) => dims.every((size, i) => i === axis || size === values[0].dims[i]));
  if (!fits || values.some(({ dims }) => dims.length !== rank))
    throw malformed('its inputs differ in other axes.');
  const dims = values[0].dims.with(
    axis,
    values.reduce((total, value) => total + value.dims[axis], 0),
  );
  const data = values.filter((value) => value.kind === 'data');
  const batched = axis > 0 && data.every((value) => value.batched);
  const aligned = data.map((value) => (batched ? value : scope.whole(value)));
  if (data.length < values.length) return concatWithConstants(scope, values, aligned, axis, dims);
  return scope.emit(
    { op: 'concat', axis: batched ? axis - 1 : axis },
    aligned,
    batched ? dims.slice(1) : dims,
  );
}

/** SpaceToDepth, as reshape, transpose and reshape. */
export function spaceToDepth(scope: Scope): Value {
  const x = scope.sample(scope.data());
  const block = scope.int('blocksize', 0);
  const [channels, height, width] = scope.shapeOf(x);
  if (!(block >= 1) || x.dims.length !== 4 || height % block || width % block)
    throw malformed('its block does not fit.');
  const n = x.dims[0];
  const [rows, columns] = [height / block, width / block];
  const cells = scope.reshape(x, [n, channels, rows, block, columns, block]);
  const moved = transposeData(scope, cells, [0, 3, 5, 1, 2, 4]);
  return scope.reshape(moved, [n, channels * block * block, rows, columns]);
}

/** DepthToSpace. */
export function depthToSpace(scope: Scope): Value {
  const x = scope.sample(scope.data());
  const block = scope.int('blocksize', 0);
  const mode = scope.string('mode', 'DCR');
  const [channels, height, width] = scope.shapeOf(x);
  if (!(block >= 1) || x.dims.length !== 4 || channels % (block * block))
    throw malformed('its block does not fit.');
  if (mode !== 'DCR' && mode !== 'CRD') throw malformed(`its mode is '${printable(mode)}'.`);
  return scope.emit(
    { op: 'depthToSpace', block, mode },
    [x],
    [channels / block ** 2, height * block, width * block],
  );
}

/** A strided part of an ONNX value; bounds are given for all its axes. */
export function sliceData(
  scope: Scope,
  x: Data,
  starts: readonly number[],
  steps: readonly number[],
  dims: readonly number[],
): Data {
  if (dims.every((size, axis) => size === x.dims[axis] && steps[axis] === 1)) return x;
  const untouched = x.batched && dims[0] === x.dims[0] && steps[0] === 1;
  const from = untouched ? x : scope.whole(x);
  const cut = <T>(list: readonly T[]): readonly T[] => (untouched ? list.slice(1) : list);
  return scope.emit({ op: 'slice', starts: cut(starts), steps: cut(steps) }, [from], cut(dims));
}

/** Elements picked along one axis of an ONNX value. */
function pickAxis(scope: Scope, x: Data, axis: number, indices: readonly number[]): Data {
  const inSample = x.batched && axis > 0;
  const from = inSample ? x : scope.whole(x);
  const rank = scope.shapeOf(from).length;
  const at = inSample ? axis - 1 : axis;
  return scope.pick(
    from,
    Array.from({ length: rank }, (_, i) => (i === at ? indices : undefined)),
  );
}

function concatWithConstants(
  scope: Scope,
  values: readonly Value[],
  aligned: readonly Data[],
  axis: number,
  dims: readonly number[],
): Data {
  const { batched } = aligned[0];
  const shape = batched ? dims.slice(1) : dims;
  const samples = batched ? dims[0] : 1;
  scope.builder.spendConstants(elementCount(dims));
  const filled = new Float64Array(elementCount(dims));
  const strides = stridesOf(dims);
  const parts: Data[] = [];
  let at = 0;
  for (const value of values) {
    if (value.kind === 'constant') {
      forEachOffset(value.dims, strides, at * strides[axis], (i, offset) => (filled[offset] = value.data[i]));
    } else {
      const from = aligned[parts.length];
      const after = dims[axis] - at - value.dims[axis];
      const pads = shape.map((_, i): [number, number] =>
        i === axis - (batched ? 1 : 0) ? [at, after] : [0, 0],
      );
      parts.push(scope.emit({ op: 'pad', pads }, [from], shape));
    }
    at += value.dims[axis];
  }
  const total = parts.reduce((sum, part) => scope.emit({ op: 'add' }, [sum, part], shape));
  const constant = { kind: 'constant', dims, data: filled, integer: false } as const;
  if (samples > 1 && elementCount(shape) === 0) throw unsupported('an empty concatenation.');
  return withConstant(scope, 'Add', total, constant);
}

function raise(text: string): never {
  throw malformed(text);
}
