// Exponential function, e^x − 1 and the hyperbolic tangent: fdlibm's e_exp.c, s_expm1.c and s_tanh.c.
import { highWord, powerOfTwo, scaled } from './float-bits.ts';

const [LN2_HIGH, LN2_LOW] = [6.9314718036912381649e-1, 1.90821492927058770002e-10];
const INVERSE_LN2 = 1.442695040888963387;
const OVERFLOW = 709.782712893383973096;
const UNDERFLOW = -745.13321910194110842;

// Coefficients of x² … in x (e^x + 1) / (e^x − 1), and of the like for e^x − 1.
const [P1, P2, P3] = [1.66666666666666019037e-1, -2.77777777770155933842e-3, 6.61375632143793436117e-5];
const [P4, P5] = [-1.6533902205465251539e-6, 4.13813679705723846039e-8];
const [Q1, Q2, Q3] = [-3.33333333333331316428e-2, 1.58730158725481460165e-3, -7.93650757867487942473e-5];
const [Q4, Q5] = [4.00821782732936239552e-6, -2.01099218183624371326e-7];

/** The whole number k for which x − k ln 2 is small. */
function multiples(x: number, high: number): number {
  // Below 1.5 ln 2: one, without a product.
  if (high < 0x3ff0a2b2) return x < 0 ? -1 : 1;
  return Math.trunc(INVERSE_LN2 * x + (x < 0 ? -0.5 : 0.5));
}

/** e^x. */
export function exp(x: number): number {
  const high = highWord(x) & 0x7fffffff;
  if (high >= 0x4086232b) {
    if (Number.isNaN(x)) return x;
    if (x > OVERFLOW) return Infinity;
    if (x < UNDERFLOW) return 0;
  }
  // Below 2^−28, and where x is less than half of ln 2.
  if (high <= 0x3e300000) return 1 + x;
  const k = high > 0x3fd62e42 ? multiples(x, high) : 0;
  const upper = x - k * LN2_HIGH;
  const lower = k * LN2_LOW;
  const r = upper - lower;
  const s = r * r;
  const q = s * s;
  const c = r - (s * P1 + q * (P2 + s * P3 + q * (P4 + s * P5)));
  const y = 1 + ((r * c) / (2 - c) - lower + upper);
  return k === 0 ? y : scaled(y, k);
}

/** e^x − 1, exact near 0. */
export function expm1(x: number): number {
  const high = highWord(x) & 0x7fffffff;
  // Beyond 56 ln 2.
  if (high >= 0x4043687a) {
    if (Number.isNaN(x)) return x;
    if (x < 0) return -1;
    if (x > OVERFLOW) return Infinity;
  }
  if (high < 0x3c900000) return x;
  let [r, k, c] = [x, 0, 0];
  if (high > 0x3fd62e42) {
    k = multiples(x, high);
    const upper = x - k * LN2_HIGH;
    const lower = k * LN2_LOW;
    r = upper - lower;
    c = upper - r - lower;
  }
  const half = 0.5 * r;
  const s = r * half;
  const q = s * s;
  const r1 = 1 + s * Q1 + q * (Q2 + s * Q3 + q * (Q4 + s * Q5));
  const t = 3 - r1 * half;
  const quotient = s * ((r1 - t) / (6 - r * t));
  if (k === 0) return r - (r * quotient - s);
  const e = r * (quotient - c) - c - s;
  if (k === -1) return 0.5 * (r - e) - 0.5;
  if (k === 1) return r < -0.25 ? -2 * (e - (r + 0.5)) : 1 + 2 * (r - e);
  if (k < 0 || k > 56) {
    const y = r - e + 1;
    return (k === 1024 ? y * 2 * powerOfTwo(1023) : y * powerOfTwo(k)) - 1;
  }
  const small = powerOfTwo(-k);
  const y = k < 20 ? 1 - small - e : 1 - (e + small);
  return (r + y) * powerOfTwo(k);
}

/** (e^x − e^−x) / (e^x + e^−x). */
export function tanh(x: number): number {
  const y = Math.abs(x);
  const high = highWord(y);
  const magnitude = (): number => {
    // Above ln 3 / 2, above ln(5/3) / 2, and above the least normal number.
    if (high > 0x3fe193ea) return high > 0x40340000 ? 1 - 0 / y : 1 - 2 / (expm1(2 * y) + 2);
    if (high > 0x3fd058ae) {
      const t = expm1(2 * y);
      return t / (t + 2);
    }
    if (high < 0x00100000) return y;
    const t = expm1(-2 * y);
    return -t / (t + 2);
  };
  return highWord(x) >>> 31 === 1 ? -magnitude() : magnitude();
}
