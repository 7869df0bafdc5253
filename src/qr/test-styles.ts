// Pictures such as the style networks draw, for tests of correction and scanning alone.
import type { CorrectionInput } from './correct.ts';
import type { QrCode } from './matrix.ts';
import { emptyRaster } from './raster.ts';
import type { Rgb } from './raster.ts';

/** The shapes of the synthetic styles. */
export const TEST_SHAPES = ['gradient', 'dots', 'liquid'] as const;

/** Name of a synthetic style. */
export type TestShape = (typeof TEST_SHAPES)[number];

/** A seeded generator of numbers in [0, 1) (mulberry32); for tests only. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** Coverage 0..1 of the point (u, v), in modules, by the shape. */
function coverage(shape: TestShape, code: QrCode, u: number, v: number): number {
  const isDark = (column: number, row: number): number =>
    column >= 0 && row >= 0 && column < code.modules && row < code.modules
      ? code.dark[row * code.modules + column]!
      : 0;
  const column = Math.floor(u);
  const row = Math.floor(v);
  if (shape === 'gradient') return isDark(column, row);
  if (shape === 'dots') {
    const distance = Math.hypot(u - column - 0.5, v - row - 0.5);
    return isDark(column, row) * clamp((0.45 - distance) * 8 + 0.5);
  }
  // Liquid: a smooth blur of the modules around, cut at half, so that neighbours flow together.
  let sum = 0;
  let weights = 0;
  for (let y = row - 1; y <= row + 1; y++) {
    for (let x = column - 1; x <= column + 1; x++) {
      const weight = Math.exp(-((u - x - 0.5) ** 2 + (v - y - 0.5) ** 2) / 0.32);
      sum += weight * isDark(x, y);
      weights += weight;
    }
  }
  return clamp((sum / weights - 0.5) * 4 + 0.5);
}

/** Colours and noise of {@link drawTestStyle}. */
export interface TestStyle {
  readonly shape: TestShape;
  /** Dark colour in the upper left and in the lower right corner. */
  readonly from: Rgb;
  readonly to: Rgb;
  readonly background: Rgb;
  /** Amplitude of the even noise on each channel, as a share of 255. */
  readonly noise: number;
}

/** `code` in a synthetic style at `pixelsPerModule`, as input for the correction. */
export function drawTestStyle(
  code: QrCode,
  pixelsPerModule: number,
  style: TestStyle,
  random: () => number,
): CorrectionInput {
  const side = code.modules * pixelsPerModule;
  const foreground = (x: number, y: number): Rgb => {
    const along = (x + y) / (2 * side - 2);
    const mix = (channel: 0 | 1 | 2): number =>
      style.from[channel] + along * (style.to[channel] - style.from[channel]);
    return [mix(0), mix(1), mix(2)];
  };
  const picture = emptyRaster(side, side);
  for (let y = 0, at = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const covered = coverage(style.shape, code, (x + 0.5) / pixelsPerModule, (y + 0.5) / pixelsPerModule);
      const dark = foreground(x, y);
      for (let channel = 0; channel < 3; channel++, at++) {
        const ideal = style.background[channel]! + covered * (dark[channel]! - style.background[channel]!);
        const noisy = ideal + (random() * 2 - 1) * style.noise * 255;
        picture.data[at] = Math.round(Math.min(255, Math.max(0, noisy)));
      }
    }
  }
  return { picture, code, pixelsPerModule, foreground, background: style.background };
}
