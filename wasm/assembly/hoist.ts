// Hoisted rotations: one decomposition for all baby steps, products summed over QP, one division per giant step.
//
// Bossuat, Mouchet, Troncoso-Pastoriza, Hubaux, Efficient bootstrapping (ePrint 2020/1203), section 4: baby steps are
// left over QP, scaled by P; diagonals are encoded over QP; the sum of each giant step is divided by P once, and the
// rotated giant steps are again summed over QP, with one division at the very end.
import { divideBySpecial, dividePoly, decomposeCentered, digitsInto, keyProduct } from './keyswitch';
import { permuted } from './galois';
import { fold, reduceProduct, reduceSum, shoup } from './lanes';
import { copyRows } from './pointwise';
import { shoupQuotient } from './modular';
import { CAPACITY, INVERSE, N, ONE, P, prime, primeCount, record, rowBytes, rowPrime } from './tables';

/** Residues that lie together in baby steps and in diagonals: [row][block][slot][polynomial][32]. */
const BLOCK: u32 = 128;

/** Rows of a hoisted ciphertext: every digit in every prime of QP, then P c0 and P c1. */
export function hoistedRows(count: u32): u32 {
  return (count + 1) * count + 2 * count;
}

/**
 * Decomposes the ciphertext `a` (2 x count rows) into `out` (hoistedRows). `scratch` is count + 1 rows.
 */
export function hoist(out: u32, a: u32, count: u32, scratch: u32): void {
  const source = a + count * rowBytes;
  const table = scratch + count * rowBytes;
  decomposeCentered(source, scratch, count);
  for (let row: u32 = 0; row <= count; row++) {
    const target = out + row * count * rowBytes;
    digitsInto(source, scratch, count, rowPrime(row, count), target, table);
    if (row < count) copyRows(target + row * rowBytes, source + row * rowBytes, 1);
  }
  const raised = out + (count + 1) * count * rowBytes;
  for (let row: u32 = 0; row < 2 * count; row++) raise(raised + row * rowBytes, a + row * rowBytes, row % count);
}

/** out = P a modulo one prime. */
function raise(out: u32, a: u32, index: u32): void {
  const modulus = prime(index);
  const factor = prime(primeCount - 1) % modulus;
  const p = i32x4.splat(modulus);
  const w = i32x4.splat(factor);
  const q = i32x4.splat(shoupQuotient(factor, modulus));
  for (let at: u32 = 0; at < N * 4; at += 16) v128.store(out + at, fold(shoup(v128.load(a + at), w, q, p), p));
}

/** Scatters a permuted row (permutation 0: as it is; row 0: zeroes) into baby step `slot`. */
function storeBaby(babies: u32, slots: u32, slot: u32, rowIndex: u32, poly: u32, row: u32, permutation: u32): void {
  const stride = slots * 2 * BLOCK;
  let to = babies + rowIndex * slots * 2 * N * 4 + (slot * 2 + poly) * BLOCK;
  for (let at: u32 = 0; at < N * 4; at += BLOCK) {
    if (row == 0) memory.fill(to, 0, BLOCK);
    else if (permutation == 0) memory.copy(to, row + at, BLOCK);
    else for (let v: u32 = 0; v < BLOCK; v += 16) v128.store(to + v, permuted(row, permutation, at + v));
    to += stride;
  }
}

/**
 * Baby step `slot`: the hoisted ciphertext rotated by the key's automorphism, over QP; key 0: not rotated at all.
 * `scratch` is three rows.
 */
export function babyStep(
  babies: u32, slots: u32, slot: u32, hoisted: u32, key: u32, keyDigits: u32, permutation: u32, count: u32, scratch: u32,
): void {
  const raised = hoisted + (count + 1) * count * rowBytes;
  const table = scratch + 2 * rowBytes;
  for (let row: u32 = 0; row <= count; row++) {
    if (key == 0) {
      for (let k: u32 = 0; k < 2; k++) {
        storeBaby(babies, slots, slot, row, k, row < count ? raised + (k * count + row) * rowBytes : 0, 0);
      }
      continue;
    }
    for (let j: u32 = 0; j < count; j++) store<u32>(table + j * 4, hoisted + (row * count + j) * rowBytes);
    const add = row < count ? raised + row * rowBytes : 0;
    keyProduct(table, count, key, keyDigits, rowPrime(row, count), scratch, scratch + rowBytes, add);
    storeBaby(babies, slots, slot, row, 0, scratch, permutation);
    storeBaby(babies, slots, slot, row, 1, scratch + rowBytes, permutation);
  }
}

/** The hoisted ciphertext rotated by the key's automorphism, divided by P: 2 x count rows. `scratch`: 2 count + 6 rows. */
export function hoistedRotation(
  out: u32, hoisted: u32, key: u32, keyDigits: u32, permutation: u32, count: u32, scratch: u32,
): void {
  const raised = hoisted + (count + 1) * count * rowBytes;
  const sums = scratch;
  const rest = sums + 2 * (count + 1) * rowBytes;
  const table = rest + 3 * rowBytes;
  for (let row: u32 = 0; row <= count; row++) {
    for (let j: u32 = 0; j < count; j++) store<u32>(table + j * 4, hoisted + (row * count + j) * rowBytes);
    const add = row < count ? raised + row * rowBytes : 0;
    keyProduct(
      table, count, key, keyDigits, rowPrime(row, count), sums + row * rowBytes, sums + (count + 1 + row) * rowBytes,
      add,
    );
  }
  divideBySpecial(out, sums, 0, 0, permutation, count, rest);
}

/** Puts row `rowIndex` of diagonal `term` (Montgomery form) into its place among `terms`. */
export function storeDiagonalRow(sum: u32, terms: u32, term: u32, rowIndex: u32, row: u32): void {
  let to = sum + rowIndex * terms * N * 4 + term * BLOCK;
  for (let at: u32 = 0; at < N * 4; at += BLOCK) {
    memory.copy(to, row + at, BLOCK);
    to += terms * BLOCK;
  }
}

/**
 * For each of `sums` descriptors {out, packed diagonals, slots used (u32 each, as byte offsets), terms}: out, 2 x
 * (count + 1) rows over QP, = sum of diagonals times baby steps. Block by block, so that the baby steps of a block
 * stay in the first-level cache while every sum's diagonals stream past once.
 */
export function innerSums(babies: u32, slots: u32, table: u32, sums: u32, count: u32): void {
  for (let row: u32 = 0; row <= count; row++) {
    const index = rowPrime(row, count);
    for (let at: u32 = 0; at < N * 4; at += BLOCK) {
      const block = babies + row * slots * 2 * N * 4 + at * slots * 2;
      for (let s: u32 = 0; s < sums; s++) {
        const d = table + s * 16;
        const terms = load<u32>(d, 12);
        const out = load<u32>(d) + row * rowBytes + at;
        innerBlock(
          out, out + (count + 1) * rowBytes, block, load<u32>(d, 4) + row * terms * N * 4 + at * terms,
          load<u32>(d, 8), terms, index,
        );
      }
    }
  }
}

/** One block of one sum. */
function innerBlock(out0: u32, out1: u32, block: u32, diagonals: u32, offsets: u32, terms: u32, index: u32): void {
  const r = record(index);
  const p = v128.load_splat<u32>(r, P);
  const inverse = v128.load_splat<u32>(r, INVERSE);
  const one = v128.load_splat<u32>(r, ONE);
  const capacity = load<u32>(r, CAPACITY);
  const narrow = <u64>terms * <u64>prime(index) < (<u64>1) << 32;
  const last = offsets + terms * 4;
  for (let v: u32 = 0; v < BLOCK; v += 32) {
    let t = offsets;
    let d = diagonals + v;
    let x0 = i32x4.splat(0), x1 = i32x4.splat(0), y0 = i32x4.splat(0), y1 = i32x4.splat(0);
    while (t < last) {
      let a0 = i64x2.splat(0), a1 = i64x2.splat(0), a2 = i64x2.splat(0), a3 = i64x2.splat(0);
      let b0 = i64x2.splat(0), b1 = i64x2.splat(0), b2 = i64x2.splat(0), b3 = i64x2.splat(0);
      const stop = t + capacity * 4 < last ? t + capacity * 4 : last;
      do {
        const baby = block + v + load<u32>(t);
        const d0 = v128.load(d);
        const d1 = v128.load(d, 16);
        let x = v128.load(baby);
        a0 = i64x2.add(a0, i64x2.extmul_low_i32x4_u(x, d0));
        a1 = i64x2.add(a1, i64x2.extmul_high_i32x4_u(x, d0));
        x = v128.load(baby, 16);
        a2 = i64x2.add(a2, i64x2.extmul_low_i32x4_u(x, d1));
        a3 = i64x2.add(a3, i64x2.extmul_high_i32x4_u(x, d1));
        x = v128.load(baby, 128);
        b0 = i64x2.add(b0, i64x2.extmul_low_i32x4_u(x, d0));
        b1 = i64x2.add(b1, i64x2.extmul_high_i32x4_u(x, d0));
        x = v128.load(baby, 144);
        b2 = i64x2.add(b2, i64x2.extmul_low_i32x4_u(x, d1));
        b3 = i64x2.add(b3, i64x2.extmul_high_i32x4_u(x, d1));
        t += 4;
        d += BLOCK;
      } while (t < stop);
      if (narrow) {
        x0 = reduceProduct(a0, a1, p, inverse);
        x1 = reduceProduct(a2, a3, p, inverse);
        y0 = reduceProduct(b0, b1, p, inverse);
        y1 = reduceProduct(b2, b3, p, inverse);
      } else {
        x0 = fold(i32x4.add(x0, reduceSum(a0, a1, p, inverse, one)), p);
        x1 = fold(i32x4.add(x1, reduceSum(a2, a3, p, inverse, one)), p);
        y0 = fold(i32x4.add(y0, reduceSum(b0, b1, p, inverse, one)), p);
        y1 = fold(i32x4.add(y1, reduceSum(b2, b3, p, inverse, one)), p);
      }
    }
    v128.store(out0 + v, x0);
    v128.store(out0 + v, x1, 16);
    v128.store(out1 + v, y0);
    v128.store(out1 + v, y1, 16);
  }
}

/** sums += terms, both 2 x (count + 1) rows over QP: a giant step that does not rotate. */
export function addExtended(sums: u32, terms: u32, count: u32): void {
  for (let row: u32 = 0; row < 2 * (count + 1); row++) {
    const p = i32x4.splat(prime(rowPrime(row % (count + 1), count)));
    const base = row * rowBytes;
    for (let at = base; at < base + N * 4; at += 16) {
      v128.store(sums + at, fold(i32x4.add(v128.load(sums + at), v128.load(terms + at)), p));
    }
  }
}

/**
 * sums += rotation of `terms` by the key's automorphism, both over QP. The second polynomial of `terms` is divided
 * by P and switched; the first is only permuted. `scratch`: 3 count + 3 rows.
 */
export function giantStep(
  sums: u32, terms: u32, key: u32, keyDigits: u32, permutation: u32, count: u32, scratch: u32,
): void {
  const source = scratch;
  const digits = source + count * rowBytes;
  const images = digits + count * rowBytes;
  const pair = images + count * rowBytes;
  const table = pair + 2 * rowBytes;
  dividePoly(source, terms + (count + 1) * rowBytes, 0, 0, count, pair);
  decomposeCentered(source, digits, count);
  for (let row: u32 = 0; row <= count; row++) {
    const index = rowPrime(row, count);
    digitsInto(source, digits, count, index, images, table);
    keyProduct(table, count, key, keyDigits, index, pair, pair + rowBytes, terms + row * rowBytes);
    addPermuted(sums + row * rowBytes, pair, permutation, index);
    addPermuted(sums + (count + 1 + row) * rowBytes, pair + rowBytes, permutation, index);
  }
}

function addPermuted(out: u32, row: u32, permutation: u32, index: u32): void {
  const p = i32x4.splat(prime(index));
  for (let at: u32 = 0; at < N * 4; at += 16) {
    v128.store(out + at, fold(i32x4.add(v128.load(out + at), permuted(row, permutation, at)), p));
  }
}
