// The cube root: FreeBSD's s_cbrt.c, after fdlibm's.
import { fromWords, highWord, lowWord } from './float-bits.ts';

// A third of the exponent's bias, and of it with 54 more.
const [BIAS, TINY_BIAS] = [715094163, 696219795];
// 1/cbrt(r) to 23 bits.
const [P0, P1, P2] = [1.87595182427177009643, -1.88497979543377169875, 1.62142972010535446614];
const [P3, P4] = [-0.758397934778766047437, 0.145996192886612446982];

/** ∛x. */
export function cbrt(x: number): number {
  if (x === 0 || !Number.isFinite(x)) return x;
  const sign = highWord(x) & 0x80000000;
  const high = highWord(x) & 0x7fffffff;
  const third =
    high < 0x00100000
      ? Math.floor((highWord(x * 2 ** 54) & 0x7fffffff) / 3) + TINY_BIAS
      : Math.floor(high / 3) + BIAS;
  let t = fromWords(sign | third, 0);
  let r = t * t * (t / x);
  t *= P0 + r * (P1 + r * P2) + r * r * r * (P3 + r * P4);
  // Rounded to 23 bits, so that its square is exact; then one step of Newton.
  const low = lowWord(t) + 0x80000000;
  t = fromWords(highWord(t) + (low > 0xffffffff ? 1 : 0), low & 0xc0000000);
  r = x / (t * t);
  return t + t * ((r - t) / (t + t + r));
}
