// 8-bit RGB pictures and their colours: what every room that draws or reads pictures shares.

/** 8-bit RGB picture, row-major, 3 bytes a pixel. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** A colour, each channel 0..255 (sRGB). */
export type Rgb = readonly [number, number, number];

/** A black raster of `width` × `height` pixels. */
export function emptyRaster(width: number, height: number): Raster {
  return { width, height, data: new Uint8Array(width * height * 3) };
}

/** A raster of one colour. */
export function filledRaster(width: number, height: number, colour: Rgb): Raster {
  const raster = emptyRaster(width, height);
  const { data } = raster;
  // Twice what is there, again and again: far quicker than pixel by pixel.
  data.set(colour);
  for (let filled = 3; filled < data.length; filled *= 2) data.copyWithin(filled, 0, filled);
  return raster;
}
