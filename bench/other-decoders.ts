// Two decoders that steered nothing: jsQR, and that of paulmillr's qr. A style must not be made for zxing and zbar alone.
import jsqr from 'jsqr';
import decodeQr from 'qr/decode.js';
import type { Raster } from '../src/base/raster.ts';

/** Longer than any code takes: whether it is read must not depend on the machine. */
const UNHURRIED_MS = 60_000;

function rgbaOf({ width, height, data }: Raster): Uint8ClampedArray {
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i += 1) {
    for (let c = 0; c < 3; c += 1) rgba[4 * i + c] = data[3 * i + c];
  }
  return rgba;
}

/** By name: the text that the decoder reads in a picture, or null. */
export const OTHER_DECODERS: Readonly<Record<'jsqr' | 'qr', (raster: Raster) => string | null>> = {
  jsqr: (raster) =>
    jsqr(rgbaOf(raster), raster.width, raster.height, { inversionAttempts: 'dontInvert' })?.data ?? null,
  qr: (raster) => {
    const image = { width: raster.width, height: raster.height, data: rgbaOf(raster) };
    try {
      return decodeQr(image, { timeLimit: UNHURRIED_MS });
    } catch {
      // It throws where it finds none.
      return null;
    }
  },
};
