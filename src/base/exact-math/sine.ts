// Sine and cosine: fdlibm's kernels on [−π/4, π/4] (k_sin.c, k_cos.c) and its reduction by π/2 (e_rem_pio2.c).
import { highWord } from './float-bits.ts';

// Minimax coefficients, of x³, x⁵, … and of x⁴, x⁶, …
const [S1, S2, S3] = [-1.66666666666666324348e-1, 8.33333333332248946124e-3, -1.98412698298579493134e-4];
const [S4, S5, S6] = [2.75573137070700676789e-6, -2.50507602534068634195e-8, 1.58969099521155010221e-10];
const [C1, C2, C3] = [4.16666666666666019037e-2, -1.38888888888741095749e-3, 2.48015872894767294178e-5];
const [C4, C5, C6] = [-2.75573143513906633035e-7, 2.0875723212981748279e-9, -1.13596475577881948265e-11];

/** sin(x + y) for |x| up to π/4, y the part of it that x has no room for. */
function sineKernel(x: number, y: number): number {
  const z = x * x;
  const w = z * z;
  const r = S2 + z * (S3 + z * S4) + z * w * (S5 + z * S6);
  const v = z * x;
  if (y === 0) return x + v * (S1 + z * r);
  return x - (z * (0.5 * y - v * r) - y - v * S1);
}

/** cos(x + y), likewise. */
function cosineKernel(x: number, y: number): number {
  const z = x * x;
  const w = z * z;
  const r = z * (C1 + z * (C2 + z * C3)) + w * w * (C4 + z * (C5 + z * C6));
  const half = 0.5 * z;
  const rest = 1 - half;
  return rest + (1 - rest - half + (z * r - x * y));
}

// π/2 in pieces of 33 bits, each with what is left behind it.
const INVERSE = 0.6366197723675814;
const [PART1, REST1] = [1.57079632673412561417, 6.07710050650619224932e-11];
const [PART2, REST2] = [6.0771005063039659766e-11, 2.02226624879595063154e-21];
const [PART3, REST3] = [2.0222662487111664558e-21, 8.47842766036889956997e-32];
const MOST = 1647099; // 2^20 π/2: whole multiples of the parts are exact up to here

/** `x` − quarter · π/2 as a sum of two numbers, and the whole number of quarters. */
function reduce(x: number): readonly [quarter: number, y: number, rest: number] {
  if (Math.abs(x) > MOST) throw new RangeError(`Sine and cosine are for angles up to ${MOST}.`);
  // The nearest whole number; halfway cases may go either way, and go the same in every engine.
  const product = x * INVERSE;
  const quarter = Math.sign(product) * Math.floor(Math.abs(product) + 0.5);
  const exponent = (highWord(x) >>> 20) & 0x7ff;
  const lost = (y: number): number => exponent - ((highWord(y) >>> 20) & 0x7ff);
  let r = x - quarter * PART1;
  let w = quarter * REST1;
  let y = r - w;
  if (lost(y) > 16) {
    let t = r;
    w = quarter * PART2;
    r = t - w;
    w = quarter * REST2 - (t - r - w);
    y = r - w;
    if (lost(y) > 49) {
      t = r;
      w = quarter * PART3;
      r = t - w;
      w = quarter * REST3 - (t - r - w);
      y = r - w;
    }
  }
  return [quarter & 3, y, r - y - w];
}

// The largest float64 whose high word is that of π/4: up to here nothing is reduced.
const QUARTER_PI_HIGH = 0x3fe921fb;

/** sin x, x in radians. @throws RangeError beyond ±1,647,099, where the reduction would need more of π. */
export function sin(x: number): number {
  const magnitude = highWord(x) & 0x7fffffff;
  if (magnitude <= QUARTER_PI_HIGH) return magnitude < 0x3e500000 ? x : sineKernel(x, 0);
  if (!Number.isFinite(x)) return NaN;
  const [quarter, y, rest] = reduce(x);
  const value = (quarter & 1) === 0 ? sineKernel(y, rest) : cosineKernel(y, rest);
  return (quarter & 2) === 0 ? value : -value;
}

/** cos x, x in radians. @throws RangeError beyond ±1,647,099, where the reduction would need more of π. */
export function cos(x: number): number {
  const magnitude = highWord(x) & 0x7fffffff;
  if (magnitude <= QUARTER_PI_HIGH) return magnitude < 0x3e46a09e ? 1 : cosineKernel(x, 0);
  if (!Number.isFinite(x)) return NaN;
  const [quarter, y, rest] = reduce(x);
  const value = (quarter & 1) === 0 ? cosineKernel(y, rest) : sineKernel(y, rest);
  return quarter === 1 || quarter === 2 ? -value : value;
}
