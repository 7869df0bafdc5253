// PNG files of rasters, without a canvas: the same bytes in Node and in browsers.
import { decode, encode } from 'fast-png';
import { SealedError } from '../base/errors.ts';
import type { Raster } from '../base/raster.ts';

/** `raster` as an 8-bit RGB PNG (ISO/IEC 15948), no transparency, no metadata. */
export function encodePng(raster: Raster): Uint8Array {
  return encode({ width: raster.width, height: raster.height, data: raster.data, channels: 3, depth: 8 });
}

/**
 * The picture in an 8-bit PNG with colour or grey channels; transparency is dropped. Throws `invalid-argument` for
 * other bit depths and for bytes that are no PNG.
 */
export function decodePng(bytes: Uint8Array): Raster {
  const invalid = (message: string, cause?: unknown): SealedError =>
    new SealedError('invalid-argument', message, { stage: 'export', cause });
  let png: ReturnType<typeof decode>;
  try {
    png = decode(bytes);
  } catch (error) {
    throw invalid('This is not a PNG picture.', error);
  }
  if (png.depth !== 8 || png.palette) throw invalid('Only PNG pictures of 8 bits a channel can be read.');
  const { width, height, channels } = png;
  const data = new Uint8Array(width * height * 3);
  const colours = channels >= 3;
  for (let pixel = 0; pixel < width * height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      data[pixel * 3 + channel] = png.data[pixel * channels + (colours ? channel : 0)]!;
    }
  }
  return { width, height, data };
}
