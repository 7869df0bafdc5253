// Arc tangents: fdlibm's s_atan.c and e_atan2.c, in musl's form.
import { highWord, lowWord } from './float-bits.ts';

// atan of ½, 1, 1½ and ∞, each in two parts.
const HIGH = [4.636476090008061e-1, 7.853981633974483e-1, 9.82793723247329e-1, 1.570796326794896558];
const LOW = [2.2698777452961687e-17, 3.061616997868383e-17, 1.3903311031230998e-17, 6.123233995736766e-17];
// Coefficients of x², x⁴, … in (x − atan x) / x.
const [A0, A2, A4] = [3.333333333333293e-1, 1.4285714272503466e-1, 9.090887133436507e-2];
const [A6, A8, A10] = [6.661073137387531e-2, 4.9768779946159324e-2, 1.6285820115365782e-2];
const [A1, A3, A5] = [-1.9999999999876483e-1, -1.1111110405462356e-1, -7.69187620504483e-2];
const [A7, A9] = [-5.8335701337905735e-2, -3.6531572744216916e-2];
const PI_LOW = 1.2246467991473532e-16; // what Math.PI leaves of π

/** The part of [0, ∞) that x ≥ 0 lies in, by its high word: −1 where the series serves as it is. */
function partOf(high: number): number {
  if (high < 0x3fdc0000) return -1; // 7/16
  if (high < 0x3fe60000) return 0; // 11/16
  if (high < 0x3ff30000) return 1; // 19/16
  return high < 0x40038000 ? 2 : 3; // 39/16
}

/** tan(atan x − the part's own angle). */
function reduced(x: number, part: number): number {
  if (part === 0) return (2 * x - 1) / (2 + x);
  if (part === 1) return (x - 1) / (x + 1);
  if (part === 2) return (x - 1.5) / (1 + 1.5 * x);
  return -1 / x;
}

/** The angle in (−π/2, π/2) whose tangent is `x`. */
function atan(x: number): number {
  const isNegative = highWord(x) >>> 31 === 1;
  const high = highWord(x) & 0x7fffffff;
  // From 2^66 on, π/2 to the last bit; below 2^−27, x.
  if (high >= 0x44100000) return Number.isNaN(x) ? x : isNegative ? -HIGH[3] : HIGH[3];
  if (high < 0x3e400000) return x;
  const part = partOf(high);
  const t = part === -1 ? x : reduced(Math.abs(x), part);
  const z = t * t;
  const w = z * z;
  const odd = z * (A0 + w * (A2 + w * (A4 + w * (A6 + w * (A8 + w * A10)))));
  const even = w * (A1 + w * (A3 + w * (A5 + w * (A7 + w * A9))));
  if (part === -1) return t - t * (odd + even);
  const angle = HIGH[part] - (t * (odd + even) - LOW[part] - t);
  return isNegative ? -angle : angle;
}

/** The angle of the point (x, y), −π to π, with ECMAScript's answers for zeros and infinities. */
export function atan2(y: number, x: number): number {
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  const isLeft = highWord(x) >>> 31 === 1;
  const isBelow = highWord(y) >>> 31 === 1;
  const signed = (angle: number): number => (isBelow ? -angle : angle);
  if (y === 0) return isLeft ? signed(Math.PI) : y;
  const [xHigh, yHigh] = [highWord(x) & 0x7fffffff, highWord(y) & 0x7fffffff];
  if (x === 0) return signed(Math.PI / 2);
  if (xHigh === 0x7ff00000 && lowWord(x) === 0) {
    const slope = yHigh === 0x7ff00000 && lowWord(y) === 0 ? Math.PI / 4 : 0;
    return signed(isLeft ? (slope === 0 ? Math.PI : 3 * slope) : slope);
  }
  // |y / x| beyond 2^64.
  if (xHigh + 0x04000000 < yHigh || yHigh === 0x7ff00000) return signed(Math.PI / 2);
  // Left of the axis and below 2^−64 of it, nothing is left of y.
  const slope = isLeft && yHigh + 0x04000000 < xHigh ? 0 : atan(Math.abs(y / x));
  return signed(isLeft ? Math.PI - (slope - PI_LOW) : slope);
}
