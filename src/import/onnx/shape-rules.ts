// ONNX's rules for the shapes of Reshape, Squeeze, Unsqueeze and Slice, the same for data and for constants.
import { elementCount } from '../../model/graph.ts';
import type { Shape } from '../../model/graph.ts';
import { malformed, normalizeAxis } from './values.ts';

/** The shape Reshape asks for: 0 copies an axis (unless `allowZero`), −1 takes what is left. */
export function resolveReshape(dims: Shape, target: readonly number[], allowZero: boolean): number[] {
  const copied = target.map((size, axis) => (size === 0 && !allowZero ? dims[axis] : size));
  if (
    copied.some((size) => !Number.isInteger(size) || size < -1) ||
    copied.filter((size) => size === -1).length > 1
  ) {
    throw malformed(`it cannot reshape to [${target.join(', ')}].`);
  }
  const known = copied.reduce((product, size) => (size === -1 ? product : product * size), 1);
  const left = elementCount(dims) / known;
  return copied.map((size) => (size === -1 ? left : size));
}

/** Axes of size 1 removed: those given, or all. */
export function squeezeDims(dims: Shape, axes: readonly number[] | undefined): number[] {
  const gone = new Set((axes ?? []).map((axis) => normalizeAxis(axis, dims.length)));
  if ([...gone].some((axis) => dims[axis] !== 1)) throw malformed('it removes an axis that is not 1.');
  return dims.filter((size, axis) => (axes?.length ? !gone.has(axis) : size !== 1));
}

/** Axes of size 1 put in: `axes` count in the result. */
export function unsqueezeDims(dims: Shape, axes: readonly number[]): number[] {
  const rank = dims.length + axes.length;
  const added = new Set(axes.map((axis) => normalizeAxis(axis, rank)));
  if (added.size !== axes.length) throw malformed('it adds an axis twice.');
  let at = 0;
  return Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : dims[at++]));
}

/** Slice's bounds for all axes, with the resulting sizes (https://onnx.ai/onnx/operators/onnx__Slice.html). */
export function resolveSlice(
  dims: Shape,
  starts: readonly number[],
  ends: readonly number[],
  axes: readonly number[] | undefined,
  steps: readonly number[] | undefined,
): { starts: number[]; steps: number[]; dims: number[] } {
  const count = starts.length;
  if (ends.length !== count || (axes && axes.length !== count) || (steps && steps.length !== count)) {
    throw malformed('its starts, ends, axes and steps differ in length.');
  }
  const result = { starts: dims.map(() => 0), steps: dims.map(() => 1), dims: [...dims] };
  for (let i = 0; i < count; i++) {
    const axis = normalizeAxis(axes?.[i] ?? i, dims.length);
    const size = dims[axis];
    const step = steps?.[i] ?? 1;
    if (step === 0) throw malformed('its step is 0.');
    const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
    const fromEnd = (at: number): number => (at < 0 ? at + size : at);
    const start = Math.min(Math.max(fromEnd(starts[i]), 0), step > 0 ? size : size - 1);
    const end = Math.min(Math.max(fromEnd(ends[i]), low), high);
    const length = Math.ceil((end - start) / step);
    if (!(length > 0)) throw malformed(`it leaves nothing of axis ${axis}.`);
    result.starts[axis] = start;
    result.steps[axis] = step;
    result.dims[axis] = length;
  }
  return result;
}
