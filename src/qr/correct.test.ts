// Tests of the correction: exact function patterns, bounds held at module centres, shapes left alone elsewhere.
import { converter, differenceCiede2000 } from 'culori';
import { describe, expect, it } from 'vitest';
import { drawTestStyle, seededRandom, TEST_SHAPES } from '../../fixtures/styled-codes.ts';
import type { TestStyle } from '../../fixtures/styled-codes.ts';
import { SealedError } from '../base/errors.ts';
import { colourDifference } from './colour-difference.ts';
import { createCorrector } from './correct.ts';
import { luma } from '../base/luma.ts';
import { lumaBounds } from '../base/luma-bounds.ts';
import { encodeQr } from './matrix.ts';
import { filledRaster } from '../../fixtures/plain-code.ts';
import { emptyRaster } from '../base/raster.ts';
import type { Raster } from '../base/raster.ts';

const PIXELS = 8;
const BORDER = 36;

function pixel(raster: Raster, x: number, y: number): [number, number, number] {
  const at = (y * raster.width + x) * 3;
  return [raster.data[at], raster.data[at + 1], raster.data[at + 2]];
}

const style: TestStyle = {
  shape: 'dots',
  from: [90, 20, 140],
  to: [10, 90, 160],
  background: [225, 200, 160],
  noise: 0.05,
};

describe('createCorrector', () => {
  const code = encodeQr('https://example.org/correct', { version: 7, ecc: 'Q' });

  it.each(TEST_SHAPES)('draws the function patterns and the quiet zone of %s exactly', (shape) => {
    const input = drawTestStyle(code, PIXELS, { ...style, shape }, seededRandom(1));
    const result = createCorrector(input).at(0.5, BORDER);
    expect(result.width).toBe(code.modules * PIXELS + 2 * BORDER);
    const bounds = lumaBounds(0.5);
    const tone = pixel(result, 0, 0);
    expect(luma(...tone)).toBeGreaterThanOrEqual(bounds.light - 0.6);
    // Counted, not expected one by one: there are hundreds of thousands of pixels.
    let wrong = 0;
    for (let y = -BORDER; y < code.modules * PIXELS + BORDER; y++) {
      for (let x = -BORDER; x < code.modules * PIXELS + BORDER; x++) {
        const column = Math.floor(x / PIXELS);
        const row = Math.floor(y / PIXELS);
        const inside = column >= 0 && row >= 0 && column < code.modules && row < code.modules;
        const module = row * code.modules + column;
        if (inside && code.functionModules[module] !== 1) continue;
        const found = pixel(result, x + BORDER, y + BORDER);
        if (inside && code.dark[module] === 1) {
          wrong += Number(luma(...found) > bounds.dark + 0.6);
        } else {
          wrong += Number(found.some((channel, index) => channel !== tone[index]));
        }
      }
    }
    expect(wrong).toBe(0);
  });

  it.each([0, 0.5, 1])('holds every module centre to the bounds of strength %d', (strength) => {
    // A picture that is wrong everywhere: each module has the other colour.
    const picture = emptyRaster(code.modules * PIXELS, code.modules * PIXELS);
    for (let y = 0; y < picture.height; y++) {
      for (let x = 0; x < picture.width; x++) {
        const module = Math.floor(y / PIXELS) * code.modules + Math.floor(x / PIXELS);
        picture.data.set(code.dark[module] ? style.background : style.from, (y * picture.width + x) * 3);
      }
    }
    const { background } = style;
    const foreground = () => style.from;
    const input = { picture, code, pixelsPerModule: PIXELS, margin: 0, foreground, light: () => background };
    const result = createCorrector(input).at(strength, BORDER);
    const bounds = lumaBounds(strength);
    for (let row = 0; row < code.modules; row++) {
      for (let column = 0; column < code.modules; column++) {
        // Below half strength eyes are the style's own.
        const isEye =
          (row < 7 || (row >= code.modules - 7 && column < 7)) && (column < 7 || column >= code.modules - 7);
        if (strength < 0.5 && isEye) continue;
        for (const offset of [3, 4]) {
          const x = BORDER + column * PIXELS + offset;
          const found = luma(...pixel(result, x, BORDER + row * PIXELS + offset));
          if (code.dark[row * code.modules + column]) expect(found).toBeLessThanOrEqual(bounds.dark + 0.6);
          else expect(found).toBeGreaterThanOrEqual(bounds.light - 0.6);
        }
      }
    }
  });

  it('leaves the rims of modules alone where the colours are within the bounds, corners of dots included', () => {
    const clear: TestStyle = {
      ...style,
      from: [20, 20, 60],
      to: [20, 60, 20],
      background: [250, 245, 235],
      noise: 0,
    };
    const input = drawTestStyle(code, PIXELS, clear, seededRandom(2));
    const result = createCorrector(input).at(0, BORDER);
    const bounds = lumaBounds(0);
    const rim = (at: number): boolean => at % PIXELS === 0 || at % PIXELS === PIXELS - 1;
    let changed = 0;
    let wrong = 0;
    for (let y = 0; y < input.picture.height; y++) {
      for (let x = 0; x < input.picture.width; x++) {
        const module = Math.floor(y / PIXELS) * code.modules + Math.floor(x / PIXELS);
        if (code.functionModules[module] === 1) continue;
        const before = pixel(input.picture, x, y);
        const brightness = luma(...before);
        const right = code.dark[module] ? brightness <= bounds.dark : brightness >= bounds.light;
        const after = pixel(result, x + BORDER, y + BORDER);
        if (after.every((channel, index) => channel === before[index])) continue;
        changed++;
        wrong += Number(rim(x) || rim(y) || right);
      }
    }
    expect(wrong).toBe(0);
    // The blurred edge of a dot is all that is left.
    expect(changed).toBeLessThan(input.picture.width * input.picture.height * 0.05);
  });

  it('raises light further than it lowers dark, the more the stronger', () => {
    for (const strength of [0, 0.25, 0.5, 0.75]) {
      const [weak, strong] = [lumaBounds(strength), lumaBounds(strength + 0.25)];
      expect(strong.light - weak.light).toBeGreaterThan(weak.dark - strong.dark);
      expect(strong.dark).toBeLessThan(weak.dark);
    }
    const input = drawTestStyle(code, PIXELS, style, seededRandom(3));
    const corrector = createCorrector(input);
    const moved = [0, 0.5, 1].map(
      (strength) => colourDifference(input.picture, corrector.at(strength, BORDER), BORDER).meanDeltaE,
    );
    expect(moved[1]).toBeGreaterThan(moved[0]);
    expect(moved[2]).toBeGreaterThan(moved[1]);
  });

  it('survives a style without any contrast', () => {
    const flat: TestStyle = {
      ...style,
      from: [128, 128, 128],
      to: [128, 128, 128],
      background: [128, 128, 128],
    };
    const result = createCorrector(drawTestStyle(code, PIXELS, flat, seededRandom(4))).at(1, BORDER);
    expect(new Set(result.data).size).toBeGreaterThan(2);
  });

  it('refuses a picture of another size', () => {
    const input = drawTestStyle(code, PIXELS, style, seededRandom(5));
    expect(() => createCorrector({ ...input, pixelsPerModule: 4 })).toThrow(SealedError);
    expect(() => createCorrector({ ...input, picture: filledRaster(8, 8, [0, 0, 0]) })).toThrow('360 pixels');
  });
});

describe('colourDifference', () => {
  it('is 100 between black and white and 0 between equals', () => {
    const black = filledRaster(3, 2, [0, 0, 0]);
    expect(colourDifference(black, black, 0)).toEqual({ changedPixels: 0, meanDeltaE: 0 });
    const white = filledRaster(5, 4, [255, 255, 255]);
    const found = colourDifference(black, white, 1);
    expect(found.changedPixels).toBe(6);
    expect(found.meanDeltaE).toBeCloseTo(100, 4);
  });

  it('equals the plain mean over all changed pixels, however often a pair of colours returns', () => {
    const random = seededRandom(6);
    const noise = (levels: number): Raster => {
      const raster = emptyRaster(40, 30);
      raster.data.forEach((_, index) => {
        raster.data[index] = Math.floor(random() * levels) * Math.floor(255 / (levels - 1));
      });
      return raster;
    };
    const lab = converter('lab65');
    const difference = differenceCiede2000();
    for (const levels of [2, 255]) {
      const before = noise(levels);
      const after = noise(levels);
      const pairs: number[] = [];
      for (let y = 0; y < 30; y++) {
        for (let x = 0; x < 40; x++) {
          const colours = [before, after].map((raster) => {
            const [r, g, b] = pixel(raster, x, y);
            return lab({ mode: 'rgb', r: r / 255, g: g / 255, b: b / 255 });
          });
          if (pixel(before, x, y).join() !== pixel(after, x, y).join()) {
            pairs.push(difference(colours[0], colours[1]));
          }
        }
      }
      const found = colourDifference(before, after, 0);
      expect(found.changedPixels).toBe(pairs.length);
      expect(found.meanDeltaE).toBeCloseTo(pairs.reduce((sum, value) => sum + value, 0) / pairs.length, 6);
    }
  });
});
