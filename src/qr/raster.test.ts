// Tests of pictures: drawing, framing, resampling, luma, and the PNG and SVG files made of them.
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { PNG } from 'pngjs';
import { describe, expect, it } from 'vitest';
import { SealedError } from '../base/errors.ts';
import { luma, writeWithLuma } from '../base/luma.ts';
import { encodeQr } from './matrix.ts';
import { decodePng, encodePng } from './png.ts';
import { drawPlain, filledRaster, frameRaster } from '../../fixtures/plain-code.ts';
import { checkRaster, resample } from './raster.ts';
import type { Raster, Rgb } from '../base/raster.ts';
import { encodeSvg } from './svg.ts';

const channel = fc.integer({ min: 0, max: 255 });
const colour = fc.tuple(channel, channel, channel);
const rasters = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
      .map((data): Raster => ({ width, height, data })),
  );

/** The pixels that the rectangles of an SVG from {@link encodeSvg} paint, drawn in order. */
function paint(svg: string): Raster {
  const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.map(Number);
  const rgb = (hex: string): Rgb =>
    [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
  const ground = /<rect width="\d+" height="\d+" fill="#(\w{6})"\/>/.exec(svg)![1];
  const raster = filledRaster(width, height, rgb(ground));
  for (const [, hex, path] of svg.matchAll(/<path fill="#(\w{6})" d="([^"]*)"\/>/g)) {
    for (const [, x, y, w, h] of path.matchAll(/M(\d+) (\d+)h(\d+)v(\d+)h-\d+z/g)) {
      for (let row = Number(y); row < Number(y) + Number(h); row++) {
        for (let column = Number(x); column < Number(x) + Number(w); column++) {
          raster.data.set(rgb(hex), (row * width + column) * 3);
        }
      }
    }
  }
  return raster;
}

describe('rasters', () => {
  it('draws a module as a square and frames it', () => {
    const code = encodeQr('1', { version: 1 });
    const raster = drawPlain(code, 2, 3, [1, 2, 3], [250, 251, 252]);
    expect(raster.width).toBe(21 * 2 + 6);
    for (let y = 0; y < raster.height; y++) {
      for (let x = 0; x < raster.width; x++) {
        const row = Math.floor((y - 3) / 2);
        const column = Math.floor((x - 3) / 2);
        const inside = row >= 0 && row < 21 && column >= 0 && column < 21;
        const dark = inside && code.dark[row * 21 + column] === 1;
        const at = (y * raster.width + x) * 3;
        expect([...raster.data.subarray(at, at + 3)]).toEqual(dark ? [1, 2, 3] : [250, 251, 252]);
      }
    }
  });

  it('resamples flat pictures to flat ones and keeps the mean', () => {
    expect(resample(filledRaster(7, 5, [9, 99, 199]), 11, 3)).toEqual(filledRaster(11, 3, [9, 99, 199]));
    const edge = frameRaster(filledRaster(8, 8, [0, 0, 0]), 8, [240, 240, 240]);
    const half = resample(edge, 12, 12);
    const mean = (raster: Raster): number =>
      raster.data.reduce((sum, value) => sum + value, 0) / raster.data.length;
    expect(Math.abs(mean(half) - mean(edge))).toBeLessThan(1);
    // The corner lies far from the square, the centre well within it.
    expect(half.data[0]).toBe(240);
    expect(half.data[(6 * 12 + 6) * 3]).toBe(0);
  });

  it('leaves a picture as it is at its own size', () => {
    fc.assert(
      fc.property(rasters, (raster) => {
        expect(resample(raster, raster.width, raster.height)).toEqual(raster);
      }),
    );
  });

  it('refuses a picture whose bytes do not match its size', () => {
    expect(() => {
      checkRaster({ width: 2, height: 2, data: new Uint8Array(11) });
    }).toThrow(SealedError);
  });
});

describe('luma', () => {
  it('weighs as Rec. 601 does', () => {
    expect(luma(255, 255, 255)).toBeCloseTo(255);
    expect(luma(0, 255, 0)).toBeCloseTo(149.7, 1);
  });

  it('moves to the luma asked for and keeps the hue', () => {
    fc.assert(
      fc.property(colour, fc.double({ min: 0, max: 255, noNaN: true }), ([r, g, b], target) => {
        const out = new Uint8Array(3);
        writeWithLuma(out, 0, r, g, b, target);
        expect(Math.abs(luma(out[0], out[1], out[2]) - target)).toBeLessThan(0.51);
        // Mixing with black or white keeps the order of the channels and the ratio of their distances.
        const before = [r, g, b];
        const spread = Math.max(...before) - Math.min(...before);
        const outSpread = Math.max(...out) - Math.min(...out);
        for (let c = 0; c < 3; c++) {
          const share = (before[c] - Math.min(...before)) * outSpread;
          expect(Math.abs((out[c] - Math.min(...out)) * spread - share)).toBeLessThanOrEqual(spread + 0.001);
        }
      }),
    );
  });
});

describe('PNG', () => {
  it('comes back as it went in, and pngjs agrees', () => {
    fc.assert(
      fc.property(rasters, (raster) => {
        const bytes = encodePng(raster);
        expect(decodePng(bytes)).toEqual(raster);
        const other = PNG.sync.read(Buffer.from(bytes));
        expect([other.width, other.height]).toEqual([raster.width, raster.height]);
        const rgb = other.data.filter((_, index) => index % 4 !== 3);
        expect(Uint8Array.from(rgb)).toEqual(raster.data);
      }),
      { numRuns: 40 },
    );
  });

  it('reads grey and transparent pictures of others', () => {
    const png = new PNG({ width: 2, height: 1 });
    png.data.set([1, 2, 3, 255, 4, 5, 6, 0]);
    expect([...decodePng(PNG.sync.write(png)).data]).toEqual([1, 2, 3, 4, 5, 6]);
    const grey = PNG.sync.write(png, { colorType: 0, inputColorType: 6 });
    expect(decodePng(grey).data).toHaveLength(6);
  });

  it('refuses what is no PNG', () => {
    expect(() => decodePng(deflateSync('no picture'))).toThrow('not a PNG');
    const deep = PNG.sync.write(new PNG({ width: 1, height: 1 }), { bitDepth: 16, inputHasAlpha: true });
    expect(() => decodePng(deep)).toThrow('8 bits');
  });
});

describe('SVG', () => {
  it('paints exactly the pixels of a picture of few colours', () => {
    const few = rasters.map((raster): Raster => ({
      ...raster,
      data: raster.data.map((value) => value & 128),
    }));
    fc.assert(
      fc.property(few, (raster) => {
        expect(paint(encodeSvg(raster, 'x'))).toEqual(raster);
      }),
    );
    const plain = drawPlain(encodeQr('https://example.org'), 8, 36);
    const svg = encodeSvg(plain, 'x');
    expect(paint(svg)).toEqual(plain);
    expect(svg.length).toBeLessThan(12_000);
  });

  it('embeds a picture of many colours as the PNG it would be', () => {
    const data = Uint8Array.from({ length: 40 * 40 * 3 }, (_, index) => (index * 7919) % 251);
    const raster = { width: 40, height: 40, data };
    const svg = encodeSvg(raster, 'x');
    const [, encoded] = /href="data:image\/png;base64,([^"]*)"/.exec(svg)!;
    expect(decodePng(Buffer.from(encoded, 'base64'))).toEqual(raster);
    expect(svg).toContain('image-rendering:pixelated');
  });

  it('holds its title as text, whatever it is', () => {
    const svg = encodeSvg(filledRaster(1, 1, [0, 0, 0]), '</title><script>"&\u0001\ud800');
    expect(svg).toContain('<title>&lt;/title&gt;&lt;script&gt;&quot;&amp;\ufffd\ufffd</title>');
    expect(svg).not.toContain('<script');
  });
});
