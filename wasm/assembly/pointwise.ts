// Row by row arithmetic on residues: sums, products with plaintexts and with scalars, ciphertext products.
//
// A row is N residues of one prime; an object of `polys` polynomials over `count` primes is polys x count rows.
import { fold, reduceProduct, shoup } from './lanes';
import { shoupQuotient } from './modular';
import { INVERSE, MONT, MONT_Q, N, P, prime, record, rowBytes } from './tables';

/** out = a + b for `rows` rows over `count` primes. */
export function add(out: u32, a: u32, b: u32, rows: u32, count: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    const p = i32x4.splat(prime(row % count));
    const base = row * rowBytes;
    for (let at = base; at < base + N * 4; at += 16) {
      v128.store(out + at, fold(i32x4.add(v128.load(a + at), v128.load(b + at)), p));
    }
  }
}

/** out = a - b. */
export function subtract(out: u32, a: u32, b: u32, rows: u32, count: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    const p = i32x4.splat(prime(row % count));
    const base = row * rowBytes;
    for (let at = base; at < base + N * 4; at += 16) {
      const d = i32x4.sub(v128.load(a + at), v128.load(b + at));
      v128.store(out + at, i32x4.min_u(d, i32x4.add(d, p)));
    }
  }
}

/** out = -a, with 0 for 0. */
export function negate(out: u32, a: u32, rows: u32, count: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    const p = i32x4.splat(prime(row % count));
    const base = row * rowBytes;
    for (let at = base; at < base + N * 4; at += 16) {
      const d = i32x4.neg(v128.load(a + at));
      v128.store(out + at, i32x4.min_u(d, i32x4.add(d, p)));
    }
  }
}

/** Copies rows: `sourceRow` and `targetRow` are counted from the pointers. */
export function copyRows(out: u32, a: u32, rows: u32): void {
  memory.copy(out, a, rows * rowBytes);
}

/** Zeroes rows. */
export function clearRows(out: u32, rows: u32): void {
  memory.fill(out, 0, rows * rowBytes);
}

/** The first `kept` of `count` rows of each polynomial: what dropping primes leaves. */
export function dropPrimes(out: u32, a: u32, polys: u32, count: u32, kept: u32): void {
  for (let k: u32 = 0; k < polys; k++) {
    memory.copy(out + k * kept * rowBytes, a + k * count * rowBytes, kept * rowBytes);
  }
}

/** Montgomery product of two vectors of residues below p. */
// @ts-ignore: decorator
@inline
function product(a: v128, b: v128, p: v128, inverse: v128): v128 {
  return reduceProduct(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_high_i32x4_u(a, b), p, inverse);
}

/** One row to Montgomery form (times 2^32), in place or not. */
export function toMontgomery(out: u32, a: u32, index: u32): void {
  const r = record(index);
  const p = v128.load_splat<u32>(r, P);
  const w = v128.load_splat<u32>(r, MONT);
  const q = v128.load_splat<u32>(r, MONT_Q);
  for (let at: u32 = 0; at < N * 4; at += 16) {
    v128.store(out + at, fold(shoup(v128.load(a + at), w, q, p), p));
  }
}

/** out = a times the plaintext (Montgomery form, `count` rows): the plaintext is read once for each two polynomials. */
export function multiplyPlain(out: u32, a: u32, plain: u32, polys: u32, count: u32): void {
  const step = count * rowBytes;
  for (let row: u32 = 0; row < count; row++) {
    const r = record(row);
    const p = v128.load_splat<u32>(r, P);
    const inverse = v128.load_splat<u32>(r, INVERSE);
    const base = row * rowBytes;
    for (let k: u32 = 0; k < polys; k += 2) {
      const from = a + k * step;
      const to = out + k * step;
      if (k + 1 < polys) {
        for (let at = base; at < base + N * 4; at += 16) {
          const d = v128.load(plain + at);
          v128.store(to + at, product(v128.load(from + at), d, p, inverse));
          v128.store(to + at + step, product(v128.load(from + at + step), d, p, inverse));
        }
      } else {
        for (let at = base; at < base + N * 4; at += 16) {
          v128.store(to + at, product(v128.load(from + at), v128.load(plain + at), p, inverse));
        }
      }
    }
  }
}

/** out = a times scalars[row % count]; the scalars are residues. */
export function multiplyScalar(out: u32, a: u32, scalars: u32, rows: u32, count: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    const scalar = load<u32>(scalars + (row % count) * 4);
    const modulus = prime(row % count);
    const p = i32x4.splat(modulus);
    const w = i32x4.splat(scalar);
    const q = i32x4.splat(shoupQuotient(scalar, modulus));
    const base = row * rowBytes;
    for (let at = base; at < base + N * 4; at += 16) {
      v128.store(out + at, fold(shoup(v128.load(a + at), w, q, p), p));
    }
  }
}

/** out += a times scalars[row % count]. */
export function addScaled(out: u32, a: u32, scalars: u32, rows: u32, count: u32): void {
  for (let row: u32 = 0; row < rows; row++) {
    const scalar = load<u32>(scalars + (row % count) * 4);
    const modulus = prime(row % count);
    const p = i32x4.splat(modulus);
    const w = i32x4.splat(scalar);
    const q = i32x4.splat(shoupQuotient(scalar, modulus));
    const base = row * rowBytes;
    for (let at = base; at < base + N * 4; at += 16) {
      const t = fold(shoup(v128.load(a + at), w, q, p), p);
      v128.store(out + at, fold(i32x4.add(v128.load(out + at), t), p));
    }
  }
}

/** Adds scalars[row] to every residue of `count` rows, in place: a constant in every slot. */
export function addScalar(out: u32, scalars: u32, count: u32): void {
  for (let row: u32 = 0; row < count; row++) {
    const p = i32x4.splat(prime(row));
    const s = i32x4.splat(load<u32>(scalars + row * 4));
    const base = out + row * rowBytes;
    for (let at = base; at < base + N * 4; at += 16) v128.store(at, fold(i32x4.add(v128.load(at), s), p));
  }
}

/** (c0, c1) squared: (c0^2, 2 c0 c1, c1^2). `out` must not overlap `a`. */
export function square(out: u32, a: u32, count: u32): void {
  const step = count * rowBytes;
  for (let row: u32 = 0; row < count; row++) {
    const r = record(row);
    const p = v128.load_splat<u32>(r, P);
    const inverse = v128.load_splat<u32>(r, INVERSE);
    const w = v128.load_splat<u32>(r, MONT);
    const q = v128.load_splat<u32>(r, MONT_Q);
    const base = row * rowBytes;
    for (let at = base; at < base + N * 4; at += 16) {
      const c0 = v128.load(a + at);
      const c1 = v128.load(a + at + step);
      const m0 = fold(shoup(c0, w, q, p), p);
      const m1 = fold(shoup(c1, w, q, p), p);
      v128.store(out + at, product(c0, m0, p, inverse));
      const cross = product(c1, m0, p, inverse);
      v128.store(out + at + step, fold(i32x4.add(cross, cross), p));
      v128.store(out + at + 2 * step, product(c1, m1, p, inverse));
    }
  }
}

/** (a0, a1) times (b0, b1): (a0 b0, a0 b1 + a1 b0, a1 b1). `out` must not overlap the factors. */
export function multiply(out: u32, a: u32, b: u32, count: u32): void {
  const step = count * rowBytes;
  for (let row: u32 = 0; row < count; row++) {
    const r = record(row);
    const p = v128.load_splat<u32>(r, P);
    const inverse = v128.load_splat<u32>(r, INVERSE);
    const w = v128.load_splat<u32>(r, MONT);
    const q = v128.load_splat<u32>(r, MONT_Q);
    const base = row * rowBytes;
    for (let at = base; at < base + N * 4; at += 16) {
      const a0 = fold(shoup(v128.load(a + at), w, q, p), p);
      const a1 = fold(shoup(v128.load(a + at + step), w, q, p), p);
      const b0 = v128.load(b + at);
      const b1 = v128.load(b + at + step);
      v128.store(out + at, product(a0, b0, p, inverse));
      // Two products stay below 2^61, and p times 2^32 above them.
      const low = i64x2.add(i64x2.extmul_low_i32x4_u(a0, b1), i64x2.extmul_low_i32x4_u(a1, b0));
      const high = i64x2.add(i64x2.extmul_high_i32x4_u(a0, b1), i64x2.extmul_high_i32x4_u(a1, b0));
      v128.store(out + at + step, reduceProduct(low, high, p, inverse));
      v128.store(out + at + 2 * step, product(a1, b1, p, inverse));
    }
  }
}
