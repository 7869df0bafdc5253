// What the study's table counts: the difference from the reference and the share of pictures that are read, with intervals.
import { SealedError } from '../../base/errors.ts';
import { emptyRaster, type Raster } from '../../base/raster.ts';

/** Mean absolute difference of all bytes of two pictures of one size, of 1: the study's "reference diff". */
export function referenceDifference(picture: Raster, reference: Raster): number {
  if (picture.data.length !== reference.data.length) {
    throw new SealedError('invalid-argument', 'Only pictures of one size can be compared.', {
      stage: 'correct',
    });
  }
  let sum = 0;
  for (const [i, byte] of picture.data.entries()) sum += Math.abs(byte - reference.data[i]);
  return sum / (255 * picture.data.length);
}

/**
 * `picture` with each pixel `factor` × `factor` pixels (nearest neighbour), and `quiet` modules of white around it, a module
 * being one of its pixels: what a reader is shown.
 */
export function enlarged({ width, height, data }: Raster, factor: number, quiet: number): Raster {
  const [columns, rows] = [width + 2 * quiet, height + 2 * quiet];
  const result = emptyRaster(columns * factor, rows * factor);
  result.data.fill(255);
  for (let y = 0; y < height * factor; y++) {
    for (let x = 0; x < width * factor; x++) {
      const from = 3 * (Math.floor(y / factor) * width + Math.floor(x / factor));
      const to = 3 * ((y + quiet * factor) * columns * factor + x + quiet * factor);
      for (let c = 0; c < 3; c++) result.data[to + c] = data[from + c];
    }
  }
  return result;
}

/** A share or a mean with the ends of its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/** 97.5 % of a normal distribution lie below this. */
const Z = 1.959964;

/** The share `hits` of `count` with its interval (Wilson 1927, "Probable inference", without correction for continuity). */
export function shareOf(hits: number, count: number): Estimate {
  const share = hits / count;
  const weight = Z ** 2 / count;
  const centre = (share + weight / 2) / (1 + weight);
  const half = (Z / (1 + weight)) * Math.sqrt((share * (1 - share)) / count + weight / (4 * count));
  return { value: share, low: Math.max(0, centre - half), high: Math.min(1, centre + half), count };
}

/** The mean of `count` values of sum `sum` and sum of squares `squares`, with its interval; of one value alone, no interval. */
export function meanOf(sum: number, squares: number, count: number): Estimate {
  const value = sum / count;
  const variance = count < 2 ? 0 : Math.max(0, squares - count * value ** 2) / (count - 1);
  const half = Z * Math.sqrt(variance / count);
  return { value, low: value - half, high: value + half, count };
}
