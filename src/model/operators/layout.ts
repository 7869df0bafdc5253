// Float reference of the operations that only move elements: transpose, pad, slice, concat, resize, depth to space.
import { elementCount } from '../graph.ts';
import type { NodeOf, Shape, Tensor } from '../graph.ts';

/** Distance in elements between neighbours along each axis of a C-ordered `shape`. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis];
  }
  return strides;
}

/**
 * Offsets `base + Σ index[axis]·strides[axis]` over all indices of `shape` in C order, handed to `visit` with their
 * running number. The one loop behind transpose, slice, pad, concat and broadcasting.
 */
export function forEachOffset(
  shape: Shape,
  strides: readonly number[],
  base: number,
  visit: (position: number, offset: number) => void,
): void {
  const count = elementCount(shape);
  const index = new Array<number>(shape.length).fill(0);
  let offset = base;
  for (let position = 0; position < count; position++) {
    visit(position, offset);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      offset += strides[axis];
      if (++index[axis] < shape[axis]) break;
      offset -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

/** Strides with which a tensor of `shape` is read as one of the wider shape `target` (NumPy broadcasting). */
export function broadcastStrides(shape: Shape, target: Shape): number[] {
  const own = stridesOf(shape);
  const missing = target.length - shape.length;
  return target.map((_, axis) => (axis < missing || shape[axis - missing] === 1 ? 0 : own[axis - missing]));
}

/** Axes reordered: output axis `i` is the input's `permutation[i]` (NumPy transpose). */
export function transpose(node: NodeOf<'transpose'>, input: Tensor): Float32Array {
  const strides = stridesOf(input.shape);
  return gather(
    node.shape,
    input.data,
    node.permutation.map((axis) => strides[axis]),
    0,
  );
}

/** Strided part of a tensor; steps may be negative. */
export function slice(node: NodeOf<'slice'>, input: Tensor): Float32Array {
  const strides = stridesOf(input.shape);
  const base = node.starts.reduce((sum, start, axis) => sum + start * strides[axis], 0);
  return gather(
    node.shape,
    input.data,
    strides.map((stride, axis) => stride * node.steps[axis]),
    base,
  );
}

/** Zeros around a tensor. */
export function pad(node: NodeOf<'pad'>, input: Tensor): Float32Array {
  const strides = stridesOf(node.shape);
  const out = new Float32Array(elementCount(node.shape));
  const base = node.pads.reduce((sum, [before], axis) => sum + before * strides[axis], 0);
  forEachOffset(input.shape, strides, base, (position, offset) => (out[offset] = input.data[position]));
  return out;
}

/** Tensors joined along one axis. */
export function concat(node: NodeOf<'concat'>, inputs: readonly Tensor[]): Float32Array {
  const strides = stridesOf(node.shape);
  const out = new Float32Array(elementCount(node.shape));
  let at = 0;
  for (const input of inputs) {
    const base = at * strides[node.axis];
    forEachOffset(input.shape, strides, base, (position, offset) => (out[offset] = input.data[position]));
    at += input.shape[node.axis];
  }
  return out;
}

/** Rows and columns of `[C, H, W]` copied by index lists. */
export function resizeNearest(node: NodeOf<'resizeNearest'>, input: Tensor): Float32Array {
  const [channels, height, width] = input.shape as [number, number, number];
  const out = new Float32Array(elementCount(node.shape));
  let at = 0;
  for (let c = 0; c < channels; c++) {
    for (const row of node.rows) {
      const base = (c * height + row) * width;
      for (const column of node.columns) out[at++] = input.data[base + column];
    }
  }
  return out;
}

/** Channels of `[C, H, W]` spread over blocks of `block × block` pixels (ONNX DepthToSpace). */
export function depthToSpace(node: NodeOf<'depthToSpace'>, input: Tensor): Float32Array {
  const [, height, width] = input.shape as [number, number, number];
  const [channels, outHeight, outWidth] = node.shape as [number, number, number];
  const { block } = node;
  const out = new Float32Array(channels * outHeight * outWidth);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++) {
        const cell = (y % block) * block + (x % block);
        const from = node.mode === 'DCR' ? cell * channels + c : c * block * block + cell;
        out[(c * outHeight + y) * outWidth + x] =
          input.data[(from * height + Math.floor(y / block)) * width + Math.floor(x / block)];
      }
    }
  }
  return out;
}

function gather(shape: Shape, data: Float32Array, strides: readonly number[], base: number): Float32Array {
  const out = new Float32Array(elementCount(shape));
  forEachOffset(shape, strides, base, (position, offset) => (out[position] = data[offset]));
  return out;
}
