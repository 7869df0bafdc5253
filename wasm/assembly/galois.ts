// Galois automorphisms X -> X^g on transformed polynomials, as permutations of vectors.
//
// In bit-reversed order four neighbours are a coset that every automorphism maps onto a coset (with their order
// changed in one of four ways), so the gather moves whole vectors and shuffles bytes within them.
import { reverseBits } from './modular';
import { N, logN } from './tables';

/** Four byte-shuffles, then one word for each vector: the source's offset, with the shuffle's number in its low bits. */
const MASKS: u32 = 64;

/** Bytes of an automorphism's table: the shuffles, and a word for each vector of four residues. */
export function permutationBytes(): u32 {
  return MASKS + N;
}

/** Index that the automorphism brings to `i` (SEAL, util/galois.cpp). */
function sourceOf(i: u32, g: u32): u32 {
  const exponent = reverseBits(i + N, logN + 1);
  const raw = <u32>((<u64>g * <u64>exponent) >> 1);
  return reverseBits(raw & (N - 1), logN);
}

/** Writes the permutation of X -> X^g, g odd and below 2N, to `out` (permutationBytes() bytes). */
export function makePermutation(out: u32, g: u32): void {
  let known: u32 = 0;
  for (let i: u32 = 0; i < N; i += 4) {
    const first = sourceOf(i, g);
    const mask = out + (first & 3) * 16;
    store<u32>(out + MASKS + i, (first >> 2) * 16 + (first & 3));
    if ((known & (1 << (first & 3))) != 0) continue;
    known |= 1 << (first & 3);
    for (let lane: u32 = 0; lane < 4; lane++) {
      const byte = (sourceOf(i + lane, g) & 3) * 4;
      store<u32>(mask + lane * 4, 0x03020100 + byte * 0x01010101);
    }
  }
}

/** Vector `at` (byte offset) of the permuted row. */
// @ts-ignore: decorator
@inline
export function permuted(row: u32, permutation: u32, at: u32): v128 {
  const entry = load<u32>(permutation + MASKS + (at >> 2));
  return v128.swizzle(v128.load(row + (entry & ~15)), v128.load(permutation + ((entry & 15) << 4)));
}

/** out = the permuted row; `out` must not be `row`. */
export function permuteRow(out: u32, row: u32, permutation: u32): void {
  for (let at: u32 = 0; at < N * 4; at += 16) v128.store(out + at, permuted(row, permutation, at));
}
