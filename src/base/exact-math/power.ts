// Powers: fdlibm's e_pow.c. log2 x is made to 77 bits, so that 2^(y log2 x) keeps its own.
import { fromWords, highWord, lowWord, scaled, truncated } from './float-bits.ts';

// log2(1.5) in two parts.
const [LOG_HIGH, LOG_LOW] = [5.84962487220764160156e-1, 1.35003920212974897128e-8];
const [L1, L2, L3] = [5.99999999999994648725e-1, 4.28571428578550184252e-1, 3.33333329818377432918e-1];
const [L4, L5, L6] = [2.72728123808534006489e-1, 2.30660745775561754067e-1, 2.06975017800338417784e-1];
const [P1, P2, P3] = [1.66666666666666019037e-1, -2.77777777770155933842e-3, 6.61375632143793436117e-5];
const [P4, P5] = [-1.6533902205465251539e-6, 4.13813679705723846039e-8];
const [LN2, LN2_HIGH, LN2_LOW] = [
  6.93147180559945286227e-1, 6.93147182464599609375e-1, -1.90465429995776804525e-9,
];
// 2 / (3 ln 2) and 1 / ln 2, each with its parts.
const [CP, CP_HIGH, CP_LOW] = [
  9.61796693925975554329e-1, 9.61796700954437255859e-1, -7.02846165095275826516e-9,
];
const [INVERSE, INVERSE_HIGH, INVERSE_LOW] = [
  1.442695040888963387, 1.44269502162933349609, 1.92596299112661746887e-8,
];
const ROUNDING = 8.008566259537294e-17; // −(1024 − log2(overflow + ½ ulp))
const THIRD = 1 / 3;

/** What the standard says of zeros, infinities, ±1, NaN and the simplest exponents; undefined elsewhere. */
function special(x: number, y: number): number | undefined {
  if (y === 0) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  const magnitude = Math.abs(x);
  if (Math.abs(y) === Infinity) {
    if (magnitude === 1) return NaN;
    return magnitude > 1 === y > 0 ? Infinity : 0;
  }
  if (y === 1) return x;
  if (y === -1) return 1 / x;
  if (y === 2) return x * x;
  if (y === 0.5) return x === -Infinity ? Infinity : Math.abs(Math.sqrt(x));
  if (x < 0 && Number.isFinite(x) && !Number.isInteger(y)) return NaN;
  if (magnitude === 0 || magnitude === Infinity) {
    const result = (magnitude === 0) === y > 0 ? 0 : Infinity;
    return isOdd(y) && highWord(x) >>> 31 === 1 ? -result : result;
  }
  return magnitude === 1 ? sign(x, y) : undefined;
}

function isOdd(y: number): boolean {
  return Math.abs(y) % 2 === 1;
}

function sign(x: number, y: number): number {
  return x < 0 && isOdd(y) ? -1 : 1;
}

/** log2 of `x` > 0 as a sum of two numbers, the first with 21 bits of fraction. */
function logarithm(x: number): readonly [high: number, low: number] {
  const isTiny = x < 2 ** -1022;
  const normal = isTiny ? x * 2 ** 53 : x;
  const bits = highWord(normal);
  const fraction = bits & 0xfffff;
  let n = (bits >>> 20) - 0x3ff - (isTiny ? 53 : 0);
  // Between √¾ and √1½ times 1 or 1½.
  let high = fraction | 0x3ff00000;
  const k = fraction > 0x3988e && fraction < 0xbb67a ? 1 : 0;
  if (fraction >= 0xbb67a) {
    n += 1;
    high -= 0x100000;
  }
  const a = fromWords(high, lowWord(normal));
  const base = k === 1 ? 1.5 : 1;
  const u = a - base;
  const v = 1 / (a + base);
  const s = u * v;
  const sHigh = truncated(s);
  const tHigh = fromWords(((high >> 1) | 0x20000000) + 0x80000 + (k << 18), 0);
  const tLow = a - (tHigh - base);
  const sLow = v * (u - sHigh * tHigh - sHigh * tLow);
  const square = s * s;
  const r =
    square * square * (L1 + square * (L2 + square * (L3 + square * (L4 + square * (L5 + square * L6))))) +
    sLow * (sHigh + s);
  const squareHigh = sHigh * sHigh;
  const sumHigh = truncated(3 + squareHigh + r);
  const sumLow = r - (sumHigh - 3 - squareHigh);
  const productHigh = sHigh * sumHigh;
  const productLow = sLow * sumHigh + sumLow * s;
  const pHigh = truncated(productHigh + productLow);
  const pLow = productLow - (pHigh - productHigh);
  const zHigh = CP_HIGH * pHigh;
  const zLow = CP_LOW * pHigh + pLow * CP + (k === 1 ? LOG_LOW : 0);
  const add = k === 1 ? LOG_HIGH : 0;
  const t = truncated(zHigh + zLow + add + n);
  return [t, zLow - (t - n - add - zHigh)];
}

/** log2 of `x` within 2^−20 of 1: a few terms of the series. */
function logarithmNearOne(x: number): readonly [high: number, low: number] {
  const t = x - 1;
  const w = t * t * (0.5 - t * (THIRD - t * 0.25));
  const u = INVERSE_HIGH * t;
  const v = t * INVERSE_LOW - w * INVERSE;
  const high = truncated(u + v);
  return [high, v - (high - u)];
}

/** 2^(high + low). */
function exponential(high: number, low: number): number {
  const z = low + high;
  if (z >= 1024 && (z > 1024 || low + ROUNDING > z - high)) return Infinity;
  if (z <= -1075 && (z < -1075 || low <= z - high)) return 0;
  // The nearest whole number, halves away from zero; 0 up to a little above ½.
  const isSmall = highWord(Math.abs(z)) <= 0x3fe00000;
  const whole = isSmall ? 0 : Math.sign(z) * Math.floor(Math.abs(z) + 0.5);
  const rest = high - whole;
  const t = truncated(low + rest);
  const u = t * LN2_HIGH;
  const v = (low - (t - rest)) * LN2 + t * LN2_LOW;
  const r = u + v;
  const w = v - (r - u);
  const s = r * r;
  const c = r - s * (P1 + s * (P2 + s * (P3 + s * (P4 + s * P5))));
  return scaled(1 - ((r * c) / (c - 2) - (w + r * w) - r), whole);
}

/** x^y, with ECMAScript's answers where neither is an ordinary number: x ** y, the same in every engine. */
export function pow(x: number, y: number): number {
  const known = special(x, y);
  if (known !== undefined) return known;
  const magnitude = Math.abs(x);
  const isHuge = highWord(Math.abs(y)) > 0x41e00000; // |y| > 2^31
  if (isHuge) {
    // Away from 1 by more than 2^−20, or with |y| > 2^64: nothing but 0 and Infinity.
    const high = highWord(magnitude);
    if (highWord(Math.abs(y)) > 0x43f00000 || high < 0x3fefffff || high > 0x3ff00000)
      return sign(x, y) * (magnitude < 1 === y < 0 ? Infinity : 0);
  }
  const [t1, t2] = isHuge ? logarithmNearOne(magnitude) : logarithm(magnitude);
  const yHigh = truncated(y);
  return sign(x, y) * exponential(yHigh * t1, (y - yHigh) * t1 + y * t2);
}

/** x³, each product rounded. */
export function cube(x: number): number {
  return x * x * x;
}
