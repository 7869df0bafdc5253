// What SEAL makes with a secret key (SEAL 4.1, native/src/seal/keygenerator.cpp, util/rlwe.cpp, decryptor.cpp): the key
// itself, encryptions under it, key-switching keys, decryptions. Rows of the key are held times 2^32 (Montgomery form), and
// once more times 2^64: for products with the generator's words as they are.
import { BUFFER_BYTES, outputs } from '../assembly/blake2x';
import { reduceRow } from '../assembly/encoder';
import { drawRow, reduceWords, rejected } from '../assembly/expand';
import { fold, highWords, lift, lowWords, multiplyHigh, reduceProduct } from '../assembly/lanes';
import { forwardSigned } from '../assembly/ntt-forward';
import { toMontgomery } from '../assembly/pointwise';
import { INVERSE, N, P, prime, primeCount, record, rowBytes, rowPrime } from '../assembly/tables';
import { negatedNoise, noiseOutputs, ternary } from './samplers';

/** Bytes of a secret key: all primes' rows, in both forms. */
export function secretBytes(): u32 {
  return 2 * primeCount * rowBytes;
}

/** Bytes of the scratch that the functions here take: 8 N of the generator's words and a buffer more, and one row. */
export function scratchBytes(): u32 {
  return 8 * N + BUFFER_BYTES + rowBytes;
}

// @ts-ignore: decorator
@inline
function product(a: v128, b: v128, p: v128, inverse: v128): v128 {
  return reduceProduct(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_high_i32x4_u(a, b), p, inverse);
}

/** KeyGenerator: the secret key of a seed. */
export function makeSecret(seed: u32, secret: u32, scratch: u32): void {
  const small = scratch + BUFFER_BYTES;
  ternary(seed, small, scratch);
  for (let index: u32 = 0; index < primeCount; index++) {
    const row = secret + index * rowBytes;
    forwardSigned(small, row, index, prime(index), 2);
    toMontgomery(row, row, index);
    toMontgomery(row + primeCount * rowBytes, row, index);
  }
  memory.fill(scratch, 0, scratchBytes());
}

/** encrypt_zero_symmetric, first half: the public seed and -e of a seed of the system's, which is wiped. */
function begin(seed: u32, publicSeed: u32, noise: u32, scratch: u32): void {
  outputs(seed, 0, noiseOutputs(), scratch);
  memory.copy(publicSeed, scratch, 64);
  negatedNoise(scratch + 64, noise);
  memory.fill(scratch, 0, 64 * noiseOutputs());
  memory.fill(seed, 0, 64);
}

/**
 * c0 = c0 - a s modulo one prime; a is the generator's words, high 2^32 + low, and the product low (2^32 s) + high (2^64 s),
 * over 2^32. Returns as `reduceWords` does.
 */
function subtractProduct(c0: u32, words: u32, secret: u32, index: u32): bool {
  const p = v128.load_splat<u32>(record(index), P);
  const p2 = i32x4.add(p, p);
  const inverse = v128.load_splat<u32>(record(index), INVERSE);
  const once = secret + index * rowBytes;
  const twice = once + primeCount * rowBytes;
  let tops = i32x4.splat(0);
  for (let at: u32 = 0; at < 4 * N; at += 16) {
    const x = v128.load(words + 2 * at);
    const y = v128.load(words + 2 * at, 16);
    const low = lowWords(x, y);
    const high = highWords(x, y);
    tops = v128.or(tops, rejected(high));
    const s = v128.load(once + at);
    const t = v128.load(twice + at);
    // Below 2^33 p.
    const a = i64x2.add(i64x2.extmul_low_i32x4_u(low, s), i64x2.extmul_low_i32x4_u(high, t));
    const b = i64x2.add(i64x2.extmul_high_i32x4_u(low, s), i64x2.extmul_high_i32x4_u(high, t));
    const m = multiplyHigh(i32x4.mul(lowWords(a, b), inverse), p);
    // c0 + m less the upper halves lies within (-2p, 2p).
    const d = i32x4.add(i32x4.sub(v128.load(c0 + at), highWords(a, b)), m);
    v128.store(c0 + at, fold(lift(d, p2), p));
  }
  return v128.any_true(tops);
}

/** Coefficients up to here in magnitude need no reduction before a transform: all that the lowest level can hold. */
const SMALL: f64 = 1073741824.0; // 2^30

/** small = small + the coefficients, none of them above SMALL. */
function addSmall(coefficients: u32, small: u32): void {
  for (let at: u32 = 0; at < 4 * N; at += 16) {
    const a = i32x4.trunc_sat_f64x2_s_zero(v128.load(coefficients + 2 * at));
    const b = i32x4.trunc_sat_f64x2_s_zero(v128.load(coefficients + 2 * at, 16));
    v128.store(small + at, i32x4.add(v128.load(small + at), v128.shuffle<i32>(a, b, 0, 1, 4, 5)));
  }
}

/** small + the coefficients, transformed; `most` says which of them `small` has already. It follows from public bounds. */
function transform(coefficients: u32, most: f64, small: u32, target: u32, index: u32): void {
  const p = prime(index);
  if (most <= SMALL) {
    // A multiple of p above all magnitudes, with noise of at most 21; below 2^31.
    const above = ((<u32>SMALL + 32) / p + 1) * p;
    forwardSigned(small, target, index, above, above);
    return;
  }
  reduceRow(coefficients, target, index, most);
  for (let at: u32 = 0; at < 4 * N; at += 16) {
    v128.store(target + at, i32x4.add(v128.load(target + at), v128.load(small + at)));
  }
  forwardSigned(target, target, index, 2 * p, 2 * p);
}

/**
 * An encryption under the secret key over `count` data primes, and P where `rows` is count + 1: at `c0` NTT(m - e) - a s,
 * and after it the first `given` rows of c1 = a. m are coefficients as of `embed`, none above `most`, or 0 for none. The
 * public seed comes after the other. Returns true when a row has words that SEAL might have replaced: another seed must be
 * drawn.
 */
export function encrypt(
  seed: u32, coefficients: u32, most: f64, rows: u32, count: u32, c0: u32, given: u32, secret: u32, scratch: u32,
): bool {
  const noise = scratch + scratchBytes() - rowBytes;
  begin(seed, seed + 64, noise, scratch);
  if (coefficients != 0 && most <= SMALL) addSmall(coefficients, noise);
  let again = false;
  for (let row: u32 = 0; row < rows; row++) {
    const index = rowPrime(row, count);
    const target = c0 + row * rowBytes;
    if (coefficients == 0) forwardSigned(noise, target, index, prime(index), prime(index));
    else transform(coefficients, most, noise, target, index);
    drawRow(seed + 64, index, scratch);
    if (row < given) reduceWords(scratch, index, target + rows * rowBytes);
    // Of every row, whatever the others had.
    again = subtractProduct(target, scratch, secret, index) || again;
  }
  memory.fill(noise, 0, 4 * N);
  return again;
}

/** Adds coefficients as of `embed` to the `count` rows of an encryption's c0. */
export function addPlain(c0: u32, coefficients: u32, most: f64, count: u32, scratch: u32): void {
  const small = scratch + rowBytes;
  memory.fill(small, 0, 4 * N);
  if (most <= SMALL) addSmall(coefficients, small);
  for (let index: u32 = 0; index < count; index++) {
    transform(coefficients, most, small, scratch, index);
    add(c0 + index * rowBytes, scratch, index);
  }
  memory.fill(scratch, 0, 2 * rowBytes);
}

/** out = out + a modulo one prime. */
function add(out: u32, a: u32, index: u32): void {
  const p = i32x4.splat(prime(index));
  for (let at: u32 = 0; at < 4 * N; at += 16) {
    v128.store(out + at, fold(i32x4.add(v128.load(out + at), v128.load(a + at)), p));
  }
}

/** s^2 modulo one prime, in Montgomery form: what a relinearisation key switches from. */
export function squareSecret(secret: u32, index: u32, out: u32): void {
  const p = v128.load_splat<u32>(record(index), P);
  const inverse = v128.load_splat<u32>(record(index), INVERSE);
  const row = secret + index * rowBytes;
  for (let at: u32 = 0; at < 4 * N; at += 16) {
    const s = v128.load(row + at);
    v128.store(out + at, product(s, s, p, inverse));
  }
}

/** generate_one_kswitch_key: adds P s' to row `digit` of a digit's c0; s' in Montgomery form, wiped. */
export function addSwitched(c0: u32, digit: u32, source: u32): void {
  const modulus = prime(digit);
  const p = i32x4.splat(modulus);
  const inverse = v128.load_splat<u32>(record(digit), INVERSE);
  const factor = i32x4.splat(prime(primeCount - 1) % modulus);
  const row = c0 + digit * rowBytes;
  for (let at: u32 = 0; at < 4 * N; at += 16) {
    const d = product(v128.load(source + at), factor, p, inverse);
    v128.store(row + at, fold(i32x4.add(v128.load(row + at), d), p));
  }
  memory.fill(source, 0, 4 * N);
}

/** c0 + c1 s + c2 s^2 over `count` primes, to `out`; `size` polynomials of `count` rows at `parts`. */
export function decrypt(parts: u32, size: u32, count: u32, secret: u32, out: u32): void {
  for (let index: u32 = 0; index < count; index++) {
    const p = v128.load_splat<u32>(record(index), P);
    const inverse = v128.load_splat<u32>(record(index), INVERSE);
    const s = secret + index * rowBytes;
    const row = parts + index * rowBytes;
    const step = count * rowBytes;
    // Horner's rule from the last polynomial on.
    for (let at: u32 = 0; at < 4 * N; at += 16) {
      let sum = v128.load(row + (size - 1) * step + at);
      for (let k = size - 1; k > 0; k--) {
        sum = product(sum, v128.load(s + at), p, inverse);
        sum = fold(i32x4.add(sum, v128.load(row + (k - 1) * step + at)), p);
      }
      v128.store(out + index * rowBytes + at, sum);
    }
  }
}
