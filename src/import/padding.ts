// Padding by a constant or by the tensor's own elements, added to a graph. Shared by all importers.
import { SealedError } from '../base/errors.ts';
import { elementCount } from '../model/graph.ts';
import type { ValueId } from '../model/graph.ts';
import { forEachOffset, stridesOf } from '../model/operators/layout.ts';
import { countUp } from './graph-builder.ts';
import type { GraphBuilder } from './graph-builder.ts';

/** Elements added `[before, after]` along one axis, none negative. */
export type Padding = readonly [number, number];

/** How a border repeats the tensor: mirrored without the edge, the edge itself, or from the other side. */
export type Border = 'reflect' | 'edge' | 'wrap';

/** Cuts away what negative pads say: the value without it, and the pads that are left. */
export function addCropping(
  builder: GraphBuilder,
  x: ValueId,
  pads: readonly Padding[],
): [ValueId, readonly Padding[]] {
  const shape = builder.shapeOf(x);
  const starts = pads.map(([before]) => Math.max(-before, 0));
  const sizes = shape.map((size, axis) => size - starts[axis] - Math.max(-pads[axis][1], 0));
  if (sizes.some((size) => size < 1)) {
    throw new SealedError('malformed-model', 'Its padding cuts everything away.', { stage: 'model' });
  }
  const rest = pads.map(([before, after]): Padding => [Math.max(before, 0), Math.max(after, 0)]);
  if (sizes.every((size, axis) => size === shape[axis])) return [x, rest];
  return [builder.add({ op: 'slice', starts, steps: shape.map(() => 1) }, [x], sizes), rest];
}

/** Adds `pads` of `value` around the tensor. */
export function addConstantPadding(
  builder: GraphBuilder,
  x: ValueId,
  pads: readonly Padding[],
  value: number,
): ValueId {
  const inner = builder.shapeOf(x);
  const shape = inner.map((size, axis) => size + pads[axis][0] + pads[axis][1]);
  const padded = builder.add({ op: 'pad', pads }, [x], shape);
  if (value === 0) return padded;
  // Padding by a value is padding by zero plus that value on the border.
  const count = elementCount(shape);
  builder.spendConstants(count);
  const data = new Float32Array(count).fill(value);
  const strides = stridesOf(shape);
  const base = pads.reduce((sum, [before], axis) => sum + before * strides[axis], 0);
  forEachOffset(inner, strides, base, (_, offset) => (data[offset] = 0));
  return builder.add({ op: 'addConstant', constant: { shape, data } }, [padded], shape);
}

/** Adds `pads` of the tensor's own elements around it; `malformed-model` where a mirror is larger than what it shows. */
export function addBorderPadding(
  builder: GraphBuilder,
  x: ValueId,
  pads: readonly Padding[],
  border: Border,
): ValueId {
  const picks = builder.shapeOf(x).map((size, axis) => {
    const [before, after] = pads[axis];
    if (before === 0 && after === 0) return undefined;
    const most = border === 'reflect' ? size - 1 : Infinity;
    if (before > most || after > most) {
      throw new SealedError(
        'malformed-model',
        `An axis of ${size} cannot be mirrored by ${before} and ${after}.`,
        {
          stage: 'model',
        },
      );
    }
    return countUp(before + size + after).map((i) => borderIndex(border, i - before, size));
  });
  return builder.pick(x, picks);
}

/** The element of `0 … size − 1` that stands at `i`, which may lie outside. */
function borderIndex(border: Border, i: number, size: number): number {
  if (border === 'edge') return Math.min(Math.max(i, 0), size - 1);
  if (border === 'wrap') return ((i % size) + size) % size;
  const period = 2 * (size - 1);
  const at = ((i % period) + period) % period;
  return at < size ? at : period - at;
}
