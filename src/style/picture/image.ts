// Pictures as numbers: RGB in 0 … 1, their luma, blurs, box means and percentiles.

/** RGB in 0 … 1, row by row. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/** The luma of every pixel, 0 … 1: what scanners see (Rec. 601, of gamma-coded values). */
export function lumaOf({ data }: Pick<Image, 'data'>): Float32Array {
  return Float32Array.from(
    { length: data.length / 3 },
    (_, i) => 0.299 * data[3 * i] + 0.587 * data[3 * i + 1] + 0.114 * data[3 * i + 2],
  );
}

/** `values` blurred nearly as by a Gaussian of `sigma` pixels, by three running means in each direction; edges repeated. */
export function blurred(values: Float32Array, width: number, height: number, sigma: number): Float32Array {
  let made = values;
  for (const reach of reaches(sigma)) {
    made = runningMean(made, reach, { length: width, step: 1, lines: height, line: width });
    made = runningMean(made, reach, { length: height, step: width, lines: width, line: 1 });
  }
  return made;
}

/** How far each of three means reaches to both sides, so that their variances add up to `sigma`². */
function reaches(sigma: number): readonly number[] {
  const width = Math.sqrt(4 * sigma * sigma + 1);
  const small = Math.floor((width - 1) / 2);
  const variance = (reach: number): number => ((2 * reach + 1) ** 2 - 1) / 12;
  const larger = Math.round((sigma * sigma - 3 * variance(small)) / (variance(small + 1) - variance(small)));
  return [0, 1, 2].map((k) => small + Number(k < larger));
}

/** Where the rows, or the columns, of a field lie: `lines` of them, `line` apart, of `length` values, `step` apart. */
interface Rows {
  readonly length: number;
  readonly step: number;
  readonly lines: number;
  readonly line: number;
}

function runningMean(values: Float32Array, reach: number, { length, step, lines, line }: Rows): Float32Array {
  const means = new Float32Array(values.length);
  for (let l = 0; l < lines; l += 1) {
    const at = (i: number): number => values[l * line + (i < 0 ? 0 : i < length ? i : length - 1) * step];
    let sum = 0;
    for (let i = -reach; i <= reach; i += 1) sum += at(i);
    for (let i = 0; i < length; i += 1) {
      means[l * line + i * step] = sum / (2 * reach + 1);
      sum += at(i + reach + 1) - at(i - reach);
    }
  }
  return means;
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
  const means = new Float32Array(across * down);
  for (let y = 0; y < down; y += 1) {
    const [upper, lower] = [y * (width + 1), (y + size) * (width + 1)];
    for (let x = 0; x < across; x += 1) {
      const sum = sums[lower + x + size] - sums[upper + x + size] - sums[lower + x] + sums[upper + x];
      means[y * across + x] = sum / (size * size);
    }
  }
  return means;
}

/** Of more values than these every so manieth is looked at. */
const LOOKED_AT = 10_000;

/** The value below which the share `q` of `values` lies; of many values, nearly. */
export function quantile(values: ArrayLike<number>, q: number): number {
  const stride = Math.ceil(values.length / LOOKED_AT);
  const sorted = new Float32Array(Math.ceil(values.length / stride));
  for (let i = 0; i < sorted.length; i += 1) sorted[i] = values[i * stride];
  sorted.sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

/** `value` held to `low` … `high`. */
export function held(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
