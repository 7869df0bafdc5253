// How dark and how light a correction of some strength makes colours, and what it needs to begin with.
import { luma, writeWithLuma } from './luma.ts';
import type { Rgb } from './raster.ts';

/** Luma bounds that a strength stands for, 0..255. */
export interface LumaBounds {
  /** Light modules are at least this. */
  readonly light: number;
  /** Dark modules are at most this. */
  readonly dark: number;
}

/**
 * The bounds of `strength`, 0..1. Light rises further than dark falls: a light tone is raised by mixing in white,
 * which the eye minds less than dark colours turning black. Two thirds are 235 / 94, beyond the 235 / 115 that read
 * on every decoder tried. Strength 0 is no idle one: at 190 / 120, jsqr, which steers nothing here, missed up to 3 %
 * of 300 noisy pictures, depending on their size; at 205 / 112 fewer than 1 %.
 */
export function lumaBounds(strength: number): LumaBounds {
  return { light: 205 + 45 * strength, dark: 112 - 27 * strength };
}

/**
 * Least luma, 0..255, by which dark must lie below light for the correction to see the style's shapes between them.
 * With less it still draws a code that reads, but the plain one: nothing is left of what was drawn.
 */
export const LEAST_CONTRAST = 16;

/** `colour` as the correction of `strength` has it: a light tone raised, or a dark colour lowered, to its bound. */
export function boundedColour(colour: Rgb, side: keyof LumaBounds, strength: number): Rgb {
  const bound = lumaBounds(strength)[side];
  const current = luma(...colour);
  const bounded = new Uint8Array(3);
  writeWithLuma(
    bounded,
    0,
    ...colour,
    side === 'light' ? Math.max(current, bound) : Math.min(current, bound),
  );
  return [bounded[0], bounded[1], bounded[2]];
}
