// What a picture is after it was saved as JPEG and read again: the study's pictures went through it.
import { decode, encode } from 'jpeg-js';
import type { Raster } from '../../base/raster.ts';

/** The quality that image libraries save with unless told otherwise. */
const QUALITY = 75;

/**
 * `picture` after a round trip through baseline JPEG (ITU-T T.81) of quality 75, colour planes at full size. The study's library
 * halves them by default, which blurs colours further; this one cannot.
 */
export function throughJpeg({ width, height, data }: Raster): Raster {
  const rgba = new Uint8Array(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) rgba.set(data.subarray(3 * i, 3 * i + 3), 4 * i);
  const saved = encode({ width, height, data: rgba }, QUALITY);
  const read = decode(saved.data, { useTArray: true, formatAsRGBA: false });
  return { width, height, data: read.data };
}
