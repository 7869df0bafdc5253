// Ciphertexts, plaintexts and keys into the kernel and out of it; every residue is range-checked on the way in.
import { SealedError } from '../base/errors.ts';
import type { Pointer } from './exports.ts';
import { Ciphertext, Plaintext, SwitchKey, filled } from './handles.ts';
import { invalid } from './instance.ts';
import type { KernelInstance } from './instance.ts';

function malformed(message: string): SealedError {
  return new SealedError('malformed-frame', message, { stage: 'wire' });
}

/** Copies N residues to a row of the kernel; `malformed-frame` if one is not below its prime. */
function loadRow(kernel: KernelInstance, source: Uint32Array, row: Pointer, prime: number): void {
  kernel.words(row, kernel.polyModulusDegree).set(source);
  if (kernel.raw.checkRow(row, prime) === 0) {
    throw malformed('A residue is not below its prime: the bytes are damaged or for other parameters.');
  }
}

/** Rows in the order of the kernel's own layout, from `words`, whose length must be exactly theirs. */
function loadRows(
  kernel: KernelInstance,
  words: Uint32Array,
  to: Pointer,
  rows: number,
  primes: number,
): void {
  const degree = kernel.polyModulusDegree;
  if (words.length !== rows * degree)
    throw malformed(`${words.length} residues where ${rows * degree} belong.`);
  for (let row = 0; row < rows; row++) {
    loadRow(
      kernel,
      words.subarray(row * degree, (row + 1) * degree),
      to + row * kernel.rowBytes,
      row % primes,
    );
  }
}

/**
 * A ciphertext from its residues, [polynomial][prime][N] in NTT form, in SEAL's order. `malformed-frame` for a wrong
 * length or a residue out of range. The caller disposes it.
 */
export function loadCiphertext(
  kernel: KernelInstance,
  words: Uint32Array,
  shape: { readonly size: number; readonly primes: number },
): Ciphertext {
  return filled(new Ciphertext(kernel, shape.size, shape.primes), (out) => {
    loadRows(kernel, words, out.pointer, out.size * out.primes, out.primes);
  });
}

/** The residues of a ciphertext, [polynomial][prime][N], in memory of their own. */
export function storeCiphertext(ciphertext: Ciphertext): Uint32Array<ArrayBuffer> {
  const { kernel, pointer } = ciphertext;
  const degree = kernel.polyModulusDegree;
  const rows = ciphertext.size * ciphertext.primes;
  const out = new Uint32Array(rows * degree);
  for (let row = 0; row < rows; row++) {
    out.set(kernel.words(pointer + row * kernel.rowBytes, degree), row * degree);
  }
  return out;
}

/** A plaintext from residues in NTT form, [prime][N], as SEAL's encoder makes them. Throws as {@link loadCiphertext}. */
export function loadPlaintext(
  kernel: KernelInstance,
  words: Uint32Array,
  primes: number,
  form: 'factor' | 'addend',
): Plaintext {
  return filled(new Plaintext(kernel, primes, form), (out) => {
    loadRows(kernel, words, out.pointer, primes, primes);
    if (form === 'addend') return;
    for (let prime = 0; prime < primes; prime++) {
      const row = out.pointer + prime * kernel.rowBytes;
      kernel.raw.toMontgomery(row, row, prime);
    }
  });
}

/** Expands row `prime` of a public seed to `row`; `seed` and `words` (8 N bytes) are in the kernel's memory. */
function expandRow(kernel: KernelInstance, seed: Pointer, prime: number, row: Pointer, words: Pointer): void {
  if (kernel.raw.expandRow(seed, prime, row, words) === 0) return;
  throw malformed('A seed expands to a word that SEAL might reject: its maker should have drawn another.');
}

/**
 * A ciphertext of two polynomials: `words` are the first one's residues, [prime][N], and the second follows from `seed`.
 * Throws as {@link loadCiphertext}, and `malformed-frame` for a seed that must not be used. The caller disposes it.
 */
export function loadSeeded(
  kernel: KernelInstance,
  words: Uint32Array,
  seed: Uint8Array,
  primes: number,
): Ciphertext {
  return filled(new Ciphertext(kernel, 2, primes), (out) => {
    loadRows(kernel, words, out.pointer, primes, primes);
    const own = kernel.scratch(SEED_BYTES + 8 * kernel.polyModulusDegree);
    kernel.bytes.set(seed, own);
    for (let prime = 0; prime < primes; prime++) {
      expandRow(kernel, own, prime, out.pointer + (primes + prime) * kernel.rowBytes, own + SEED_BYTES);
    }
  });
}

const SEED_BYTES = 64;

/**
 * A key-switching key from the residues of its digits, one for each data prime that it serves, each [2][prime][N] over
 * these primes with P last, as in SEAL's blobs. galoisElement 0 is a relinearisation key, otherwise the automorphism
 * X -> X^g. With `seeds`, a digit is [1][prime][N], and the other polynomial follows from its seed. Keys are held permuted
 * and interleaved, in 8 N digits (digits + 1) bytes. Throws as {@link loadSeeded}.
 */
export function loadSwitchKey(
  kernel: KernelInstance,
  digits: readonly Uint32Array[],
  galoisElement: number,
  seeds?: readonly Uint8Array[],
): SwitchKey {
  const degree = kernel.polyModulusDegree;
  if (digits.length < 1 || digits.length > kernel.dataPrimes) {
    throw malformed(
      `A key has 1 to ${kernel.dataPrimes} digits with these parameters, not ${digits.length}.`,
    );
  }
  const indices = [...digits.keys(), kernel.primes.length - 1];
  const polynomials = seeds ? 1 : 2;
  return filled(new SwitchKey(kernel, galoisElement, digits.length), (key) => {
    const wordBytes = seeds ? 8 * degree : 0;
    const own = kernel.allocate(2 * kernel.rowBytes + SEED_BYTES + wordBytes + kernel.raw.permutationBytes());
    try {
      const spare = own + kernel.rowBytes;
      const seedAt = spare + kernel.rowBytes;
      const permutation = galoisElement === 0 ? 0 : seedAt + SEED_BYTES + wordBytes;
      if (galoisElement !== 0) kernel.raw.makePermutation(permutation, inverseElement(galoisElement, degree));
      for (const [digit, words] of digits.entries()) {
        if (words.length !== polynomials * indices.length * degree) {
          throw malformed(
            `A key digit has ${words.length} residues, not ${polynomials * indices.length * degree}.`,
          );
        }
        if (seeds) kernel.bytes.set(seeds[digit], seedAt);
        for (let poly = 0; poly < 2; poly++) {
          for (const [i, prime] of indices.entries()) {
            if (poly === 1 && seeds) expandRow(kernel, seedAt, prime, own, seedAt + SEED_BYTES);
            else {
              const at = (poly * indices.length + i) * degree;
              loadRow(kernel, words.subarray(at, at + degree), own, prime);
            }
            kernel.raw.storeKeyRow(key.pointer, key.primes, own, spare, digit, poly, prime, permutation);
          }
        }
      }
    } finally {
      kernel.release(own);
    }
  });
}

/** base^exponent mod modulus, for modulus at most 2^16: no product exceeds 2^53. */
function power(base: number, exponent: number, modulus: number): number {
  let result = 1;
  let square = base;
  for (let e = exponent; e > 0; e = Math.floor(e / 2)) {
    if (e % 2 === 1) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** g^-1 mod 2N: the order of every odd residue divides N/2. */
function inverseElement(g: number, degree: number): number {
  return power(g, degree / 2 - 1, 2 * degree);
}

/** Automorphism of a rotation by `steps` slots to the left: 3^steps mod 2N, steps taken modulo N/2; 1 for none. */
export function galoisElementOf(kernel: KernelInstance, steps: number): number {
  if (!Number.isInteger(steps)) throw invalid('A rotation is by a whole number of slots.');
  const slots = kernel.polyModulusDegree / 2;
  return power(3, ((steps % slots) + slots) % slots, 2 * kernel.polyModulusDegree);
}
