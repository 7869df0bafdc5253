// SEAL's CKKS decoder, float for float (SEAL 4.1, native/src/seal/ckks.h, decode_internal): residues to whole numbers
// nearest 0, to float64 over the scale, forward FFT of the conjugate-symmetric half (see ../assembly/encoder).
//
// What was decrypted is what the caller wants to see: time may depend on it here.
import { imaginaryRoots, realRoots } from '../assembly/encoder';
import { multiplyMod } from '../assembly/modular';
import { inverse as inverseTransform } from '../assembly/ntt-inverse';
import { N, logN, pairInverse, prime, rowBytes } from '../assembly/tables';

/** Bytes of the decoder's scratch for whole numbers of `count` primes: mixed-radix digits, x, Q and Q / 2. */
const LIMBS: u32 = 32;
const DIGITS = <u32>memory.data(128);
const VALUE = <u32>memory.data(128);
const MODULUS = <u32>memory.data(128);
const HALF = <u32>memory.data(128);

/** value = value f + d, of `limbs` 32-bit limbs. */
function multiplyAdd(value: u32, limbs: u32, f: u32, d: u32): void {
  let carry: u64 = d;
  for (let i: u32 = 0; i < limbs; i++) {
    carry += <u64>load<u32>(value + 4 * i) * <u64>f;
    store<u32>(value + 4 * i, <u32>carry);
    carry >>= 32;
  }
}

/** The coefficients of one prime, nearest 0, over the scale. */
function narrow(row: u32, out: u32, factor: f64): void {
  const p = i32x4.splat(prime(0));
  const half = i32x4.splat(prime(0) >> 1);
  const f = f64x2.splat(factor);
  for (let at: u32 = 0; at < 4 * N; at += 16) {
    const x = v128.load(row + at);
    const centred = i32x4.sub(x, v128.and(i32x4.gt_u(x, half), p));
    v128.store(out + 2 * at, f64x2.mul(f64x2.convert_low_i32x4_s(centred), f));
    v128.store(
      out + 2 * at, f64x2.mul(f64x2.convert_low_i32x4_s(v128.shuffle<i32>(centred, centred, 2, 3, 2, 3)), f), 16,
    );
  }
}

/** Coefficient `k` of `count` rows by Garner's mixed radix, to VALUE. */
function compose(rows: u32, k: u32, count: u32, limbs: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const p = prime(i);
    let x = load<u32>(rows + i * rowBytes + 4 * k);
    for (let j: u32 = 0; j < i; j++) {
      const d = load<u32>(DIGITS + 4 * j) % p;
      x = multiplyMod(x >= d ? x - d : x + p - d, pairInverse(j, i), p);
    }
    store<u32>(DIGITS + 4 * i, x);
  }
  memory.fill(VALUE, 0, 4 * limbs);
  for (let i: i32 = count - 1; i >= 0; i--) multiplyAdd(VALUE, limbs, prime(i), load<u32>(DIGITS + 4 * i));
}

/** VALUE, minus Q where it is above Q / 2, over the scale: summed as SEAL does, 64-bit word by 64-bit word. */
function toFloat(limbs: u32, factor: f64): f64 {
  let i: i32 = limbs - 1;
  while (i > 0 && load<u32>(VALUE + 4 * i) == load<u32>(HALF + 4 * i)) i--;
  const negative = load<u32>(VALUE + 4 * i) > load<u32>(HALF + 4 * i);
  let sum: f64 = 0;
  let unit = factor;
  for (let at: u32 = 0; at < 4 * limbs; at += 8) {
    const x = load<u64>(VALUE + at);
    const q = negative ? load<u64>(MODULUS + at) : 0;
    if (x > q) sum += <f64>(x - q) * unit;
    else if (x < q) sum -= <f64>(q - x) * unit;
    unit *= 18446744073709551616.0;
  }
  return sum;
}

/** The coefficients of `count` primes, nearest 0, over the scale. */
function wide(rows: u32, count: u32, out: u32, factor: f64): void {
  const limbs = (count + 1) & ~1;
  memory.fill(MODULUS, 0, 4 * limbs);
  store<u32>(MODULUS, 1);
  for (let i: u32 = 0; i < count; i++) multiplyAdd(MODULUS, limbs, prime(i), 0);
  for (let i: u32 = 0; i < limbs; i++) {
    const above = i + 1 < limbs ? load<u32>(MODULUS + 4 * i, 4) : 0;
    store<u32>(HALF + 4 * i, (load<u32>(MODULUS + 4 * i) >> 1) | (above << 31));
  }
  for (let k: u32 = 0; k < N; k++) {
    compose(rows, k, count, limbs);
    store<f64>(out + 8 * k, toFloat(limbs, factor));
  }
  memory.fill(DIGITS, 0, 4 * LIMBS);
  memory.fill(VALUE, 0, 4 * LIMBS);
}

/** The real part of (a + b i) (c + s i), as SEAL multiplies. */
// @ts-ignore: decorator
@inline
function real(a: v128, b: v128, c: v128, s: v128): v128 {
  return f64x2.sub(f64x2.mul(a, c), f64x2.mul(b, s));
}

// @ts-ignore: decorator
@inline
function imaginary(a: v128, b: v128, c: v128, s: v128): v128 {
  return f64x2.add(f64x2.mul(a, s), f64x2.mul(b, c));
}

/**
 * Stage h of the forward transform, (u, v) <- (u + v root, u - v root), and stage 2h: each number is
 * loaded and stored once for both. Imaginary parts of the roots lie 4 N bytes behind the real ones.
 */
function pair(tables: u32, re: u32, other: u32, h: u32): void {
  const quarter = N / h;
  for (let i: u32 = 0; i < h; i++) {
    const root = realRoots(tables) + (h + i) * 8;
    const next = realRoots(tables) + (h + i) * 16;
    const c1 = v128.load_splat<u64>(root), s1 = v128.load_splat<u64>(root + N * 4);
    const c2 = v128.load_splat<u64>(next), s2 = v128.load_splat<u64>(next + N * 4);
    const c3 = v128.load_splat<u64>(next, 8), s3 = v128.load_splat<u64>(next + N * 4, 8);
    const stop = re + 4 * quarter * i + quarter;
    for (let at = re + 4 * quarter * i; at < stop; at += 16) {
      const im = at + other;
      let r0 = v128.load(at), r1 = v128.load(at + quarter);
      let i0 = v128.load(im), i1 = v128.load(im + quarter);
      let a = v128.load(at + 2 * quarter), b = v128.load(im + 2 * quarter);
      let tr = real(a, b, c1, s1), ti = imaginary(a, b, c1, s1);
      const r2 = f64x2.sub(r0, tr), i2 = f64x2.sub(i0, ti);
      r0 = f64x2.add(r0, tr);
      i0 = f64x2.add(i0, ti);
      a = v128.load(at + 3 * quarter);
      b = v128.load(im + 3 * quarter);
      tr = real(a, b, c1, s1);
      ti = imaginary(a, b, c1, s1);
      const r3 = f64x2.sub(r1, tr), i3 = f64x2.sub(i1, ti);
      r1 = f64x2.add(r1, tr);
      i1 = f64x2.add(i1, ti);
      tr = real(r1, i1, c2, s2);
      ti = imaginary(r1, i1, c2, s2);
      v128.store(at, f64x2.add(r0, tr));
      v128.store(im, f64x2.add(i0, ti));
      v128.store(at + quarter, f64x2.sub(r0, tr));
      v128.store(im + quarter, f64x2.sub(i0, ti));
      tr = real(r3, i3, c3, s3);
      ti = imaginary(r3, i3, c3, s3);
      v128.store(at + 2 * quarter, f64x2.add(r2, tr));
      v128.store(im + 2 * quarter, f64x2.add(i2, ti));
      v128.store(at + 3 * quarter, f64x2.sub(r2, tr));
      v128.store(im + 3 * quarter, f64x2.sub(i2, ti));
    }
  }
}

/** The last stage, gap 1, whole. */
function lastStageWhole(tables: u32, re: u32, im: u32): void {
  for (let at: u32 = 0; at < N * 4; at += 32) {
    const c = v128.load(realRoots(tables) + N * 2 + (at >> 1));
    const s = v128.load(imaginaryRoots(tables) + N * 2 + (at >> 1));
    const r0 = v128.load(re + at);
    const r1 = v128.load(re + at, 16);
    const i0 = v128.load(im + at);
    const i1 = v128.load(im + at, 16);
    const a = v128.shuffle<f64>(r0, r1, 1, 3);
    const b = v128.shuffle<f64>(i0, i1, 1, 3);
    const ur = v128.shuffle<f64>(r0, r1, 0, 2);
    const ui = v128.shuffle<f64>(i0, i1, 0, 2);
    const vr = f64x2.sub(f64x2.mul(a, c), f64x2.mul(b, s));
    const vi = f64x2.add(f64x2.mul(a, s), f64x2.mul(b, c));
    const sr = f64x2.add(ur, vr);
    const si = f64x2.add(ui, vi);
    const dr = f64x2.sub(ur, vr);
    const di = f64x2.sub(ui, vi);
    v128.store(re + at, v128.shuffle<f64>(sr, dr, 0, 2));
    v128.store(re + at, v128.shuffle<f64>(sr, dr, 1, 3), 16);
    v128.store(im + at, v128.shuffle<f64>(si, di, 0, 2));
    v128.store(im + at, v128.shuffle<f64>(si, di, 1, 3), 16);
  }
}

/** The first stage alone, where the number of stages before the last is odd. */
function first(tables: u32, re: u32, other: u32): void {
  const c = v128.load_splat<u64>(realRoots(tables), 8), s = v128.load_splat<u64>(realRoots(tables) + N * 4, 8);
  for (let at = re; at < re + 2 * N; at += 16) {
    const im = at + other;
    const a = v128.load(at + 2 * N), b = v128.load(im + 2 * N), x = v128.load(at), y = v128.load(im);
    v128.store(at, f64x2.add(x, real(a, b, c, s)));
    v128.store(im, f64x2.add(y, imaginary(a, b, c, s)));
    v128.store(at + 2 * N, f64x2.sub(x, real(a, b, c, s)));
    v128.store(im + 2 * N, f64x2.sub(y, imaginary(a, b, c, s)));
  }
}

/** The forward transform of N/2 complex numbers but for its last stage: gaps from N/4 down to 2. */
function transform(tables: u32, re: u32, other: u32): void {
  let h: u32 = 1;
  if ((logN & 1) != 0) {
    first(tables, re, other);
    h = 2;
  }
  for (; h < N / 4; h *= 4) pair(tables, re, other, h);
}

/** The last stage, gap 1, of which only real parts are wanted. */
function lastStage(tables: u32, re: u32, im: u32): void {
  for (let at: u32 = 0; at < N * 4; at += 32) {
    const c = v128.load(realRoots(tables) + N * 2 + (at >> 1));
    const s = v128.load(imaginaryRoots(tables) + N * 2 + (at >> 1));
    const r0 = v128.load(re + at);
    const r1 = v128.load(re + at, 16);
    const b = v128.shuffle<f64>(v128.load(im + at), v128.load(im + at, 16), 1, 3);
    const u = v128.shuffle<f64>(r0, r1, 0, 2);
    const v = f64x2.sub(f64x2.mul(v128.shuffle<f64>(r0, r1, 1, 3), c), f64x2.mul(b, s));
    const sum = f64x2.add(u, v);
    const difference = f64x2.sub(u, v);
    v128.store(re + at, v128.shuffle<f64>(sum, difference, 0, 2));
    v128.store(re + at, v128.shuffle<f64>(sum, difference, 1, 3), 16);
  }
}

/**
 * `count` transformed rows at `rows`, which become coefficients, to N/2 slots: real parts at `slots` and imaginary ones at
 * `imaginary` (f64; not wanted where that is 0). `work` holds N f64.
 */
export function decode(
  tables: u32, rows: u32, count: u32, scale: f64, work: u32, slots: u32, imaginary: u32,
): void {
  for (let i: u32 = 0; i < count; i++) inverseTransform(rows + i * rowBytes, rows + i * rowBytes, i);
  if (count == 1) narrow(rows, work, 1.0 / scale);
  else wide(rows, count, work, 1.0 / scale);
  const im = work + N * 4;
  transform(tables, work, im - work);
  if (imaginary == 0) lastStage(tables, work, im);
  else lastStageWhole(tables, work, im);
  for (let slot: u32 = 0; slot < N / 2; slot++) {
    store<f64>(slots + slot * 8, load<f64>(work + load<u32>(tables + slot * 4) * 8));
  }
  if (imaginary == 0) return;
  for (let slot: u32 = 0; slot < N / 2; slot += 2) {
    store<f64>(imaginary + slot * 8, load<f64>(im + load<u32>(tables + slot * 4) * 8));
    // An odd slot's place is in the other half: what lies here is its conjugate.
    store<f64>(imaginary + slot * 8, -load<f64>(im + load<u32>(tables + slot * 4, 4) * 8), 8);
  }
}
