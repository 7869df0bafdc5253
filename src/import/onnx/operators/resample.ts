// ONNX Pad, Resize and Upsample in all their modes.
import { addAxisMap, interpolationRows } from '../../axis-maps.ts';
import type { Interpolation } from '../../axis-maps.ts';
import { countUp } from '../../graph-builder.ts';
import { printable } from '../../file-text.ts';
import { addBorderPadding, addConstantPadding } from '../../padding.ts';
import type { Padding } from '../../padding.ts';
import type { Scope } from '../scope.ts';
import { malformed, normalizeAxis, unsupported } from '../values.ts';
import type { Data, Value } from '../values.ts';
import { sliceData } from './layout.ts';

/** Pad: constant, reflect, edge or wrap; negative pads crop. */
export function pad(scope: Scope): Value {
  const x = scope.data();
  const rank = x.dims.length;
  const mode = scope.string('mode', 'constant');
  const all = scope.ints('pads') ?? scope.intsOf('paddings', 1) ?? raise('its pads are missing.');
  const axes = scope.intsOf('axes', 3)?.map((axis) => normalizeAxis(axis, rank)) ?? countUp(rank);
  if (all.length !== 2 * axes.length) throw malformed(`it has ${all.length} pads for ${axes.length} axes.`);
  const pads = x.dims.map((_, axis): [number, number] => {
    const at = axes.indexOf(axis);
    return at < 0 ? [0, 0] : [all[at], all[at + axes.length]];
  });
  const cropped = crop(scope, x, pads);
  const grow = pads.map(([before, after]): [number, number] => [Math.max(before, 0), Math.max(after, 0)]);
  if (grow.every(([before, after]) => before === 0 && after === 0)) return cropped;
  if (mode === 'constant') {
    const value = scope.optionalConstant(2, 'value')?.data[0] ?? scope.float('value', 0);
    const [from, own] = inSample(scope, cropped, grow);
    return scope.wrap(addConstantPadding(scope.builder, from.id, own, value), from);
  }
  if (mode !== 'reflect' && mode !== 'edge' && mode !== 'wrap')
    throw malformed(`its mode is '${printable(mode)}'.`);
  const [from, own] = inSample(scope, cropped, grow);
  return scope.wrap(addBorderPadding(scope.builder, from.id, own, mode), from);
}

/** Resize by nearest neighbour, linear or cubic interpolation: https://onnx.ai/onnx/operators/onnx__Resize.html */
export function resize(scope: Scope): Value {
  const x = scope.data();
  const interpolation = interpolationOf(scope);
  if (interpolation && scope.int('antialias', 0) === 1) {
    throw unsupported('antialias=1 is not supported: use an AveragePool before it, or antialias=0.');
  }
  const rank = x.dims.length;
  const axes = scope.ints('axes')?.map((axis) => normalizeAxis(axis, rank)) ?? countUp(rank);
  const old = scope.opset < 11;
  const given = scope.optionalConstant(old ? 1 : 2, 'scales')?.data;
  const scales = given?.length ? Array.from(given) : undefined;
  const sizes = old || scales ? undefined : scope.intsOf('sizes', 3);
  if ((scales ?? sizes)?.length !== axes.length) throw malformed('its scales or sizes do not fit its axes.');
  const kept = sizes && keepAspect(x.dims, axes, sizes, scope.string('keep_aspect_ratio_policy', 'stretch'));
  return resample(scope, x, interpolation, (axis) => {
    const at = axes.indexOf(axis);
    if (at < 0) return undefined;
    const size = x.dims[axis];
    const length = kept ? kept[at] : Math.floor(size * scales![at]);
    const scale = scales ? scales[at] : length / size;
    if (interpolation) return { length, position: originalPosition(scope, scale, size, length) };
    const index = nearestIndex(scope, scale, size, length);
    return { length, position: (i) => Math.min(Math.max(index(i), 0), size - 1) };
  });
}

/** Upsample: the old name, scales as an attribute (opset 7) or input (opset 9); rounds down, or interpolates linearly. */
export function upsample(scope: Scope): Value {
  const x = scope.data();
  const interpolation = interpolationOf(scope);
  const scales = scope.floats('scales') ?? Array.from(scope.constant(1, 'scales').data);
  if (scales.length !== x.dims.length) throw malformed('its scales do not fit its input.');
  return resample(scope, x, interpolation, (axis) => ({
    length: Math.floor(x.dims[axis] * scales[axis]),
    position: (i) =>
      interpolation ? i / scales[axis] : Math.min(Math.floor(i / scales[axis]), x.dims[axis] - 1),
  }));
}

/** How it interpolates; undefined for the nearest neighbour. */
function interpolationOf(scope: Scope): Interpolation | undefined {
  const mode = scope.string('mode', 'nearest');
  switch (mode) {
    case 'nearest':
      return undefined;
    case 'linear':
    case 'bilinear':
      return { kind: 'linear' };
    case 'cubic':
      return {
        kind: 'cubic',
        a: scope.float('cubic_coeff_a', -0.75),
        excludeOutside: scope.int('exclude_outside', 0) === 1,
      };
    default:
      throw malformed(`its mode is '${printable(mode)}'.`);
  }
}

interface Resampling {
  readonly length: number;
  /** Where in the input an element of the output lies: an index, or between two. */
  readonly position: (i: number) => number;
}

function resample(
  scope: Scope,
  x: Data,
  interpolation: Interpolation | undefined,
  along: (axis: number) => Resampling | undefined,
): Data {
  const samplings = x.dims.map((size, axis) => {
    const sampling = along(axis);
    if (sampling && !(sampling.length >= 1)) throw malformed(`it leaves nothing of axis ${axis}.`);
    // As many elements at the places that they have.
    const isSame = sampling?.length === size && countUp(size).every((i) => sampling.position(i) === i);
    return isSame ? undefined : sampling;
  });
  if (!interpolation)
    return pickAxes(
      scope,
      x,
      samplings.map((one) => one && countUp(one.length).map(one.position)),
    );
  const from = x.batched && !samplings[0] ? x : scope.whole(x);
  const lead = x.dims.length - scope.shapeOf(from).length;
  const id = samplings.slice(lead).reduce<string>((value, sampling, axis) => {
    if (!sampling) return value;
    const rows = interpolationRows(interpolation, x.dims[axis + lead], sampling.length, sampling.position);
    return addAxisMap(scope.builder, value, axis, rows);
  }, from.id);
  return scope.wrap(id, from);
}

/** The input index of output index `i`, by coordinate transformation and rounding mode. */
function nearestIndex(scope: Scope, scale: number, size: number, length: number): (i: number) => number {
  if (scope.opset < 11) return (i) => (scale < 1 ? Math.ceil(i / scale) : Math.floor(i / scale));
  const rounding = scope.string('nearest_mode', 'round_prefer_floor');
  if (!Object.hasOwn(ROUNDING, rounding)) throw malformed(`its nearest_mode is '${printable(rounding)}'.`);
  const round = ROUNDING[rounding as keyof typeof ROUNDING];
  const original = originalPosition(scope, scale, size, length);
  return (i) => round(original(i));
}

/** Where output index `i` lies in the input, by coordinate transformation. */
function originalPosition(scope: Scope, scale: number, size: number, length: number): (i: number) => number {
  if (scope.opset < 11) return (i) => i / scale;
  const transformation = scope.string('coordinate_transformation_mode', 'half_pixel');
  switch (transformation) {
    case 'half_pixel':
      return (i) => (i + 0.5) / scale - 0.5;
    case 'pytorch_half_pixel':
      return (i) => (length > 1 ? (i + 0.5) / scale - 0.5 : 0);
    case 'half_pixel_symmetric': {
      const adjustment = length / (scale * size);
      return (i) => (size / 2) * (1 - adjustment) + (i + 0.5) / scale - 0.5;
    }
    case 'align_corners':
      return (i) => (length > 1 ? (i * (size - 1)) / (length - 1) : 0);
    case 'asymmetric':
      return (i) => i / scale;
    case 'tf_half_pixel_for_nn':
      return (i) => (i + 0.5) / scale;
    default:
      throw unsupported(
        `coordinate_transformation_mode '${printable(transformation)}' is not supported: use 'asymmetric'.`,
      );
  }
}

const ROUNDING = {
  round_prefer_floor: (x: number) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x: number) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
};

function keepAspect(
  dims: readonly number[],
  axes: readonly number[],
  sizes: readonly number[],
  policy: string,
) {
  if (policy === 'stretch') return sizes;
  const ratios = axes.map((axis, i) => sizes[i] / dims[axis]);
  const scale = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
  return axes.map((axis) => Math.floor(scale * dims[axis] + 0.5));
}

function crop(scope: Scope, x: Data, pads: readonly (readonly [number, number])[]): Data {
  const starts = pads.map(([before]) => Math.max(-before, 0));
  const dims = x.dims.map((size, axis) => size - starts[axis] - Math.max(-pads[axis][1], 0));
  if (dims.some((size) => size < 1)) throw malformed('it crops everything.');
  return sliceData(scope, x, starts, new Array<number>(dims.length).fill(1), dims);
}

/** The value and pads for the graph's axes: the batch axis left out where it is not padded. */
function inSample(scope: Scope, x: Data, pads: readonly Padding[]): [Data, readonly Padding[]] {
  const stripped = x.batched && pads[0].every((count) => count === 0);
  return stripped ? [x, pads.slice(1)] : [scope.whole(x), pads];
}

/** Elements picked along several axes of an ONNX value. */
function pickAxes(scope: Scope, x: Data, picks: readonly (readonly number[] | undefined)[]): Data {
  const stripped = x.batched && !picks[0];
  return scope.pick(stripped ? x : scope.whole(x), stripped ? picks.slice(1) : picks);
}

function raise(text: string): never {
  throw malformed(text);
}
