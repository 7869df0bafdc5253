// The CKKS encoder for real vectors: inverse FFT over the canonical embedding, rounding, residues, NTT.
//
// Slot j is the value of the polynomial m at zeta^(3^j), zeta = exp(i pi / N); for a real vector also at the conjugate
// root. One root of each conjugate pair has an exponent 1 mod 4, and there zeta^(e N/2) = i: so the N/2 complex
// numbers u_t = m_t + i m_(t+N/2), turned by zeta^t, are the ordinary inverse DFT of the values in the order of
// (e - 1) / 4. Sines and cosines are made by the caller.
import { forwardSigned } from './ntt-forward';
import { toMontgomery } from './pointwise';
import { reverseBits } from './modular';
import { N, logN, prime, rowPrime } from './tables';

/** Bytes of the tables: see {@link prepareEncoder}. */
export function encoderBytes(): u32 {
  // For each of N/2 slots its place (u32); FFT roots and turning roots, real and imaginary, N/2 f64 each.
  return (N / 2) * 4 + 4 * (N / 2) * 8;
}

/** Bytes of scratch: N f64 of values or coefficients. */
export function coefficientBytes(): u32 {
  return N * 8;
}

/**
 * Fills the slots' places. The caller has written, behind the N/2 places, N/2 f64 each of cos, sin of the FFT roots
 * (entry h + j: angle pi j / h, for h = 1, 2, 4, ...) and cos, sin of -pi t / N.
 */
export function prepareEncoder(tables: u32): void {
  const half = N / 2;
  const mask = 2 * N - 1;
  let exponent: u32 = 1;
  for (let slot: u32 = 0; slot < half; slot++) {
    const e = (exponent & 3) == 1 ? exponent : 2 * N - exponent;
    store<u32>(tables + slot * 4, reverseBits((e - 1) >> 2, logN - 1));
    exponent = (exponent * 3) & mask;
  }
}

/**
 * N/2 real slots at `values` (f64) to N scaled, rounded coefficients at `out` (f64; the first half is m_0 to
 * m_(N/2-1)). Returns the greatest magnitude, infinity or NaN if a slot was none.
 */
export function embed(tables: u32, values: u32, out: u32, scale: f64): f64 {
  const half = N / 2;
  const re = out;
  const im = out + half * 8;
  for (let slot: u32 = 0; slot < half; slot++) {
    store<f64>(re + load<u32>(tables + slot * 4) * 8, load<f64>(values + slot * 8));
  }
  memory.fill(im, 0, half * 8);
  const cos = tables + half * 4;
  const sin = cos + half * 8;
  // Decimation in time; the signs are those of the transform with exp(-2 pi i / n).
  for (let at: u32 = 0; at < half * 8; at += 16) {
    const x = load<f64>(re + at);
    const y = load<f64>(re + at, 8);
    store<f64>(re + at, x + y);
    store<f64>(re + at, x - y, 8);
  }
  for (let h: u32 = 2; h < half; h *= 2) {
    const span = h * 8;
    for (let group: u32 = 0; group < half * 8; group += 2 * span) {
      for (let j: u32 = 0; j < span; j += 16) {
        const a = group + j;
        const c = v128.load(cos + span + j);
        const s = v128.load(sin + span + j);
        const br = v128.load(re + a + span);
        const bi = v128.load(im + a + span);
        const tr = f64x2.add(f64x2.mul(br, c), f64x2.mul(bi, s));
        const ti = f64x2.sub(f64x2.mul(bi, c), f64x2.mul(br, s));
        const ar = v128.load(re + a);
        const ai = v128.load(im + a);
        v128.store(re + a, f64x2.add(ar, tr));
        v128.store(im + a, f64x2.add(ai, ti));
        v128.store(re + a + span, f64x2.sub(ar, tr));
        v128.store(im + a + span, f64x2.sub(ai, ti));
      }
    }
  }
  const turnCos = sin + half * 8;
  const turnSin = turnCos + half * 8;
  const factor = f64x2.splat(scale / <f64>half);
  let most = f64x2.splat(0);
  for (let at: u32 = 0; at < half * 8; at += 16) {
    const c = v128.load(turnCos + at);
    const s = v128.load(turnSin + at);
    const x = v128.load(re + at);
    const y = v128.load(im + at);
    const u = f64x2.nearest(f64x2.mul(f64x2.sub(f64x2.mul(x, c), f64x2.mul(y, s)), factor));
    const v = f64x2.nearest(f64x2.mul(f64x2.add(f64x2.mul(x, s), f64x2.mul(y, c)), factor));
    v128.store(re + at, u);
    v128.store(im + at, v);
    most = f64x2.max(most, f64x2.max(f64x2.abs(u), f64x2.abs(v)));
  }
  const a = f64x2.extract_lane(most, 0);
  const b = f64x2.extract_lane(most, 1);
  return a > b ? a : a <= b ? b : NaN;
}

/** x - nearest(x / p) p for whole numbers below 2^51 in magnitude: exact, within (-p, p). */
// @ts-ignore: decorator
@inline
function modulo(x: v128, p: v128, inverse: v128): v128 {
  return f64x2.sub(x, f64x2.mul(f64x2.nearest(f64x2.mul(x, inverse)), p));
}

/** Largest magnitude of coefficients that {@link residues} reduces in one step; above it they are split in two. */
const ONE_STEP: f64 = 1125899906842624.0; // 2^50
const SPLIT: f64 = 1048576.0; // 2^20

/**
 * The rounded coefficients (f64, none above `most` in magnitude) to one transformed row, in Montgomery form on
 * request. Exact for most <= 2^70.
 */
export function residues(coefficients: u32, out: u32, index: u32, most: f64, montgomery: bool): void {
  const modulus = prime(index);
  const p = f64x2.splat(<f64>modulus);
  const inverse = f64x2.splat(1.0 / <f64>modulus);
  const split = f64x2.splat(SPLIT);
  const unsplit = f64x2.splat(1.0 / SPLIT);
  const wide = most > ONE_STEP;
  for (let at: u32 = 0; at < N * 4; at += 16) {
    let x = v128.load(coefficients + 2 * at);
    let y = v128.load(coefficients + 2 * at, 16);
    if (wide) {
      // x = 2^20 high + low, both exact; the high part is reduced first.
      const hx = f64x2.nearest(f64x2.mul(x, unsplit));
      const hy = f64x2.nearest(f64x2.mul(y, unsplit));
      x = f64x2.add(f64x2.mul(modulo(hx, p, inverse), split), f64x2.sub(x, f64x2.mul(hx, split)));
      y = f64x2.add(f64x2.mul(modulo(hy, p, inverse), split), f64x2.sub(y, f64x2.mul(hy, split)));
    }
    const a = i32x4.trunc_sat_f64x2_s_zero(modulo(x, p, inverse));
    const b = i32x4.trunc_sat_f64x2_s_zero(modulo(y, p, inverse));
    v128.store(out + at, v128.shuffle<i32>(a, b, 0, 1, 4, 5));
  }
  forwardSigned(out, out, index, modulus, modulus);
  if (montgomery) toMontgomery(out, out, index);
}

/** All rows of a plaintext: `count` data primes, then P when `rows` is count + 1. Rows lie `stride` bytes apart. */
export function residueRows(
  coefficients: u32, out: u32, rows: u32, count: u32, stride: u32, most: f64, montgomery: bool,
): void {
  for (let row: u32 = 0; row < rows; row++) {
    residues(coefficients, out + row * stride, rowPrime(row, count), most, montgomery);
  }
}
