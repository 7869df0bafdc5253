// Every linear layer as a sparse map: one small function each. A new linear layer is one more of them.
import { elementCount, type Node, type NodeOf, type Shape } from '../../model/graph.ts';
import { broadcastStrides, forEachOffset, stridesOf } from '../../model/operators/layout.ts';
import { gatherMatrix, identityMatrix, MatrixBuilder, type SparseMap } from './sparse-map.ts';

type Volume = readonly [number, number, number];

/** Convolution (ONNX Conv): strides, padding, dilation, groups. */
function conv2d(node: NodeOf<'conv2d'>, shape: Shape): SparseMap {
  const [channels, height, width] = shape as Volume;
  const [outputs, outHeight, outWidth] = node.shape as Volume;
  const [, perGroup, kernelHeight, kernelWidth] = node.weight.shape;
  const groupOutputs = outputs / node.groups;
  const size = elementCount(node.shape);
  const entries = size * perGroup * kernelHeight * kernelWidth;
  const builder = new MatrixBuilder(size, channels * height * width, entries);
  const bias = new Float64Array(size);
  let row = 0;
  for (let o = 0; o < outputs; o += 1) {
    const firstIn = Math.floor(o / groupOutputs) * perGroup;
    for (let y = 0; y < outHeight; y += 1) {
      for (let x = 0; x < outWidth; x += 1, row += 1) {
        bias[row] = node.bias?.data[o] ?? 0;
        for (let c = 0; c < perGroup; c += 1) {
          for (let ky = 0; ky < kernelHeight; ky += 1) {
            const inY = y * node.strides[0] - node.pads[0] + ky * node.dilations[0];
            if (inY < 0 || inY >= height) continue;
            const weights = ((o * perGroup + c) * kernelHeight + ky) * kernelWidth;
            for (let kx = 0; kx < kernelWidth; kx += 1) {
              const inX = x * node.strides[1] - node.pads[1] + kx * node.dilations[1];
              if (inX < 0 || inX >= width) continue;
              builder.add(((firstIn + c) * height + inY) * width + inX, node.weight.data[weights + kx]);
            }
          }
        }
        builder.endRow();
      }
    }
  }
  return { matrix: builder.finish(), bias };
}

/** Transposed convolution (ONNX ConvTranspose): output y collects input i under kernel row k where i·stride − pad + k·dilation = y. */
function convTranspose2d(node: NodeOf<'convTranspose2d'>, shape: Shape): SparseMap {
  const [channels, height, width] = shape as Volume;
  const [outputs, outHeight, outWidth] = node.shape as Volume;
  const [, perGroup, kernelHeight, kernelWidth] = node.weight.shape;
  const groupInputs = channels / node.groups;
  const builder = new MatrixBuilder(elementCount(node.shape), channels * height * width);
  const bias = new Float64Array(elementCount(node.shape));
  let row = 0;
  const source = (at: number, k: number, axis: 0 | 1, size: number): number => {
    const scaled = at + node.pads[axis] - k * node.dilations[axis];
    const index = scaled / node.strides[axis];
    return Number.isInteger(index) && index >= 0 && index < size ? index : -1;
  };
  for (let o = 0; o < outputs; o += 1) {
    const firstIn = Math.floor(o / perGroup) * groupInputs;
    for (let y = 0; y < outHeight; y += 1) {
      for (let x = 0; x < outWidth; x += 1, row += 1) {
        bias[row] = node.bias?.data[o] ?? 0;
        for (let ky = 0; ky < kernelHeight; ky += 1) {
          const inY = source(y, ky, 0, height);
          if (inY < 0) continue;
          for (let kx = 0; kx < kernelWidth; kx += 1) {
            const inX = source(x, kx, 1, width);
            if (inX < 0) continue;
            for (let c = firstIn; c < firstIn + groupInputs; c += 1) {
              const weight = ((c * perGroup + (o % perGroup)) * kernelHeight + ky) * kernelWidth + kx;
              builder.add((c * height + inY) * width + inX, node.weight.data[weight]);
            }
          }
        }
        builder.endRow();
      }
    }
  }
  return { matrix: builder.finish(), bias };
}

/** Dense layer over the last axis. */
function linear(node: NodeOf<'linear'>, shape: Shape): SparseMap {
  const [outputs, inputs] = node.weight.shape;
  const count = elementCount(shape);
  const rows = count / inputs;
  const bias = new Float64Array(rows * outputs);
  // The largest maps there are: filled in place.
  const rowStart = new Int32Array(rows * outputs + 1);
  const weights = node.weight.data.reduce((sum, weight) => sum + (weight === 0 ? 0 : 1), 0);
  const columns = new Int32Array(rows * weights);
  const values = new Float64Array(rows * weights);
  let at = 0;
  for (let row = 0; row < rows; row += 1) {
    for (let o = 0; o < outputs; o += 1) {
      bias[row * outputs + o] = node.bias?.data[o] ?? 0;
      for (let i = 0; i < inputs; i += 1) {
        const weight = node.weight.data[o * inputs + i];
        if (weight === 0) continue;
        columns[at] = row * inputs + i;
        values[at] = weight;
        at += 1;
      }
      rowStart[row * outputs + o + 1] = at;
    }
  }
  return { matrix: { rowCount: rows * outputs, columnCount: count, rowStart, columns, values }, bias };
}

/** Average pool; the divisor as in the float executor (ceil mode never counts what lies beyond the padding). */
function averagePool(node: NodeOf<'averagePool'>, shape: Shape): SparseMap {
  const [channels, height, width] = shape as Volume;
  const [, outHeight, outWidth] = node.shape as Volume;
  const [padTop, padLeft, padBottom, padRight] = node.pads;
  const builder = new MatrixBuilder(elementCount(node.shape), channels * height * width);
  for (let c = 0; c < channels; c += 1) {
    for (let y = 0; y < outHeight; y += 1) {
      const top = y * node.strides[0] - padTop;
      const [y0, y1] = [Math.max(top, 0), Math.min(top + node.kernel[0], height)];
      const rows = node.countIncludePad ? Math.min(top + node.kernel[0], height + padBottom) - top : y1 - y0;
      for (let x = 0; x < outWidth; x += 1) {
        const left = x * node.strides[1] - padLeft;
        const [x0, x1] = [Math.max(left, 0), Math.min(left + node.kernel[1], width)];
        const columns = node.countIncludePad
          ? Math.min(left + node.kernel[1], width + padRight) - left
          : x1 - x0;
        for (let i = y0; i < y1; i += 1) {
          for (let j = x0; j < x1; j += 1) builder.add((c * height + i) * width + j, 1 / (rows * columns));
        }
        builder.endRow();
      }
    }
  }
  return { matrix: builder.finish(), bias: undefined };
}

function mulConstant(node: NodeOf<'mulConstant'>, shape: Shape): SparseMap {
  const weights = broadcast(node.constant.data, node.constant.shape, shape);
  const same = Int32Array.from({ length: weights.length }, (_, i) => i);
  return { matrix: gatherMatrix(same, weights.length, (row) => weights[row]), bias: undefined };
}

function addConstant(node: NodeOf<'addConstant'>, shape: Shape): SparseMap {
  const bias = broadcast(node.constant.data, node.constant.shape, shape);
  return { matrix: identityMatrix(bias.length), bias };
}

/** `constant` spread over `shape` (NumPy rules). */
function broadcast(data: Float32Array, from: Shape, shape: Shape): Float64Array {
  const out = new Float64Array(elementCount(shape));
  forEachOffset(shape, broadcastStrides(from, shape), 0, (at, offset) => (out[at] = data[offset]));
  return out;
}

/** The map that copies element `sources[i]` to i; −1 leaves a zero. */
function move(sources: Int32Array, shape: Shape): SparseMap {
  return { matrix: gatherMatrix(sources, elementCount(shape)), bias: undefined };
}

/** Where the elements of a strided view of `shape` come from. */
function strided(out: Shape, strides: readonly number[], base: number): Int32Array {
  const sources = new Int32Array(elementCount(out));
  forEachOffset(out, strides, base, (at, offset) => (sources[at] = offset));
  return sources;
}

function transpose(node: NodeOf<'transpose'>, shape: Shape): SparseMap {
  const strides = stridesOf(shape);
  const reordered = node.permutation.map((axis) => strides[axis]);
  return move(strided(node.shape, reordered, 0), shape);
}

function slice(node: NodeOf<'slice'>, shape: Shape): SparseMap {
  const strides = stridesOf(shape);
  const base = node.starts.reduce((sum, start, axis) => sum + start * strides[axis], 0);
  const stepped = strides.map((stride, axis) => stride * node.steps[axis]);
  return move(strided(node.shape, stepped, base), shape);
}

function pad(node: NodeOf<'pad'>, shape: Shape): SparseMap {
  const strides = stridesOf(node.shape);
  const base = node.pads.reduce((sum, [before], axis) => sum + before * strides[axis], 0);
  const sources = new Int32Array(elementCount(node.shape)).fill(-1);
  forEachOffset(shape, strides, base, (at, offset) => (sources[offset] = at));
  return move(sources, shape);
}

function resizeNearest(node: NodeOf<'resizeNearest'>, shape: Shape): SparseMap {
  const [channels, height, width] = shape as Volume;
  const sources: number[] = [];
  for (let c = 0; c < channels; c += 1) {
    for (const row of node.rows) {
      for (const column of node.columns) sources.push((c * height + row) * width + column);
    }
  }
  return move(Int32Array.from(sources), shape);
}

function depthToSpace(node: NodeOf<'depthToSpace'>, shape: Shape): SparseMap {
  const [, height, width] = shape as Volume;
  const [channels, outHeight, outWidth] = node.shape as Volume;
  const { block } = node;
  const sources = new Int32Array(elementCount(node.shape));
  let at = 0;
  for (let c = 0; c < channels; c += 1) {
    for (let y = 0; y < outHeight; y += 1) {
      for (let x = 0; x < outWidth; x += 1, at += 1) {
        const cell = (y % block) * block + (x % block);
        const from = node.mode === 'DCR' ? cell * channels + c : c * block * block + cell;
        sources[at] = (from * height + Math.floor(y / block)) * width + Math.floor(x / block);
      }
    }
  }
  return move(sources, shape);
}

/** The map by which input `index` of a concatenation enters the result. */
export function concatPart(node: NodeOf<'concat'>, shapes: readonly Shape[], index: number): SparseMap {
  const strides = stridesOf(node.shape);
  const before = shapes.slice(0, index).reduce((sum, shape) => sum + shape[node.axis], 0);
  const sources = new Int32Array(elementCount(node.shape)).fill(-1);
  forEachOffset(shapes[index], strides, before * strides[node.axis], (at, to) => (sources[to] = at));
  return move(sources, shapes[index]);
}

/** The sparse map of a layer with one input of `shape`; undefined for layers that are not linear in one input. */
export function linearMap(node: Node, shape: Shape): SparseMap | undefined {
  switch (node.op) {
    case 'conv2d':
      return conv2d(node, shape);
    case 'convTranspose2d':
      return convTranspose2d(node, shape);
    case 'linear':
      return linear(node, shape);
    case 'averagePool':
      return averagePool(node, shape);
    case 'mulConstant':
      return mulConstant(node, shape);
    case 'addConstant':
      return addConstant(node, shape);
    case 'transpose':
      return transpose(node, shape);
    case 'slice':
      return slice(node, shape);
    case 'pad':
      return pad(node, shape);
    case 'resizeNearest':
      return resizeNearest(node, shape);
    case 'depthToSpace':
      return depthToSpace(node, shape);
    default:
      return undefined;
  }
}
