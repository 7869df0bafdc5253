// What SEAL makes with a secret key (SEAL 4.1, native/src/seal/keygenerator.cpp, util/rlwe.cpp, decryptor.cpp): the key
// itself, encryptions under it, key-switching keys, decryptions. Rows of the key are held times 2^32 (Montgomery form).
import { BUFFER_BYTES, stream } from '../assembly/blake2x';
import { reduceRow } from '../assembly/encoder';
import { expandRow } from '../assembly/expand';
import { fold, lift, reduceProduct } from '../assembly/lanes';
import { forwardSigned } from '../assembly/ntt-forward';
import { toMontgomery } from '../assembly/pointwise';
import { INVERSE, N, P, prime, primeCount, record, rowBytes, rowPrime } from '../assembly/tables';
import { negatedNoise, noiseBuffers, ternary } from './samplers';

/** Bytes of the scratch that the functions here take: 8 N of the generator's words, and one row. */
export function scratchBytes(): u32 {
  const noise = noiseBuffers() * BUFFER_BYTES;
  return (noise > 8 * N ? noise : 8 * N) + rowBytes;
}

// @ts-ignore: decorator
@inline
function product(a: v128, b: v128, p: v128, inverse: v128): v128 {
  return reduceProduct(i64x2.extmul_low_i32x4_u(a, b), i64x2.extmul_high_i32x4_u(a, b), p, inverse);
}

/** KeyGenerator: the secret key of a seed, all primes' rows. */
export function makeSecret(seed: u32, secret: u32, scratch: u32): void {
  const small = scratch + BUFFER_BYTES;
  ternary(seed, small, scratch);
  for (let index: u32 = 0; index < primeCount; index++) {
    const row = secret + index * rowBytes;
    forwardSigned(small, row, index, prime(index), 2);
    toMontgomery(row, row, index);
  }
  memory.fill(scratch, 0, scratchBytes());
}

/** encrypt_zero_symmetric, first half: the public seed and -e of a seed of the system's, which is wiped. */
function begin(seed: u32, publicSeed: u32, noise: u32, scratch: u32): void {
  stream(seed, 0, noiseBuffers(), scratch);
  memory.copy(publicSeed, scratch, 64);
  negatedNoise(scratch + 64, noise);
  memory.fill(scratch, 0, noiseBuffers() * BUFFER_BYTES);
  memory.fill(seed, 0, 64);
}

/** c0 = c0 - a s modulo one prime. */
function subtractProduct(c0: u32, a: u32, s: u32, index: u32): void {
  const p = v128.load_splat<u32>(record(index), P);
  const inverse = v128.load_splat<u32>(record(index), INVERSE);
  for (let at: u32 = 0; at < 4 * N; at += 16) {
    const d = i32x4.sub(v128.load(c0 + at), product(v128.load(a + at), v128.load(s + at), p, inverse));
    v128.store(c0 + at, lift(d, p));
  }
}

function add(out: u32, a: u32, index: u32): void {
  const p = i32x4.splat(prime(index));
  for (let at: u32 = 0; at < 4 * N; at += 16) {
    v128.store(out + at, fold(i32x4.add(v128.load(out + at), v128.load(a + at)), p));
  }
}

/**
 * An encryption under the secret key over `count` data primes, and P where `rows` is count + 1: c0 = NTT(m - e) - a s
 * and c1 = a, `rows` rows each. m are coefficients as of `embed`, none above `most`, or 0 for none. Returns true when
 * a row has words that SEAL might have replaced: another seed must be drawn.
 */
export function encrypt(
  seed: u32, publicSeed: u32, coefficients: u32, most: f64, rows: u32, count: u32, c0: u32, a: u32, secret: u32,
  scratch: u32,
): bool {
  const noise = scratch + scratchBytes() - rowBytes;
  begin(seed, publicSeed, noise, scratch);
  let rejected = false;
  for (let row: u32 = 0; row < rows; row++) {
    const index = rowPrime(row, count);
    const target = c0 + row * rowBytes;
    const p = prime(index);
    if (coefficients == 0) {
      forwardSigned(noise, target, index, p, p);
    } else {
      reduceRow(coefficients, target, index, most);
      for (let at: u32 = 0; at < 4 * N; at += 16) {
        v128.store(target + at, i32x4.add(v128.load(target + at), v128.load(noise + at)));
      }
      forwardSigned(target, target, index, 2 * p, 2 * p);
    }
    const uniform = a + row * rowBytes;
    // Of every row, whatever the others had.
    rejected = expandRow(publicSeed, index, uniform, scratch) || rejected;
    subtractProduct(target, uniform, secret + index * rowBytes, index);
  }
  memory.fill(noise, 0, 4 * N);
  return rejected;
}

/** Adds coefficients as of `embed` to the `count` rows of an encryption's c0. */
export function addPlain(c0: u32, coefficients: u32, most: f64, count: u32, scratch: u32): void {
  for (let index: u32 = 0; index < count; index++) {
    reduceRow(coefficients, scratch, index, most);
    forwardSigned(scratch, scratch, index, prime(index), prime(index));
    add(c0 + index * rowBytes, scratch, index);
  }
  memory.fill(scratch, 0, 4 * N);
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
