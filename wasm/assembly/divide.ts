// Division by a prime with rounding: rescaling, and the last step of key switching. Exactly SEAL's result.
//
// SEAL (util/rns.cpp, divide_and_round_q_last_ntt_inplace) adds half the prime, reduces, and takes half away again;
// for an odd prime q that is the remainder in (-q/2, q/2), which is what is computed here, as signed numbers.
import { fold, shoup } from './lanes';
import { forwardSigned } from './ntt-forward';
import { inverse } from './ntt-inverse';
import { N, pairInverse, pairInverseQuotient, prime, rowBytes } from './tables';

/** The smallest multiple of `p` that is at least `bound`. */
export function multipleAbove(bound: u32, p: u32): u32 {
  return ((bound + p - 1) / p) * p;
}

/** Residues [0, q) at `row` to the representatives nearest zero, in place, as i32. */
function center(row: u32, q: u32): void {
  const modulus = i32x4.splat(q);
  const half = i32x4.splat(q >> 1);
  for (let at = row; at < row + N * 4; at += 16) {
    const x = v128.load(at);
    v128.store(at, i32x4.sub(x, v128.and(modulus, i32x4.gt_s(x, half))));
  }
}

/** The remainder modulo prime `from` of the transformed row, as signed coefficients. */
export function remainder(row: u32, out: u32, from: u32): void {
  inverse(row, out, from);
  center(out, prime(from));
}

/** Transforms the signed remainder modulo prime `from` into prime `to`. */
// @ts-ignore: decorator
@inline
function remainderInto(coefficients: u32, out: u32, from: u32, to: u32): void {
  const half = prime(from) >> 1;
  const c = multipleAbove(half, prime(to));
  forwardSigned(coefficients, out, to, c, max(c, half + 1));
}

function max(a: u32, b: u32): u32 {
  return a > b ? a : b;
}

/**
 * out = (row - remainder) / prime(from) mod prime(to), where `coefficients` is the signed remainder and `scratch` one
 * row; then plus `addend` unless that is 0.
 */
export function divideRow(
  out: u32, row: u32, coefficients: u32, scratch: u32, from: u32, to: u32, addend: u32,
): void {
  remainderInto(coefficients, scratch, from, to);
  const p = i32x4.splat(prime(to));
  const w = i32x4.splat(pairInverse(from, to));
  const q = i32x4.splat(pairInverseQuotient(from, to));
  if (addend != 0) {
    for (let at: u32 = 0; at < N * 4; at += 16) {
      const d = i32x4.add(i32x4.sub(v128.load(row + at), v128.load(scratch + at)), p);
      const x = fold(shoup(d, w, q, p), p);
      v128.store(out + at, fold(i32x4.add(x, v128.load(addend + at)), p));
    }
  } else {
    for (let at: u32 = 0; at < N * 4; at += 16) {
      const d = i32x4.add(i32x4.sub(v128.load(row + at), v128.load(scratch + at)), p);
      v128.store(out + at, fold(shoup(d, w, q, p), p));
    }
  }
}

/** Drops the last of `count` primes of each polynomial and divides by it. `scratch` is two rows. */
export function rescale(out: u32, a: u32, polys: u32, count: u32, scratch: u32): void {
  const last = count - 1;
  for (let k: u32 = 0; k < polys; k++) {
    const source = a + k * count * rowBytes;
    remainder(source + last * rowBytes, scratch, last);
    for (let row: u32 = 0; row < last; row++) {
      divideRow(
        out + (k * last + row) * rowBytes, source + row * rowBytes, scratch, scratch + rowBytes, last, row, 0,
      );
    }
  }
}
