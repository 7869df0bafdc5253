// Sums of products: many ciphertexts with many plaintexts, and matrices of scalars with vectors of ciphertexts.
//
// Products stay in 64-bit lanes until a 64-bit sum could overflow: 16 of them for primes of 30 bits, 256 for 28.
import { fold, reduceSum } from './lanes';
import { CAPACITY, INVERSE, N, ONE, P, record, rowBytes } from './tables';

/** Terms taken side by side: more would be more streams than the prefetchers follow. */
const GROUP: u32 = 16;

/**
 * out = sum over terms of ciphertext x plaintext, for two polynomials over `count` primes. `table` holds a
 * ciphertext pointer and a plaintext pointer (Montgomery form) for each term. Each plaintext word is read once.
 */
export function multiplyAccumulate(out: u32, table: u32, terms: u32, count: u32): void {
  const step = count * rowBytes;
  for (let row: u32 = 0; row < count; row++) {
    const r = record(row);
    const p = v128.load_splat<u32>(r, P);
    const inverse = v128.load_splat<u32>(r, INVERSE);
    const one = v128.load_splat<u32>(r, ONE);
    const base = row * rowBytes;
    for (let first: u32 = 0; first < terms; first += GROUP) {
      const begin = table + first * 8;
      const end = table + min(terms, first + GROUP) * 8;
      for (let at = base; at < base + N * 4; at += 32) {
        let a0 = i64x2.splat(0), a1 = i64x2.splat(0), a2 = i64x2.splat(0), a3 = i64x2.splat(0);
        let b0 = i64x2.splat(0), b1 = i64x2.splat(0), b2 = i64x2.splat(0), b3 = i64x2.splat(0);
        for (let t = begin; t < end; t += 8) {
          const c = load<u32>(t) + at;
          const d = load<u32>(t, 4) + at;
          const d0 = v128.load(d);
          const d1 = v128.load(d, 16);
          let x = v128.load(c);
          a0 = i64x2.add(a0, i64x2.extmul_low_i32x4_u(x, d0));
          a1 = i64x2.add(a1, i64x2.extmul_high_i32x4_u(x, d0));
          x = v128.load(c, 16);
          a2 = i64x2.add(a2, i64x2.extmul_low_i32x4_u(x, d1));
          a3 = i64x2.add(a3, i64x2.extmul_high_i32x4_u(x, d1));
          x = v128.load(c + step);
          b0 = i64x2.add(b0, i64x2.extmul_low_i32x4_u(x, d0));
          b1 = i64x2.add(b1, i64x2.extmul_high_i32x4_u(x, d0));
          x = v128.load(c + step, 16);
          b2 = i64x2.add(b2, i64x2.extmul_low_i32x4_u(x, d1));
          b3 = i64x2.add(b3, i64x2.extmul_high_i32x4_u(x, d1));
        }
        let x0 = reduceSum(a0, a1, p, inverse, one);
        let x1 = reduceSum(a2, a3, p, inverse, one);
        let y0 = reduceSum(b0, b1, p, inverse, one);
        let y1 = reduceSum(b2, b3, p, inverse, one);
        const to = out + at;
        if (first != 0) {
          x0 = fold(i32x4.add(x0, v128.load(to)), p);
          x1 = fold(i32x4.add(x1, v128.load(to, 16)), p);
          y0 = fold(i32x4.add(y0, v128.load(to + step)), p);
          y1 = fold(i32x4.add(y1, v128.load(to + step, 16)), p);
        }
        v128.store(to, x0);
        v128.store(to, x1, 16);
        v128.store(to + step, y0);
        v128.store(to + step, y1, 16);
      }
    }
  }
}

function min(a: u32, b: u32): u32 {
  return a < b ? a : b;
}

/** Bytes of a tile: 64 residues of each input lie side by side in the first-level cache for all outputs. */
const TILE: u32 = 256;

/**
 * outputs[o] = sum over i of scalars[row][o][i] inputs[i], for `rows` rows over `count` primes. The scalars are in
 * Montgomery form; `outs` must be even (the caller pads with a throw-away output). `tile` is scratch of
 * ins x 256 bytes.
 */
export function mix(
  outputs: u32, outs: u32, inputs: u32, ins: u32, scalars: u32, rows: u32, count: u32, tile: u32,
): void {
  for (let row: u32 = 0; row < rows; row++) {
    const index = row % count;
    const r = record(index);
    const matrix = scalars + index * outs * ins * 4;
    const capacity = load<u32>(r, CAPACITY);
    const base = row * rowBytes;
    for (let at = base; at < base + N * 4; at += TILE) {
      for (let i: u32 = 0; i < ins; i++) memory.copy(tile + i * TILE, load<u32>(inputs + i * 4) + at, TILE);
      for (let o: u32 = 0; o < outs; o += 2) {
        const weights = matrix + o * ins * 4;
        mixTile(
          load<u32>(outputs + o * 4) + at, load<u32>(outputs + o * 4, 4) + at, tile, ins, weights, r, capacity,
        );
      }
    }
  }
}

/** Two outputs of one tile. */
function mixTile(out0: u32, out1: u32, tile: u32, ins: u32, weights: u32, r: u32, capacity: u32): void {
  const p = v128.load_splat<u32>(r, P);
  const inverse = v128.load_splat<u32>(r, INVERSE);
  const one = v128.load_splat<u32>(r, ONE);
  const last = weights + ins * 4;
  for (let v: u32 = 0; v < TILE; v += 32) {
    let w = weights;
    let x = tile + v;
    let started = false;
    do {
      let a0 = i64x2.splat(0), a1 = i64x2.splat(0), a2 = i64x2.splat(0), a3 = i64x2.splat(0);
      let b0 = i64x2.splat(0), b1 = i64x2.splat(0), b2 = i64x2.splat(0), b3 = i64x2.splat(0);
      const stop = min(last, w + capacity * 4);
      do {
        const s = v128.load_splat<u32>(w);
        const t = v128.load_splat<u32>(w + ins * 4);
        const x0 = v128.load(x);
        a0 = i64x2.add(a0, i64x2.extmul_low_i32x4_u(x0, s));
        a1 = i64x2.add(a1, i64x2.extmul_high_i32x4_u(x0, s));
        b0 = i64x2.add(b0, i64x2.extmul_low_i32x4_u(x0, t));
        b1 = i64x2.add(b1, i64x2.extmul_high_i32x4_u(x0, t));
        const x1 = v128.load(x, 16);
        a2 = i64x2.add(a2, i64x2.extmul_low_i32x4_u(x1, s));
        a3 = i64x2.add(a3, i64x2.extmul_high_i32x4_u(x1, s));
        b2 = i64x2.add(b2, i64x2.extmul_low_i32x4_u(x1, t));
        b3 = i64x2.add(b3, i64x2.extmul_high_i32x4_u(x1, t));
        w += 4;
        x += TILE;
      } while (w < stop);
      let u0 = reduceSum(a0, a1, p, inverse, one);
      let u1 = reduceSum(a2, a3, p, inverse, one);
      let v0 = reduceSum(b0, b1, p, inverse, one);
      let v1 = reduceSum(b2, b3, p, inverse, one);
      if (started) {
        u0 = fold(i32x4.add(u0, v128.load(out0 + v)), p);
        u1 = fold(i32x4.add(u1, v128.load(out0 + v, 16)), p);
        v0 = fold(i32x4.add(v0, v128.load(out1 + v)), p);
        v1 = fold(i32x4.add(v1, v128.load(out1 + v, 16)), p);
      }
      v128.store(out0 + v, u0);
      v128.store(out0 + v, u1, 16);
      v128.store(out1 + v, v0);
      v128.store(out1 + v, v1, 16);
      started = true;
    } while (w < last);
  }
}
