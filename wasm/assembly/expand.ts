// A public seed to the uniform half of a ciphertext or of a key's digit: SEAL's sampler, which needs no secret.
import { BUFFER_BYTES, stream } from './blake2x';
import { highWords, lowWords, multiplyHigh, reduceProduct } from './lanes';
import { multiplyMod } from './modular';
import { INVERSE, MONT, N, P, record } from './tables';

/**
 * Ones where a word's upper half is all ones. SEAL replaces words from the last multiple of p below 2^64 - 1 on, which all
 * have that; who expands draws another seed instead, so that no row depends on the rows beside it.
 */
// @ts-ignore: decorator
@inline
export function rejected(high: v128): v128 {
  return i32x4.eq(high, i32x4.splat(-1));
}

/** The words of row `index` of the public seed's expansion, 8 N bytes, to `words`. */
export function drawRow(seed: u32, index: u32, words: u32): void {
  const buffers = (8 * N) / BUFFER_BYTES;
  stream(seed, index * buffers, buffers, words);
}

/**
 * sample_poly_uniform: N 64-bit words modulo prime `index`, to `out`. Returns true when one is {@link rejected}: the row
 * is of no use then.
 */
export function reduceWords(words: u32, index: u32, out: u32): bool {
  const r = record(index);
  const modulus = load<u32>(r, P);
  const p = i32x4.splat(modulus);
  const inverse = v128.load_splat<u32>(r, INVERSE);
  const square = i32x4.splat(multiplyMod(load<u32>(r, MONT), load<u32>(r, MONT), modulus)); // 2^64 mod p
  let tops = i32x4.splat(0);
  for (let at: u32 = 0; at < 4 * N; at += 16) {
    const a = v128.load(words + 2 * at);
    const b = v128.load(words + 2 * at, 16);
    const high = highWords(a, b);
    tops = v128.or(tops, rejected(high));
    // Montgomery: word / 2^32 mod p, below 2^32; then times 2^64 / 2^32.
    const m = multiplyHigh(i32x4.mul(lowWords(a, b), inverse), p);
    const t = i32x4.add(i32x4.sub(high, m), v128.and(i32x4.lt_u(high, m), p));
    const product = reduceProduct(
      i64x2.extmul_low_i32x4_u(t, square), i64x2.extmul_high_i32x4_u(t, square), p, inverse,
    );
    v128.store(out + at, product);
  }
  return v128.any_true(tops);
}

/** Row `index` of the public seed's expansion, as {@link reduceWords} makes it of the words, 8 N bytes at `words`. */
export function expandRow(seed: u32, index: u32, out: u32, words: u32): bool {
  drawRow(seed, index, words);
  return reduceWords(words, index, out);
}
