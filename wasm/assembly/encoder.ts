// The CKKS encoder for real vectors, float for float as SEAL's (SEAL 4.1, native/src/seal/ckks.h, util/dwthandler.h):
// inverse FFT over the canonical embedding, rounding half away from zero, residues, NTT.
//
// Slot j is the value of the polynomial m at zeta^(3^j), zeta = exp(i pi / N), and stands at the bit-reversed place of
// (3^j - 1) / 2. SEAL transforms N complex numbers; for a real vector those at places k and N - 1 - k are conjugates
// all the way, and so are the roots: the lower half of the groups gives the same floats. Two of the last stage's
// factors are 0 and 1, so coefficients k and k + N/2 are the real and imaginary parts, doubled and scaled.
import { forwardSigned } from './ntt-forward';
import { toMontgomery } from './pointwise';
import { reverseBits } from './modular';
import { N, logN, prime, rowPrime } from './tables';

/** Bytes of the tables: for each of N/2 slots its place (u32); N/2 roots, real and imaginary parts (f64). */
export function encoderBytes(): u32 {
  return (N / 2) * 4 + 2 * (N / 2) * 8;
}

/** Bytes of scratch: N f64 of values or coefficients. */
export function coefficientBytes(): u32 {
  return N * 8;
}

/** Where the real parts of the roots begin, N/2 f64, after as many words of places. */
// @ts-ignore: decorator
@inline
export function realRoots(tables: u32): u32 {
  return tables + (N / 2) * 4;
}

/** Where their imaginary parts begin. */
// @ts-ignore: decorator
@inline
export function imaginaryRoots(tables: u32): u32 {
  return tables + (N / 2) * 12;
}

/**
 * Fills the tables from `octant`: cos and sin of pi k / N for k = 0 to N/4, N/4 + 1 f64 each. The others follow by
 * exact symmetries. Entry h + i, i < h = 1, 2, 4, ..., is the root zeta^rev(2h + i) of group i in a stage of 2h groups.
 */
export function prepareEncoder(tables: u32, octant: u32): void {
  const half = N / 2;
  const cos = octant;
  const sin = octant + (N / 4 + 1) * 8;
  let exponent: u32 = 1;
  for (let slot: u32 = 0; slot < half; slot++) {
    const place = reverseBits((exponent - 1) >> 1, logN);
    store<u32>(tables + slot * 4, place < half ? place : N - 1 - place);
    exponent = (exponent * 3) & (2 * N - 1);
  }
  for (let h: u32 = 1; h < half; h *= 2) {
    for (let i: u32 = 0; i < h; i++) {
      const k = reverseBits(2 * h + i, logN);
      const acute = k <= half ? k : N - k;
      const swapped = acute > N / 4;
      const at = (swapped ? half - acute : acute) * 8;
      const x = load<f64>((swapped ? sin : cos) + at);
      store<f64>(realRoots(tables) + (h + i) * 8, k <= half ? x : -x);
      store<f64>(imaginaryRoots(tables) + (h + i) * 8, load<f64>((swapped ? cos : sin) + at));
    }
  }
}

/** The inverse transform's first stage, whose pairs lie side by side: (u, v) <- (u + v, (u - v) conj(root)). */
function firstStage(tables: u32, re: u32, im: u32): void {
  for (let at: u32 = 0; at < N * 4; at += 32) {
    const c = v128.load(realRoots(tables) + N * 2 + (at >> 1));
    const s = v128.load(imaginaryRoots(tables) + N * 2 + (at >> 1));
    const r0 = v128.load(re + at);
    const r1 = v128.load(re + at, 16);
    const i0 = v128.load(im + at);
    const i1 = v128.load(im + at, 16);
    const ur = v128.shuffle<f64>(r0, r1, 0, 2);
    const vr = v128.shuffle<f64>(r0, r1, 1, 3);
    const ui = v128.shuffle<f64>(i0, i1, 0, 2);
    const vi = v128.shuffle<f64>(i0, i1, 1, 3);
    const a = f64x2.sub(ur, vr);
    const b = f64x2.sub(ui, vi);
    const sr = f64x2.add(ur, vr);
    const si = f64x2.add(ui, vi);
    const tr = f64x2.add(f64x2.mul(a, c), f64x2.mul(b, s));
    const ti = f64x2.sub(f64x2.mul(b, c), f64x2.mul(a, s));
    v128.store(re + at, v128.shuffle<f64>(sr, tr, 0, 2));
    v128.store(re + at, v128.shuffle<f64>(sr, tr, 1, 3), 16);
    v128.store(im + at, v128.shuffle<f64>(si, ti, 0, 2));
    v128.store(im + at, v128.shuffle<f64>(si, ti, 1, 3), 16);
  }
}

/** Imaginary parts of the slots at their places. That of an odd slot lies in the other half: here is its conjugate. */
function placeImaginary(tables: u32, imaginary: u32, im: u32): void {
  for (let slot: u32 = 0; slot < N / 2; slot += 2) {
    store<f64>(im + load<u32>(tables + slot * 4) * 8, load<f64>(imaginary + slot * 8));
    store<f64>(im + load<u32>(tables + slot * 4, 4) * 8, -load<f64>(imaginary + slot * 8, 8));
  }
}

/** x rounded to a whole number, halves away from zero (C's round, as SEAL calls it). */
// @ts-ignore: decorator
@inline
function round(x: v128): v128 {
  const whole = f64x2.trunc(x);
  const one = v128.or(v128.and(x, f64x2.splat(-0.0)), f64x2.splat(1.0));
  return f64x2.add(whole, v128.and(f64x2.ge(f64x2.abs(f64x2.sub(x, whole)), f64x2.splat(0.5)), one));
}

/**
 * N/2 slots, real parts at `values` and imaginary ones at `imaginary` (f64; none at 0), to N scaled, rounded coefficients
 * at `out` (f64). Returns the greatest magnitude, infinity or NaN if a slot was none.
 */
export function embed(tables: u32, values: u32, imaginary: u32, out: u32, scale: f64): f64 {
  const half = N / 2;
  const re = out;
  const im = out + half * 8;
  for (let slot: u32 = 0; slot < half; slot++) {
    store<f64>(re + load<u32>(tables + slot * 4) * 8, load<f64>(values + slot * 8));
  }
  if (imaginary == 0) memory.fill(im, 0, half * 8);
  else placeImaginary(tables, imaginary, im);
  firstStage(tables, re, im);
  for (let h = N / 8; h >= 1; h /= 2) {
    const span = (half / h) * 4; // bytes between partners: N / (4h) numbers
    for (let i: u32 = 0; i < h; i++) {
      const c = v128.load_splat<u64>(realRoots(tables) + (h + i) * 8);
      const s = v128.load_splat<u64>(imaginaryRoots(tables) + (h + i) * 8);
      const stop = re + 2 * span * i + span;
      const other = half * 8;
      for (let at = re + 2 * span * i; at < stop; at += 16) {
        const ur = v128.load(at);
        const ui = v128.load(at + other);
        const vr = v128.load(at + span);
        const vi = v128.load(at + other + span);
        const a = f64x2.sub(ur, vr);
        const b = f64x2.sub(ui, vi);
        v128.store(at, f64x2.add(ur, vr));
        v128.store(at + other, f64x2.add(ui, vi));
        v128.store(at + span, f64x2.add(f64x2.mul(a, c), f64x2.mul(b, s)));
        v128.store(at + other + span, f64x2.sub(f64x2.mul(b, c), f64x2.mul(a, s)));
      }
    }
  }
  const factor = f64x2.splat(scale / <f64>N);
  let most = f64x2.splat(0);
  for (let at = out; at < out + N * 8; at += 16) {
    const x = v128.load(at);
    const rounded = round(f64x2.mul(f64x2.add(x, x), factor));
    v128.store(at, rounded);
    most = f64x2.max(most, f64x2.abs(rounded));
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

/** Magnitudes up to here are reduced in one step; each factor of SPLIT more takes another. */
const ONE_STEP: f64 = 1125899906842624.0; // 2^50
const SPLIT: f64 = 1048576.0; // 2^20

/** x mod p as {@link modulo}, digit by digit: x = (..(h 2^20 + d) 2^20 + ..), top = 2^(20 digits), all exact. */
// @ts-ignore: decorator
@inline
function moduloWide(x: v128, top: f64, p: v128, inverse: v128): v128 {
  let residue = f64x2.splat(0);
  for (let unit = top; unit >= 1.0; unit /= SPLIT) {
    const digit = f64x2.nearest(f64x2.mul(x, f64x2.splat(1.0 / unit)));
    x = f64x2.sub(x, f64x2.mul(digit, f64x2.splat(unit)));
    residue = modulo(f64x2.add(f64x2.mul(residue, f64x2.splat(SPLIT)), digit), p, inverse);
  }
  return residue;
}

/** The rounded coefficients (f64, none above `most` in magnitude) modulo prime `index`, as i32 in (-p, p). Exact. */
export function reduceRow(coefficients: u32, out: u32, index: u32, most: f64): void {
  const modulus = prime(index);
  const p = f64x2.splat(<f64>modulus);
  const inverse = f64x2.splat(1.0 / <f64>modulus);
  let top: f64 = 1.0;
  for (let bound = ONE_STEP; most > bound; bound *= SPLIT) top *= SPLIT;
  for (let at: u32 = 0; at < N * 4; at += 16) {
    let x = v128.load(coefficients + 2 * at);
    let y = v128.load(coefficients + 2 * at, 16);
    if (top > 1.0) {
      x = moduloWide(x, top, p, inverse);
      y = moduloWide(y, top, p, inverse);
    } else {
      x = modulo(x, p, inverse);
      y = modulo(y, p, inverse);
    }
    const a = i32x4.trunc_sat_f64x2_s_zero(x);
    const b = i32x4.trunc_sat_f64x2_s_zero(y);
    v128.store(out + at, v128.shuffle<i32>(a, b, 0, 1, 4, 5));
  }
}

/**
 * All rows of a plaintext, transformed, in Montgomery form on request: `count` data primes, then P when `rows` is
 * count + 1. Rows lie `stride` bytes apart.
 */
export function residueRows(
  coefficients: u32, out: u32, rows: u32, count: u32, stride: u32, most: f64, montgomery: bool,
): void {
  for (let row: u32 = 0; row < rows; row++) {
    const index = rowPrime(row, count);
    const target = out + row * stride;
    reduceRow(coefficients, target, index, most);
    forwardSigned(target, target, index, prime(index), prime(index));
    if (montgomery) toMontgomery(target, target, index);
  }
}
