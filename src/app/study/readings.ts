// From a network's values to bytes: clamped, or wrapped as the study's unchecked cast does.
import { emptyRaster, type Raster } from '../../base/raster.ts';

/** How values become bytes. */
export const READINGS = ['clamped', 'wrapped'] as const;

/** One of {@link READINGS}. */
export type Reading = (typeof READINGS)[number];

/** The byte that `wrapped` makes of a value: without its fraction, and the last eight bits of what is left. */
function wrappedByte(value: number): number {
  return Math.trunc(value * 255) & 255;
}

/**
 * `planes`, `[3, n, n]` of 0 to 1 or a little beyond, as a picture. `clamped` rounds value × 255 and keeps it between 0 and 255;
 * `wrapped` is `(y * 255).astype(uint8)` of NumPy: it cuts the fraction off and keeps eight bits, so that 1.004 becomes 0.
 */
export function readPicture(planes: ArrayLike<number>, reading: Reading): Raster {
  const pixels = planes.length / 3;
  const side = Math.sqrt(pixels);
  const picture = emptyRaster(side, side);
  for (let i = 0; i < planes.length; i++) {
    const byte =
      reading === 'wrapped'
        ? wrappedByte(planes[i])
        : Math.min(255, Math.max(0, Math.round(planes[i] * 255)));
    picture.data[3 * (i % pixels) + Math.floor(i / pixels)] = byte;
  }
  return picture;
}
