// A person's picture as its styles are made from it: scaled as a whole, and cut to squares.
import { SealedError } from '../../base/errors.ts';
import { emptyRaster, type Raster } from '../../base/raster.ts';
import { resample } from '../../qr/raster.ts';
import type { PictureSource } from '../../style/picture/fields.ts';
import type { Image } from '../../style/picture/image.ts';

/** Shorter side of the whole picture: strokes are about a module wide then. */
const SHORT_SIDE = 340;

/** Least side of a picture, in pixels: with less there is nothing to quilt. */
const LEAST_SIDE = 48;

/** Where a square is cut out of a picture: 0 … 1 from its left and top, ½ for the middle. */
export interface Crop {
  readonly x: number;
  readonly y: number;
}

/**
 * `raster` as a source of styles, squares cut at `crop`.
 *
 * @throws SealedError `invalid-argument` for a picture that is too small
 */
export function pictureSource(raster: Raster, crop: Crop = { x: 0.5, y: 0.5 }): PictureSource {
  const { width, height } = raster;
  const short = Math.min(width, height);
  if (short < LEAST_SIDE) {
    throw new SealedError(
      'invalid-argument',
      `A picture needs ${LEAST_SIDE} pixels along each side; this one has ${width} × ${height}.`,
      { stage: 'style' },
    );
  }
  const scale = SHORT_SIDE / short;
  return {
    whole: imageOf(resample(raster, Math.round(width * scale), Math.round(height * scale))),
    square: (side) => imageOf(resample(squareOf(raster, short, crop), side, side)),
  };
}

function squareOf({ width, height, data }: Raster, side: number, crop: Crop): Raster {
  const [left, top] = [Math.floor((width - side) * crop.x), Math.floor((height - side) * crop.y)];
  const square = emptyRaster(side, side);
  for (let y = 0; y < side; y += 1) {
    const from = 3 * ((y + top) * width + left);
    square.data.set(data.subarray(from, from + 3 * side), 3 * y * side);
  }
  return square;
}

function imageOf({ width, height, data }: Raster): Image {
  return { width, height, data: Float32Array.from(data, (byte) => byte / 255) };
}
