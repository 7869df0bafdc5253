// SEAL's samplers (SEAL 4.1, native/src/seal/util/rlwe.cpp): small numbers and residues from the generator's bytes.
//
// Nothing branches on a number that is kept, or indexes by it. How long the ternary sampler runs depends on the draws
// that it throws away, which say nothing of those that it keeps.
import { BUFFER_BYTES, stream } from '../assembly/blake2x';
import { multiplyHigh, reduceProduct } from '../assembly/lanes';
import { multiplyMod } from '../assembly/modular';
import { INVERSE, MONT, N, P, record } from '../assembly/tables';

/**
 * sample_poly_ternary: of each 4 bytes the lowest two bits, less 1; 3 is thrown away. N numbers as i32 to `out`;
 * `buffer` holds 4096 bytes.
 */
export function ternary(seed: u32, out: u32, buffer: u32): void {
  let have: u32 = 0;
  for (let k: u32 = 0; have < N; k++) {
    stream(seed, k, 1, buffer);
    for (let at = buffer; at < buffer + BUFFER_BYTES && have < N; at += 4) {
      const draw = load<u8>(at) & 3;
      store<i32>(out + 4 * have, <i32>draw - 1);
      have += <u32>(draw != 3);
    }
  }
}

/**
 * sample_poly_cbd, negated: of each 6 bytes the one bits of the upper 21 less those of the lower 21 (bits 0 to 20 and
 * 24 to 44). N numbers as i32 to `out`.
 */
export function negatedNoise(bytes: u32, out: u32): void {
  for (let i: u32 = 0; i < N; i++) {
    const x = load<u64>(bytes + 6 * i);
    store<i32>(out + 4 * i, <i32>(popcnt<u64>(x & 0x1fffff000000) - popcnt<u64>(x & 0x1fffff)));
  }
}

/** Bytes of the generator's buffers that hold a public seed and the noise. */
export function noiseBuffers(): u32 {
  return (64 + 6 * N + BUFFER_BYTES - 1) / BUFFER_BYTES;
}

/**
 * sample_poly_uniform, row `index` of the public seed's expansion: N 64-bit words modulo the prime, to `out`. Returns
 * true when a word's upper half is all ones. SEAL replaces words from the last multiple of p below 2^64 - 1 on, which
 * all have that; the caller draws another seed instead, so that no row depends on the rows beside it. `words`: 8 N bytes.
 */
export function uniformRow(seed: u32, index: u32, out: u32, words: u32): bool {
  const buffers = (8 * N) / BUFFER_BYTES;
  stream(seed, index * buffers, buffers, words);
  const r = record(index);
  const modulus = load<u32>(r, P);
  const p = i32x4.splat(modulus);
  const inverse = v128.load_splat<u32>(r, INVERSE);
  const square = i32x4.splat(multiplyMod(load<u32>(r, MONT), load<u32>(r, MONT), modulus)); // 2^64 mod p
  const ones = i32x4.splat(-1);
  let tops = i32x4.splat(0);
  for (let at: u32 = 0; at < 4 * N; at += 16) {
    const a = v128.load(words + 2 * at);
    const b = v128.load(words + 2 * at, 16);
    const low = v128.shuffle<i32>(a, b, 0, 2, 4, 6);
    const high = v128.shuffle<i32>(a, b, 1, 3, 5, 7);
    tops = v128.or(tops, i32x4.eq(high, ones));
    // Montgomery: word / 2^32 mod p, below 2^32; then times 2^64 / 2^32.
    const m = multiplyHigh(i32x4.mul(low, inverse), p);
    const t = i32x4.add(i32x4.sub(high, m), v128.and(i32x4.lt_u(high, m), p));
    const product = reduceProduct(
      i64x2.extmul_low_i32x4_u(t, square), i64x2.extmul_high_i32x4_u(t, square), p, inverse,
    );
    v128.store(out + at, product);
  }
  return v128.any_true(tops);
}
