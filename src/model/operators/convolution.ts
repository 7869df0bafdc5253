// Float reference of convolution and transposed convolution, accumulated in float64.
import type { NodeOf, Tensor } from '../graph.ts';

/**
 * Convolution of `[C, H, W]` by `[O, C / groups, kh, kw]` to the node's shape `[O, H', W']`: row `y` of the output reads
 * rows `y·stride − pad + k·dilation`, zero outside (ONNX Conv).
 */
export function conv2d(node: NodeOf<'conv2d'>, input: Tensor): Float32Array {
  const [, height, width] = input.shape as [number, number, number];
  const [outChannels, outHeight, outWidth] = node.shape as [number, number, number];
  const [, groupIn, kernelHeight, kernelWidth] = node.weight.shape as [number, number, number, number];
  const [strideY, strideX] = node.strides;
  const [padTop, padLeft] = node.pads;
  const [dilationY, dilationX] = node.dilations;
  const groupOut = outChannels / node.groups;
  const x = input.data;
  const w = node.weight.data;
  const out = new Float32Array(outChannels * outHeight * outWidth);
  // One output row at a time: the accumulators then stay in the first-level cache.
  const row = new Float64Array(outWidth);
  const ranges = Array.from({ length: kernelWidth }, (_, kx) =>
    validRange(kx * dilationX - padLeft, strideX, width, outWidth),
  );
  const firsts = Int32Array.from(ranges, ([from]) => from);
  const ends = Int32Array.from(ranges, ([, to]) => to);
  for (let y = 0; y < outHeight; y++) {
    for (let o = 0; o < outChannels; o++) {
      row.fill(node.bias ? node.bias.data[o] : 0);
      const firstIn = Math.floor(o / groupOut) * groupIn;
      for (let c = 0; c < groupIn; c++) {
        for (let ky = 0; ky < kernelHeight; ky++) {
          const inY = y * strideY - padTop + ky * dilationY;
          if (inY < 0 || inY >= height) continue;
          const base = ((firstIn + c) * height + inY) * width;
          for (let kx = 0; kx < kernelWidth; kx++) {
            const weight = w[((o * groupIn + c) * kernelHeight + ky) * kernelWidth + kx];
            if (weight === 0) continue;
            const offset = kx * dilationX - padLeft;
            const [from, to] = [firsts[kx], ends[kx]];
            for (let i = from, at = base + offset + from * strideX; i < to; i++, at += strideX) {
              row[i] += weight * x[at];
            }
          }
        }
      }
      out.set(row, (o * outHeight + y) * outWidth);
    }
  }
  return out;
}

/**
 * Transposed convolution of `[C, H, W]` by `[C, O / groups, kh, kw]`: every input element adds its kernel, scaled, at
 * `i·stride − pad + k·dilation`; what falls outside the node's shape is dropped (ONNX ConvTranspose).
 */
export function convTranspose2d(node: NodeOf<'convTranspose2d'>, input: Tensor): Float32Array {
  const [channels, height, width] = input.shape as [number, number, number];
  const [outChannels, outHeight, outWidth] = node.shape as [number, number, number];
  const [, groupOut, kernelHeight, kernelWidth] = node.weight.shape as [number, number, number, number];
  const [strideY, strideX] = node.strides;
  const [padTop, padLeft] = node.pads;
  const [dilationY, dilationX] = node.dilations;
  const groupIn = channels / node.groups;
  const sums = new Float64Array(outChannels * outHeight * outWidth);
  if (node.bias) {
    for (let o = 0; o < outChannels; o++) {
      sums.fill(node.bias.data[o], o * outHeight * outWidth, (o + 1) * outHeight * outWidth);
    }
  }
  for (let c = 0; c < channels; c++) {
    const firstOut = Math.floor(c / groupIn) * groupOut;
    for (let o = 0; o < groupOut; o++) {
      for (let ky = 0; ky < kernelHeight; ky++) {
        for (let kx = 0; kx < kernelWidth; kx++) {
          const weight = node.weight.data[((c * groupOut + o) * kernelHeight + ky) * kernelWidth + kx];
          const offset = kx * dilationX - padLeft;
          const [from, to] = validRange(offset, strideX, outWidth, width);
          for (let y = 0; y < height; y++) {
            const outY = y * strideY - padTop + ky * dilationY;
            if (outY < 0 || outY >= outHeight) continue;
            const base = ((firstOut + o) * outHeight + outY) * outWidth + offset;
            const from0 = (c * height + y) * width;
            for (let i = from; i < to; i++) sums[base + i * strideX] += weight * input.data[from0 + i];
          }
        }
      }
    }
  }
  return Float32Array.from(sums);
}

/** The indices `i` in `[from, to)` of `count` for which `i·stride + offset` lies in `[0, size)`. */
function validRange(offset: number, stride: number, size: number, count: number): [number, number] {
  const from = Math.max(0, Math.ceil(-offset / stride));
  const to = Math.min(count, Math.floor((size - 1 - offset) / stride) + 1);
  return [from, to];
}
