// Key switching: a polynomial under one key becomes a ciphertext under another. Exactly SEAL's result.
//
// SEAL, evaluator.cpp, switch_key_inplace: each residue polynomial is a digit; digits times key digits are summed
// over the extended basis QP and divided by P. Keys are stored permuted by the inverse of their automorphism, so that
// digits of the polynomial as it stands are multiplied, and only the sum is permuted.
import { divideRow, multipleAbove, remainder } from './divide';
import { permuteRow } from './galois';
import { fold, reduceProduct, reduceSum } from './lanes';
import { forwardSigned } from './ntt-forward';
import { inverse } from './ntt-inverse';
import { toMontgomery } from './pointwise';
import { INVERSE, N, ONE, P, logN, prime, primeCount, record, rowBytes, rowPrime } from './tables';

/** Residues of one key polynomial that lie together: [prime][block][digit][polynomial][32]. */
const BLOCK: u32 = 128;

/** Bytes of a key of `keyDigits` digits: both polynomials of each, modulo as many data primes and P. */
export function keyBytes(keyDigits: u32): u32 {
  return (keyDigits + 1) * keyRowBytes(keyDigits);
}

// @ts-ignore: decorator
@inline
function keyRowBytes(keyDigits: u32): u32 {
  return keyDigits * 2 * N * 4;
}

/** Where the rows of prime `index` begin: P's follow those of the data primes that the key serves. */
// @ts-ignore: decorator
@inline
function keyRow(key: u32, keyDigits: u32, index: u32): u32 {
  return key + (index == primeCount - 1 ? keyDigits : index) * keyRowBytes(keyDigits);
}

/**
 * Puts one row of a key of `keyDigits` digits (residues at `row`, overwritten) into its place: to Montgomery form, permuted
 * by `permutation` (that of the inverse automorphism; 0 for none), and interleaved with the other digits.
 */
export function storeKeyRow(
  key: u32, keyDigits: u32, row: u32, scratch: u32, digit: u32, poly: u32, index: u32, permutation: u32,
): void {
  toMontgomery(row, row, index);
  let from = row;
  if (permutation != 0) {
    permuteRow(scratch, row, permutation);
    from = scratch;
  }
  const stride = keyDigits * 2 * BLOCK;
  let to = keyRow(key, keyDigits, index) + (digit * 2 + poly) * BLOCK;
  for (let at: u32 = 0; at < N * 4; at += BLOCK) {
    memory.copy(to, from + at, BLOCK);
    to += stride;
  }
}

/**
 * The digits of a transformed polynomial over `count` primes, as signed coefficients. For g > 1 they are those of
 * its image under X -> X^g, left in the places they came from: a coefficient whose sign the automorphism turns is
 * q - x for SEAL, so here it is x - q (and 0 stays 0).
 */
export function decompose(source: u32, digits: u32, count: u32, g: u32): void {
  for (let j: u32 = 0; j < count; j++) {
    const row = digits + j * rowBytes;
    inverse(source + j * rowBytes, row, j);
    if (g > 1) turnSigns(row, prime(j), g);
  }
}

/**
 * The digits as numbers nearest zero. Any representative of a residue will do; SEAL takes [0, q), whose mean of q/2
 * meets the key's errors in every coefficient at once and puts N/4 times the variance into the first slots. These give
 * less noise, but not SEAL's bytes: they serve the hoisted rotations.
 */
export function decomposeCentered(source: u32, digits: u32, count: u32): void {
  for (let j: u32 = 0; j < count; j++) remainder(source + j * rowBytes, digits + j * rowBytes, j);
}

function turnSigns(row: u32, q: u32, g: u32): void {
  const modulus = i32x4.splat(q);
  const zero = i32x4.splat(0);
  const step = i32x4.splat(4 * g);
  // Bit N of g t decides the sign; shifted to the top it makes a mask.
  let position = i32x4.mul(i32x4.splat(g), i32x4(0, 1, 2, 3));
  for (let at = row; at < row + N * 4; at += 16) {
    const x = v128.load(at);
    const turned = i32x4.shr_s(i32x4.shl(position, <i32>(31 - logN)), 31);
    v128.store(at, i32x4.sub(x, v128.and(modulus, v128.and(turned, i32x4.gt_s(x, zero)))));
    position = i32x4.add(position, step);
  }
}

/**
 * Digit j of `count`, transformed into the prime `index`: at `scratch`, or, where the digit belongs to that prime,
 * the row it was taken from.
 */
// @ts-ignore: decorator
@inline
function digitInto(source: u32, digits: u32, j: u32, index: u32, scratch: u32): u32 {
  if (j == index) return source + j * rowBytes;
  const q = prime(j);
  const c = multipleAbove(q, prime(index));
  forwardSigned(digits + j * rowBytes, scratch, index, c, c);
  return scratch;
}

/** Transforms all digits into one prime, in rows at `scratch`, and writes their addresses to `table`. */
export function digitsInto(source: u32, digits: u32, count: u32, index: u32, scratch: u32, table: u32): void {
  for (let j: u32 = 0; j < count; j++) {
    store<u32>(table + j * 4, digitInto(source, digits, j, index, scratch + j * rowBytes));
  }
}

/** Both sums of digit x key for one prime; an addend of 0 stands for none. A wide sum may reach 2^32 p. */
// @ts-ignore: decorator
@inline
function sumDigits(
  table: u32, count: u32, key: u32, keyDigits: u32, index: u32, out0: u32, out1: u32, add0: u32, wide: bool,
): void {
  const r = record(index);
  const p = v128.load_splat<u32>(r, P);
  const inverse = v128.load_splat<u32>(r, INVERSE);
  const one = v128.load_splat<u32>(r, ONE);
  const stride = keyDigits * 2 * BLOCK;
  const end = table + count * 4;
  let block = keyRow(key, keyDigits, index);
  for (let at: u32 = 0; at < N * 4; at += 32) {
    let a0 = i64x2.splat(0), a1 = i64x2.splat(0), a2 = i64x2.splat(0), a3 = i64x2.splat(0);
    let b0 = i64x2.splat(0), b1 = i64x2.splat(0), b2 = i64x2.splat(0), b3 = i64x2.splat(0);
    let k = block + (at & (BLOCK - 1));
    for (let t = table; t < end; t += 4) {
      const digit = load<u32>(t) + at;
      const d0 = v128.load(digit);
      const d1 = v128.load(digit, 16);
      const k0 = v128.load(k);
      a0 = i64x2.add(a0, i64x2.extmul_low_i32x4_u(d0, k0));
      a1 = i64x2.add(a1, i64x2.extmul_high_i32x4_u(d0, k0));
      const k1 = v128.load(k, 16);
      a2 = i64x2.add(a2, i64x2.extmul_low_i32x4_u(d1, k1));
      a3 = i64x2.add(a3, i64x2.extmul_high_i32x4_u(d1, k1));
      const k2 = v128.load(k, 128);
      b0 = i64x2.add(b0, i64x2.extmul_low_i32x4_u(d0, k2));
      b1 = i64x2.add(b1, i64x2.extmul_high_i32x4_u(d0, k2));
      const k3 = v128.load(k, 144);
      b2 = i64x2.add(b2, i64x2.extmul_low_i32x4_u(d1, k3));
      b3 = i64x2.add(b3, i64x2.extmul_high_i32x4_u(d1, k3));
      k += 2 * BLOCK;
    }
    if ((at & (BLOCK - 1)) == BLOCK - 32) block += stride;
    let x0 = wide ? reduceSum(a0, a1, p, inverse, one) : reduceProduct(a0, a1, p, inverse);
    let x1 = wide ? reduceSum(a2, a3, p, inverse, one) : reduceProduct(a2, a3, p, inverse);
    const y0 = wide ? reduceSum(b0, b1, p, inverse, one) : reduceProduct(b0, b1, p, inverse);
    const y1 = wide ? reduceSum(b2, b3, p, inverse, one) : reduceProduct(b2, b3, p, inverse);
    if (add0 != 0) {
      x0 = fold(i32x4.add(x0, v128.load(add0 + at)), p);
      x1 = fold(i32x4.add(x1, v128.load(add0 + at, 16)), p);
    }
    v128.store(out0 + at, x0);
    v128.store(out0 + at, x1, 16);
    v128.store(out1 + at, y0);
    v128.store(out1 + at, y1, 16);
  }
}

function sumNarrow(
  table: u32, count: u32, key: u32, keyDigits: u32, index: u32, out0: u32, out1: u32, add0: u32,
): void {
  sumDigits(table, count, key, keyDigits, index, out0, out1, add0, false);
}

function sumWide(
  table: u32, count: u32, key: u32, keyDigits: u32, index: u32, out0: u32, out1: u32, add0: u32,
): void {
  sumDigits(table, count, key, keyDigits, index, out0, out1, add0, true);
}

/**
 * out0, out1 = sum of the digits in `table` times the key, of `keyDigits` digits, modulo one prime; plus `add0` on the
 * first unless 0.
 */
export function keyProduct(
  table: u32, count: u32, key: u32, keyDigits: u32, index: u32, out0: u32, out1: u32, add0: u32,
): void {
  if (<u64>count * <u64>prime(index) < (<u64>1) << 32) {
    sumNarrow(table, count, key, keyDigits, index, out0, out1, add0);
  } else {
    sumWide(table, count, key, keyDigits, index, out0, out1, add0);
  }
}

/**
 * Rows of scratch that {@link switchKey} needs for `count` primes: digits, their images, two sums over QP, three rows for
 * the division and one for a table of addresses.
 */
export function switchScratchRows(count: u32): u32 {
  return 2 * count + 2 * (count + 1) + 4;
}

/**
 * Switches `source` (`count` rows) and adds (add0, add1), either of which may be 0; with a permutation, the result is
 * permuted. g is the automorphism whose signs the digits take (1 for none). out: 2 x count rows, overlapping nothing.
 */
export function switchKey(
  out: u32, source: u32, add0: u32, add1: u32, key: u32, keyDigits: u32, permutation: u32, g: u32, count: u32,
  scratch: u32,
): void {
  const digits = scratch;
  const images = digits + count * rowBytes;
  const sums = images + count * rowBytes;
  const rest = sums + 2 * (count + 1) * rowBytes;
  const table = rest + 3 * rowBytes;
  decompose(source, digits, count, g);
  for (let row: u32 = 0; row <= count; row++) {
    const index = rowPrime(row, count);
    digitsInto(source, digits, count, index, images, table);
    keyProduct(
      table, count, key, keyDigits, index, sums + row * rowBytes, sums + (count + 1 + row) * rowBytes, 0,
    );
  }
  divideBySpecial(out, sums, add0, add1, permutation, count, rest);
}

/**
 * out = sums / P, rounded, plus the addends: from 2 x (count + 1) rows over QP to 2 x count over Q, permuted unless
 * `permutation` is 0. `scratch` is three rows.
 */
export function divideBySpecial(
  out: u32, sums: u32, add0: u32, add1: u32, permutation: u32, count: u32, scratch: u32,
): void {
  for (let k: u32 = 0; k < 2; k++) {
    dividePoly(
      out + k * count * rowBytes, sums + k * (count + 1) * rowBytes, k == 0 ? add0 : add1, permutation, count, scratch,
    );
  }
}

/** One polynomial of {@link divideBySpecial}. */
export function dividePoly(out: u32, sums: u32, addend: u32, permutation: u32, count: u32, scratch: u32): void {
  const special = primeCount - 1;
  const image = scratch + rowBytes;
  const plain = image + rowBytes;
  remainder(sums + count * rowBytes, scratch, special);
  for (let row: u32 = 0; row < count; row++) {
    const target = out + row * rowBytes;
    const to = permutation != 0 ? plain : target;
    divideRow(to, sums + row * rowBytes, scratch, image, special, row, addend != 0 ? addend + row * rowBytes : 0);
    if (permutation != 0) permuteRow(target, plain, permutation);
  }
}
