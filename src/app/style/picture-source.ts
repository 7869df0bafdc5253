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

/** Which square is cut out of a picture. */
export interface Crop {
  /** 0 … 1 from the left and from the top: 0 at the edge, ½ in the middle, 1 at the other edge. */
  readonly x: number;
  readonly y: number;
  /** Its side, as a share of the picture's shorter one. */
  readonly size: number;
}

/** The largest square, from the middle. */
export const WHOLE_CROP: Crop = { x: 0.5, y: 0.5, size: 1 };

/**
 * Makes a picture ready: its styles' source for each crop.
 *
 * @throws SealedError `invalid-argument` for a picture that is too small
 */
export function openPicture(raster: Raster): (crop?: Crop) => PictureSource {
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
  const whole = imageOf(resample(raster, Math.round(width * scale), Math.round(height * scale)));
  return (crop = WHOLE_CROP) => ({
    whole,
    square: (side) => imageOf(resample(squareOf(raster, crop), side, side)),
  });
}

function squareOf({ width, height, data }: Raster, { x, y, size }: Crop): Raster {
  const side = Math.max(1, Math.round(size * Math.min(width, height)));
  const [left, top] = [Math.floor((width - side) * x), Math.floor((height - side) * y)];
  const square = emptyRaster(side, side);
  for (let row = 0; row < side; row += 1) {
    const from = 3 * ((row + top) * width + left);
    square.data.set(data.subarray(from, from + 3 * side), 3 * row * side);
  }
  return square;
}

function imageOf({ width, height, data }: Raster): Image {
  return { width, height, data: Float32Array.from(data, (byte) => byte / 255) };
}
