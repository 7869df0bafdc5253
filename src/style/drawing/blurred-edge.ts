// The soft outline of paint and ink: the code blurred, cut at a threshold that the place bends.
import { smoothStep } from './shapes.ts';

/** ∫ (1 − t²)⁴ dt from 0: the blur's kernel, a polynomial of σ = .30 modules that ends at one module. */
function integral(u: number): number {
  const s = u * u;
  return u * (1 + s * (-4 / 3 + s * (6 / 5 + s * (-4 / 7 + s / 9))));
}

const HALF = integral(1);

/** Share of the kernel beyond `u`, 0 … 1. */
function beyond(u: number): number {
  return 0.5 - integral(u) / (2 * HALF);
}

/** The blurred code at (x, y) of a module: 0 where all is light, 1 where all is dark. */
function blurredCode(pattern: number, x: number, y: number): number {
  const [left, right] = [beyond(x), beyond(1 - x)];
  const [above, below] = [beyond(y), beyond(1 - y)];
  const across = (bits: number): number =>
    (bits & 1) * left + ((bits >> 1) & 1) * (1 - left - right) + ((bits >> 2) & 1) * right;
  return across(pattern) * above + across(pattern >> 3) * (1 - above - below) + across(pattern >> 6) * below;
}

/** Blurred code at the middle of an edge. */
const EDGE_MIDDLE = 0.47;

/** How far a bend of 1 moves the threshold. */
export const EDGE_REACH = 0.1;

/** How far inside the bent edge a place is, in units of the blurred code: negative outside. */
export function insideEdge(pattern: number, x: number, y: number, bend: number): number {
  return blurredCode(pattern, x, y) - EDGE_MIDDLE + EDGE_REACH * bend;
}

/** Coverage of paint with an edge `softness` to each side. */
export function edgeCoverage(
  softness: number,
): (pattern: number, x: number, y: number, bend: number) => number {
  return (pattern, x, y, bend) => smoothStep(-softness, softness, insideEdge(pattern, x, y, bend));
}
