// Colour fields: which foreground colour a style has at each place of the picture.

import { cbrt, cube, pow } from '../base/exact-math.ts';
import type { Rgb } from '../base/raster.ts';

/** The straight ways across the picture, the usual one first. */
export const DIRECTIONS = ['horizontal', 'vertical', 'diagonal'] as const;

/** One of {@link DIRECTIONS}. */
export type Direction = (typeof DIRECTIONS)[number];

/**
 * A way to run from the start to the end colour over the square picture.
 *
 * - `horizontal`, `vertical`: from the left to the right edge, from the top to the bottom; mixed linearly in sRGB.
 * - `diagonal`: from the top left to the bottom right corner, mixed linearly in sRGB.
 * - `radial`: from the centre outwards to the corners, mixed in OKLab, so that the middle stays saturated.
 * - `wave`: a diagonal bent by one wave across it, mixed in OKLab.
 */
export type ColourField = Direction | 'radial' | 'wave';

function isDirection(field: ColourField): field is Direction {
  return DIRECTIONS.some((direction) => direction === field);
}

/** How far the crest of a `wave` runs ahead, as a share of the whole gradient. */
const WAVE_HEIGHT = 0.12;

/** Where on the gradient the place (u, v) of the code lies, both 0 … 1: 0 is the start colour, 1 the end colour. */
export function fieldPosition(field: ColourField, u: number, v: number): number {
  switch (field) {
    case 'horizontal':
      return u;
    case 'vertical':
      return v;
    case 'diagonal':
      return (u + v) / 2;
    case 'radial':
      return Math.min(1, Math.sqrt(2 * ((u - 0.5) * (u - 0.5) + (v - 0.5) * (v - 0.5))));
    case 'wave':
      return clamp01((u + v) / 2 + WAVE_HEIGHT * wave(u - v));
  }
}

/** One period of a sine's look, made of two parabolas. */
function wave(t: number): number {
  const w = t - Math.floor(t);
  return w < 0.5 ? 16 * w * (0.5 - w) : -16 * (w - 0.5) * (1 - w);
}

/** The colour at `position` (0 … 1) of a gradient: 0 … 255 a channel, not rounded. */
export type ColourMixer = (position: number) => Rgb;

/** Mixes `start` and `end` as `field` does. Made once for a picture: the ends are converted here, not at every pixel. */
export function colourMixer(field: ColourField, start: Rgb, end: Rgb): ColourMixer {
  if (isDirection(field)) return (position) => lerp(start, end, position);
  const [from, to] = [toOklab(start), toOklab(end)];
  return (position) => fromOklab(lerp(from, to, position));
}

type Triple = readonly [number, number, number];

function lerp(a: Triple, b: Triple, t: number): Triple {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

function clamp01(value: number): number {
  return Math.min(1, Math.max(0, value));
}

// OKLab: Björn Ottosson, "A perceptual color space for image processing" (2020), its published matrices.
function toOklab(rgb: Rgb): Triple {
  const [r, g, b] = rgb.map((c) =>
    c <= 0.04045 * 255 ? c / 255 / 12.92 : pow((c / 255 + 0.055) / 1.055, 2.4),
  ) as [number, number, number];
  const l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromOklab([lightness, a, b]: Triple): Rgb {
  const l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b);
  const m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b);
  const s = cube(lightness - 0.0894841775 * a - 1.291485548 * b);
  return [
    toSrgb(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    toSrgb(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    toSrgb(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  ];
}

function toSrgb(linear: number): number {
  const c = clamp01(linear);
  return 255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * pow(c, 1 / 2.4) - 0.055);
}
