// A picture file: the same picture from PNG and JPEG, and an error that says what to do for what is neither.
import { encode } from 'jpeg-js';
import { describe, expect, it } from 'vitest';
import { emptyRaster } from '../../base/raster.ts';
import { encodePng } from '../../qr/png.ts';
import { decodePicture } from './picture-file.ts';

const raster = emptyRaster(64, 48);
for (let i = 0; i < 64 * 48; i += 1) raster.data.set([4 * (i % 64), 5 * Math.floor(i / 64), 120], 3 * i);

/** The picture as a JPEG file. */
function jpeg(): Uint8Array {
  const data = new Uint8Array(4 * 64 * 48).fill(255);
  for (let i = 0; i < 64 * 48; i += 1) data.set(raster.data.subarray(3 * i, 3 * i + 3), 4 * i);
  return encode({ width: 64, height: 48, data }, 95).data;
}

describe('a picture file', () => {
  it('is read as PNG and as JPEG', () => {
    expect(decodePicture(encodePng(raster))).toEqual(raster);
    const read = decodePicture(jpeg());
    expect([read.width, read.height]).toEqual([64, 48]);
    const worst = read.data.reduce((most, value, i) => Math.max(most, Math.abs(value - raster.data[i])), 0);
    expect(worst).toBeLessThan(12);
  });

  it('is refused where it is neither, or broken', () => {
    expect(() => decodePicture(Uint8Array.of(1, 2, 3))).toThrow('not a PNG picture');
    expect(() => decodePicture(jpeg().subarray(0, 300))).toThrow('save it anew');
  });
});
