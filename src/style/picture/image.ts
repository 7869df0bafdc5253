// Pictures as numbers: RGB in 0 … 1, their luma, blurs, box means and percentiles.
import { exp } from '../../base/exact-math.ts';

/** RGB in 0 … 1, row by row. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** The luma of every pixel, 0 … 1: what scanners see (Rec. 601, of gamma-coded values). */
export function lumaOf({ data }: Image): Float32Array {
  return Float32Array.from(
    { length: data.length / 3 },
    (_, i) => 0.299 * data[3 * i] + 0.587 * data[3 * i + 1] + 0.114 * data[3 * i + 2],
  );
}

/** `values` blurred by a Gaussian of `sigma` pixels, edges repeated. */
export function blurred(values: Float32Array, width: number, height: number, sigma: number): Float32Array {
  const reach = Math.ceil(3 * sigma);
  const kernel = Float64Array.from({ length: 2 * reach + 1 }, (_, i) =>
    exp(-((i - reach) * (i - reach)) / (2 * sigma * sigma)),
  );
  const total = kernel.reduce((sum, value) => sum + value, 0);
  const along = (
    from: Float32Array,
    length: number,
    step: number,
    lines: number,
    line: number,
  ): Float32Array => {
    const to = new Float32Array(from.length);
    for (let l = 0; l < lines; l += 1) {
      for (let i = 0; i < length; i += 1) {
        let sum = 0;
        for (let k = -reach; k <= reach; k += 1) {
          const at = Math.min(length - 1, Math.max(0, i + k));
          sum += kernel[k + reach] * from[l * line + at * step];
        }
        to[l * line + i * step] = sum / total;
      }
    }
    return to;
  };
  return along(along(values, width, 1, height, width), height, width, width, 1);
}

/** Means over all `size`² squares: `[height − size + 1, width − size + 1]`, by their upper left corners. */
export function boxMeans(values: Float32Array, width: number, height: number, size: number): Float32Array {
  const sums = new Float64Array((height + 1) * (width + 1));
  for (let y = 0; y < height; y += 1) {
    for (let x = 0, row = 0; x < width; x += 1) {
      row += values[y * width + x];
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row;
    }
  }
  const [across, down] = [width - size + 1, height - size + 1];
  const at = (y: number, x: number): number => sums[y * (width + 1) + x];
  return Float32Array.from({ length: across * down }, (_, i) => {
    const [y, x] = [Math.floor(i / across), i % across];
    return (at(y + size, x + size) - at(y, x + size) - at(y + size, x) + at(y, x)) / (size * size);
  });
}

/** The value below which the share `q` of `values` lies. */
export function quantile(values: ArrayLike<number>, q: number): number {
  const sorted = Float32Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

/** `value` held to `low` … `high`. */
export function held(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
