// Logarithms: fdlibm's e_log.c, s_log1p.c and FreeBSD's e_log2.c, in musl's form.
import { fromWords, highWord, lowWord, powerOfTwo, truncated } from './float-bits.ts';

const [LN2_HIGH, LN2_LOW] = [6.9314718036912381649e-1, 1.90821492927058770002e-10];
const [INVERSE_LN2_HIGH, INVERSE_LN2_LOW] = [1.44269504072144627571, 1.67517131648865118353e-10];
// Coefficients of s², s⁴, … in (log(1 + f) − 2 s) / s, s = f / (2 + f).
const [L1, L2, L3, L4] = [
  6.66666666666673513e-1, 3.999999999940941908e-1, 2.857142874366239149e-1, 2.222219843214978396e-1,
];
const [L5, L6, L7] = [1.818357216161805012e-1, 1.531383769920937332e-1, 1.479819860511658591e-1];

/** The polynomial's value at s. */
function series(s: number): number {
  const z = s * s;
  const w = z * z;
  return z * (L1 + w * (L3 + w * (L5 + w * L7))) + w * (L2 + w * (L4 + w * L6));
}

/** `x` = 2^k (1 + f) with 1 + f between √½ and √2, for x > 0 and finite. */
function split(x: number): readonly [k: number, f: number] {
  const isTiny = x < powerOfTwo(-1022);
  const normal = isTiny ? x * 2 ** 54 : x;
  const high = highWord(normal) + (0x3ff00000 - 0x3fe6a09e);
  const k = (high >>> 20) - 0x3ff - (isTiny ? 54 : 0);
  return [k, fromWords((high & 0xfffff) + 0x3fe6a09e, lowWord(normal)) - 1];
}

/** What every logarithm gives where none is defined by the series; undefined elsewhere. */
function special(x: number): number | undefined {
  if (x === 0) return -Infinity;
  if (x < 0 || Number.isNaN(x)) return NaN;
  if (x === 1) return 0;
  return x === Infinity ? x : undefined;
}

/** The natural logarithm; −Infinity for 0, NaN below. */
export function log(x: number): number {
  const known = special(x);
  if (known !== undefined) return known;
  const [k, f] = split(x);
  const half = 0.5 * f * f;
  const s = f / (2 + f);
  return s * (half + series(s)) + k * LN2_LOW - half + f + k * LN2_HIGH;
}

/** log(1 + x), exact near 0. */
export function log1p(x: number): number {
  const known = x === 0 ? x : special(1 + x);
  // A sum that is 1 or Infinity says nothing of an x that is neither 0 nor infinite.
  if (known !== undefined && (x === 0 || x <= -1 || x === Infinity || Number.isNaN(x))) return known;
  const high = highWord(x);
  if ((high << 1) >>> 0 < (0x3ca00000 << 1) >>> 0) return x;
  let [k, f, correction] = [0, x, 0];
  // Outside of √½ − 1 to √2 − 1.
  if (!((high < 0x3fda827a && x > 0) || (x < 0 && high <= 0xbfd2bec4))) {
    const sum = 1 + x;
    [k, f] = split(sum);
    // What the sum lost.
    if (k < 54) correction = (k >= 2 ? 1 - (sum - x) : x - (sum - 1)) / sum;
  }
  const half = 0.5 * f * f;
  const s = f / (2 + f);
  return s * (half + series(s)) + (k * LN2_LOW + correction) - half + f + k * LN2_HIGH;
}

/** The logarithm to base 2; exact for powers of two. */
export function log2(x: number): number {
  const known = special(x);
  if (known !== undefined) return known;
  const [k, f] = split(x);
  const half = 0.5 * f * f;
  const s = f / (2 + f);
  const upper = truncated(f - half);
  const lower = f - upper - half + s * (half + series(s));
  const high = upper * INVERSE_LN2_HIGH;
  const low = (lower + upper) * INVERSE_LN2_LOW + lower * INVERSE_LN2_HIGH;
  const sum = k + high;
  return low + (k - sum + high) + sum;
}
