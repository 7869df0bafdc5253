// Pictures of codes: checked, and resampled.
import { SealedError } from '../base/errors.ts';
import { emptyRaster, type Raster } from '../base/raster.ts';

/** Throws `invalid-argument` unless `raster` holds width × height × 3 bytes. */
export function checkRaster(raster: Raster): void {
  if (raster.width < 1 || raster.height < 1 || raster.data.length !== raster.width * raster.height * 3) {
    throw new SealedError('invalid-argument', 'A picture must hold 3 bytes for each of its pixels.', {
      stage: 'correct',
      detail: { width: raster.width, height: raster.height, bytes: raster.data.length },
    });
  }
}

/** Which pixels of a line of `from` pixels make up each pixel of a line of `to`: first pixel and `taps` weights. */
interface LineFilter {
  readonly taps: number;
  readonly starts: Int32Array;
  readonly weights: Float32Array;
}

function lineFilter(from: number, to: number): LineFilter {
  const ratio = from / to;
  // Enlarging: the triangle of bilinear interpolation. Reducing: the same triangle, as wide as the step.
  const reach = Math.max(1, ratio);
  const taps = Math.min(from, Math.ceil(2 * reach) + 1);
  const starts = new Int32Array(to);
  const weights = new Float32Array(to * taps);
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * ratio;
    const start = Math.min(from - taps, Math.max(0, Math.floor(centre - reach)));
    starts[i] = start;
    const line = weights.subarray(i * taps, (i + 1) * taps);
    for (let j = 0; j < taps; j++) line[j] = Math.max(0, 1 - Math.abs(start + j + 0.5 - centre) / reach);
    const sum = line.reduce((total, weight) => total + weight, 0);
    for (let j = 0; j < taps; j++) line[j] /= sum;
  }
  return { taps, starts, weights };
}

/** `raster` at `width` × `height` pixels: bilinear when enlarging, a triangle filter over the area when reducing. */
export function resample(raster: Raster, width: number, height: number): Raster {
  const across = lineFilter(raster.width, width);
  const down = lineFilter(raster.height, height);
  const { data } = raster;
  const rowLength = width * 3;
  const narrow = new Float32Array(rowLength * raster.height);
  for (let y = 0, out = 0; y < raster.height; y++) {
    for (let x = 0; x < width; x++, out += 3) {
      let at = (y * raster.width + across.starts[x]) * 3;
      let r = 0;
      let g = 0;
      let b = 0;
      for (let j = x * across.taps; j < (x + 1) * across.taps; j++, at += 3) {
        const weight = across.weights[j];
        r += weight * data[at];
        g += weight * data[at + 1];
        b += weight * data[at + 2];
      }
      narrow[out] = r;
      narrow[out + 1] = g;
      narrow[out + 2] = b;
    }
  }
  const result = emptyRaster(width, height);
  const row = new Float32Array(rowLength);
  for (let y = 0; y < height; y++) {
    row.fill(0.5);
    for (let j = 0; j < down.taps; j++) {
      const weight = down.weights[y * down.taps + j];
      if (weight === 0) continue;
      const from = (down.starts[y] + j) * rowLength;
      for (let i = 0; i < rowLength; i++) row[i] += weight * narrow[from + i];
    }
    // The half it began with makes the truncation of a byte array round.
    result.data.set(row, y * rowLength);
  }
  return result;
}
