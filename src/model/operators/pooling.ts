// Float reference of average and maximum pooling.
import type { NodeOf, Tensor } from '../graph.ts';

/**
 * Mean over windows of `[C, H, W]`. The divisor counts window positions inside the input, or inside the padded input
 * where `countIncludePad`; positions beyond the padding (ceil mode) never count (ONNX AveragePool, PyTorch AvgPool2d).
 */
export function averagePool(node: NodeOf<'averagePool'>, input: Tensor): Float32Array {
  const [channels, height, width] = input.shape as [number, number, number];
  const [, outHeight, outWidth] = node.shape as [number, number, number];
  const [padTop, padLeft, padBottom, padRight] = node.pads;
  const out = new Float32Array(channels * outHeight * outWidth);
  for (let y = 0; y < outHeight; y++) {
    const top = y * node.strides[0] - padTop;
    const y0 = Math.max(top, 0);
    const y1 = Math.min(top + node.kernel[0], height);
    const rows = node.countIncludePad ? Math.min(top + node.kernel[0], height + padBottom) - top : y1 - y0;
    for (let x = 0; x < outWidth; x++) {
      const left = x * node.strides[1] - padLeft;
      const x0 = Math.max(left, 0);
      const x1 = Math.min(left + node.kernel[1], width);
      const columns = node.countIncludePad
        ? Math.min(left + node.kernel[1], width + padRight) - left
        : x1 - x0;
      const divisor = rows * columns;
      if (y1 <= y0 || x1 <= x0 || divisor <= 0) continue;
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let i = y0; i < y1; i++) {
          const base = (c * height + i) * width;
          for (let j = x0; j < x1; j++) sum += input.data[base + j];
        }
        out[(c * outHeight + y) * outWidth + x] = sum / divisor;
      }
    }
  }
  return out;
}

/** Largest value of each window of `[C, H, W]`; padding never wins (ONNX MaxPool). */
export function maxPool(node: NodeOf<'maxPool'>, input: Tensor): Float32Array {
  const [channels, height, width] = input.shape as [number, number, number];
  const [, outHeight, outWidth] = node.shape as [number, number, number];
  const out = new Float32Array(channels * outHeight * outWidth);
  for (let c = 0; c < channels; c++) {
    for (let y = 0; y < outHeight; y++) {
      for (let x = 0; x < outWidth; x++) {
        let largest = -Infinity;
        for (let ky = 0; ky < node.kernel[0]; ky++) {
          const i = y * node.strides[0] - node.pads[0] + ky * node.dilations[0];
          if (i < 0 || i >= height) continue;
          for (let kx = 0; kx < node.kernel[1]; kx++) {
            const j = x * node.strides[1] - node.pads[1] + kx * node.dilations[1];
            if (j < 0 || j >= width) continue;
            largest = Math.max(largest, input.data[(c * height + i) * width + j]);
          }
        }
        out[(c * outHeight + y) * outWidth + x] = largest;
      }
    }
  }
  return out;
}
