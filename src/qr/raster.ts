// 8-bit RGB pictures: the plain drawing of a code, resampling, framing.
import { SealedError } from '../base/errors.ts';
import type { QrCode } from './matrix.ts';

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
  for (let at = 0; at < data.length; at += 3) data.set(colour, at);
  return raster;
}

/** Throws `invalid-argument` unless `raster` holds width × height × 3 bytes. */
export function checkRaster(raster: Raster): void {
  if (raster.width < 1 || raster.height < 1 || raster.data.length !== raster.width * raster.height * 3) {
    throw new SealedError('invalid-argument', 'A picture must hold 3 bytes for each of its pixels.', {
      stage: 'correct',
      detail: { width: raster.width, height: raster.height, bytes: raster.data.length },
    });
  }
}

/** `raster` with `border` pixels of `colour` on each side. */
export function frameRaster(raster: Raster, border: number, colour: Rgb): Raster {
  const framed = filledRaster(raster.width + 2 * border, raster.height + 2 * border, colour);
  const rowBytes = raster.width * 3;
  for (let y = 0; y < raster.height; y++) {
    framed.data.set(
      raster.data.subarray(y * rowBytes, (y + 1) * rowBytes),
      ((y + border) * framed.width + border) * 3,
    );
  }
  return framed;
}

/** `code` as plain squares of two colours, `pixelsPerModule` each, with `border` pixels of `light` around. */
export function drawPlain(
  code: QrCode,
  pixelsPerModule: number,
  border: number,
  dark: Rgb = [0, 0, 0],
  light: Rgb = [255, 255, 255],
): Raster {
  const side = code.modules * pixelsPerModule;
  const inner = emptyRaster(side, side);
  for (let y = 0; y < side; y++) {
    const row = Math.floor(y / pixelsPerModule) * code.modules;
    for (let x = 0; x < side; x++) {
      inner.data.set(code.dark[row + Math.floor(x / pixelsPerModule)] ? dark : light, (y * side + x) * 3);
    }
  }
  return frameRaster(inner, border, light);
}

/** First source pixel and the weights of the source pixels behind each pixel of a shorter or longer line. */
function lineWeights(
  from: number,
  to: number,
): { readonly starts: Int32Array; readonly weights: Float32Array[] } {
  const ratio = from / to;
  const reach = Math.max(1, ratio);
  const starts = new Int32Array(to);
  const weights: Float32Array[] = [];
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * ratio;
    const start = Math.max(0, Math.floor(centre - reach));
    const end = Math.min(from, Math.ceil(centre + reach));
    const line = new Float32Array(end - start);
    let sum = 0;
    for (let j = start; j < end; j++) {
      // Enlarging: the triangle of bilinear interpolation. Reducing: the same triangle, as wide as the step.
      const weight = Math.max(0, 1 - Math.abs(j + 0.5 - centre) / reach);
      line[j - start] = weight;
      sum += weight;
    }
    starts[i] = start;
    weights.push(line.map((weight) => weight / sum));
  }
  return { starts, weights };
}

/** `raster` at `width` × `height` pixels: bilinear when enlarging, a triangle filter over the area when reducing. */
export function resample(raster: Raster, width: number, height: number): Raster {
  const across = lineWeights(raster.width, width);
  const down = lineWeights(raster.height, height);
  const narrow = new Float32Array(width * raster.height * 3);
  for (let y = 0; y < raster.height; y++) {
    for (let x = 0; x < width; x++) {
      const weights = across.weights[x];
      let at = (y * raster.width + across.starts[x]) * 3;
      let r = 0;
      let g = 0;
      let b = 0;
      for (let j = 0; j < weights.length; j++, at += 3) {
        const weight = weights[j];
        r += weight * raster.data[at];
        g += weight * raster.data[at + 1];
        b += weight * raster.data[at + 2];
      }
      const out = (y * width + x) * 3;
      narrow[out] = r;
      narrow[out + 1] = g;
      narrow[out + 2] = b;
    }
  }
  const result = emptyRaster(width, height);
  const rowLength = width * 3;
  const row = new Float32Array(rowLength);
  for (let y = 0; y < height; y++) {
    const weights = down.weights[y];
    row.fill(0);
    for (let j = 0; j < weights.length; j++) {
      const weight = weights[j];
      const from = (down.starts[y] + j) * rowLength;
      for (let i = 0; i < rowLength; i++) row[i] += weight * narrow[from + i];
    }
    for (let i = 0; i < rowLength; i++) result.data[y * rowLength + i] = Math.round(row[i]);
  }
  return result;
}
