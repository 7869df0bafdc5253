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
