// Shapes and blends of the drawings: steps, rounded squares, colours in 0 … 1.
import type { Rgb } from '../../base/raster.ts';

/** A colour with channels in 0 … 1. */
export type Colour = readonly [number, number, number];

/** `value` held to 0 … 1. */
export function clamp01(value: number): number {
  return value < 0 ? 0 : value > 1 ? 1 : value;
}

/** 0 below `from`, 1 above `to`, smooth between; downward where `from` is the greater. */
export function smoothStep(from: number, to: number, value: number): number {
  const t = clamp01((value - from) / (to - from));
  return t * t * (3 - 2 * t);
}

/** a at 0, b at 1. */
export function lerp(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/** `a` at 0, `b` at 1, in sRGB. */
export function mix(a: Colour, b: Colour, t: number): Colour {
  return [lerp(a[0], b[0], t), lerp(a[1], b[1], t), lerp(a[2], b[2], t)];
}

/** `colour` times `factor` plus `lift`, held to 0 … 1. */
export function shade(colour: Colour, factor: number, lift = 0): Colour {
  return [
    clamp01(colour[0] * factor + lift),
    clamp01(colour[1] * factor + lift),
    clamp01(colour[2] * factor + lift),
  ];
}

/** The colour of 0 … 255 channels. */
export function colourOf(rgb: Rgb): Colour {
  return [rgb[0] / 255, rgb[1] / 255, rgb[2] / 255];
}

/** The colour of `#rrggbb`. */
export function hex(text: string): Colour {
  const value = Number.parseInt(text.slice(1), 16);
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}

/** Share of a pixel of width `pixel` on the inner side of an edge at signed distance `distance`, negative inside. */
export function covered(distance: number, pixel: number): number {
  return clamp01(0.5 - distance / pixel);
}

/** √(u² + v²). Math.hypot differs between engines. */
export function length(u: number, v: number): number {
  return Math.sqrt(u * u + v * v);
}

/** (u⁴ + v⁴)^¼: the radius of a rounded square through (u, v). */
export function squircle(u: number, v: number): number {
  const [a, b] = [u * u, v * v];
  return Math.sqrt(Math.sqrt(a * a + b * b));
}

/** (u⁸ + v⁸)^⅛: the radius of a square with slightly rounded corners through (u, v). */
export function softSquare(u: number, v: number): number {
  const [a, b] = [u * u * u * u, v * v * v * v];
  return Math.sqrt(Math.sqrt(Math.sqrt(a * a + b * b)));
}

/** Whether module `bit` of a 3×3 neighbourhood is dark: bit `3·(dy + 1) + dx + 1`. */
export function bitOf(pattern: number, dx: number, dy: number): number {
  return (pattern >> (3 * (dy + 1) + dx + 1)) & 1;
}
