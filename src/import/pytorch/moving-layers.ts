// torch.nn layers that pad, resize and rearrange.
import { elementCount } from '../../model/graph.ts';
import type { ValueId } from '../../model/graph.ts';
import { addAxisMap, interpolationRows } from '../axis-maps.ts';
import type { Interpolation } from '../axis-maps.ts';
import { countUp } from '../graph-builder.ts';
import { addBorderPadding, addConstantPadding, addCropping } from '../padding.ts';
import type { Border, Padding } from '../padding.ts';
import { malformed, unsupported } from './layer-scope.ts';
import type { LayerImporter, LayerScope } from './layer-scope.ts';

/** ZeroPad, ConstantPad and those that repeat the border. */
export function padding(border: Border | undefined): LayerImporter {
  return (scope) => {
    const numbers = scope.numbers('padding') ?? [];
    const [left, right = left, top = left, bottom = top] = numbers.length === 1 ? [numbers[0]] : numbers;
    const rank = scope.shape.length;
    const sides = scope.flat ? [[left, right]] : [[top, bottom], [left, right]]; // prettier-ignore
    if (![left, right, top, bottom].every((size) => Number.isSafeInteger(size)) || rank < sides.length) {
      throw malformed('its padding is not whole.');
    }
    const given = scope.shape.map((_, axis): Padding => {
      const [before, after] = sides[axis - rank + sides.length] ?? [0, 0];
      return [before, after];
    });
    const [x, pads] = addCropping(scope.builder, scope.input, given);
    if (pads.every(([before, after]) => before === 0 && after === 0)) return x;
    if (border) return addBorderPadding(scope.builder, x, pads, border);
    return addConstantPadding(scope.builder, x, pads, scope.number('value', 0));
  };
}

/** PixelShuffle: channels into blocks of pixels. */
export function pixelShuffle(scope: LayerScope): ValueId {
  const block = scope.number('upscale_factor', scope.number('argument0', 0));
  const [channels, height, width] = scope.shape;
  const fits =
    scope.shape.length === 3 && Number.isInteger(block) && block >= 1 && channels % (block * block) === 0;
  if (!fits) throw malformed(`${scope.shape.join('×')} cannot be shuffled by ${block}.`);
  const shape = [channels / (block * block), height * block, width * block];
  return scope.builder.add({ op: 'depthToSpace', block, mode: 'CRD' }, [scope.input], shape);
}

/** PixelUnshuffle: blocks of pixels into channels, in the order that PixelShuffle reads. */
export function pixelUnshuffle(scope: LayerScope): ValueId {
  const block = scope.number('downscale_factor', scope.number('argument0', 0));
  const [channels, height, width] = scope.shape;
  const [rows, columns] = [height / block, width / block];
  if (scope.shape.length !== 3 || !(block >= 1) || ![block, rows, columns].every(Number.isInteger)) {
    throw malformed(`${scope.shape.join('×')} cannot be unshuffled by ${block}.`);
  }
  const { builder } = scope;
  const cells = builder.reshape(scope.input, [channels, rows, block, columns, block]);
  const moved = builder.add(
    { op: 'transpose', permutation: [0, 2, 4, 1, 3] },
    [cells],
    [channels, block, block, rows, columns],
  );
  return builder.reshape(moved, [channels * block * block, rows, columns]);
}

/** ChannelShuffle: channels of several groups taken in turn. */
export function channelShuffle(scope: LayerScope): ValueId {
  const groups = scope.number('groups', scope.number('argument0', 0));
  const { shape, builder } = scope;
  const [channels, ...plane] = shape;
  if (!(groups >= 1) || channels % groups !== 0)
    throw malformed(`${channels} channels do not divide into ${groups} groups.`);
  const size = elementCount(plane);
  const grouped = builder.reshape(scope.input, [groups, channels / groups, size]);
  const moved = builder.add(
    { op: 'transpose', permutation: [1, 0, 2] },
    [grouped],
    [channels / groups, groups, size],
  );
  return builder.reshape(moved, shape);
}

const INTERPOLATIONS: Readonly<Record<string, Interpolation>> = {
  linear: { kind: 'linear' },
  bilinear: { kind: 'linear' },
  bicubic: { kind: 'cubic', a: -0.75, excludeOutside: false },
};

/** Upsample in its modes, and the older names of two of them. */
export function upsample(scope: LayerScope): ValueId {
  const isBilinear = scope.layer.type === 'UpsamplingBilinear2d';
  const mode = scope.text('mode', isBilinear ? 'bilinear' : 'nearest');
  const interpolation = Object.hasOwn(INTERPOLATIONS, mode) ? INTERPOLATIONS[mode] : undefined;
  if (!interpolation && mode !== 'nearest' && mode !== 'nearest-exact') {
    throw unsupported(`mode '${mode}' is not supported: use 'nearest', 'bilinear' or 'bicubic'.`);
  }
  const { shape, builder } = scope;
  const spatial = shape.slice(1);
  if (spatial.length < 1 || spatial.length > 2) throw malformed('its input has no height and width.');
  const along = (name: string): number[] | undefined => {
    const given = scope.numbers(name);
    return given && spatial.map((_, axis) => given[axis] ?? given[0]);
  };
  const sizes = along('size');
  const scales = sizes?.map((size, axis) => size / spatial[axis]) ?? along('scale_factor');
  if (!scales) throw malformed('its scale_factor is missing.');
  const corners = scope.flag('align_corners', isBilinear);
  return spatial.reduce<ValueId>((x, size, axis) => {
    const [scale, count] = [scales[axis], sizes?.[axis] ?? Math.floor(size * scales[axis])];
    if (!(count >= 1 && count <= 2 ** 22)) throw malformed(`it cannot resize ${size} by ${scale}.`);
    if (interpolation) {
      const position = (i: number): number =>
        corners ? (count > 1 ? (i * (size - 1)) / (count - 1) : 0) : (i + 0.5) / scale - 0.5;
      return addAxisMap(builder, x, axis + 1, interpolationRows(interpolation, size, count, position));
    }
    const shift = mode === 'nearest' ? 0 : 0.5;
    const indices = countUp(count).map((i) => Math.min(Math.floor((i + shift) / scale), size - 1));
    return addAxisMap(
      builder,
      x,
      axis + 1,
      indices.map((index) => [[index, 1]]),
    );
  }, scope.input);
}
