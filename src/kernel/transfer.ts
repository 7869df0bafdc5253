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

/**
 * A key-switching key from the residues of its digits, one for each data prime, each [2][prime][N] over all primes
 * with P last, as in SEAL's blobs. galoisElement 0 is a relinearisation key, otherwise the automorphism X -> X^g.
 * Keys are held permuted and interleaved, in 8 N (primes - 1) primes bytes. Throws as {@link loadCiphertext}.
 */
export function loadSwitchKey(
  kernel: KernelInstance,
  digits: readonly Uint32Array[],
  galoisElement: number,
): SwitchKey {
  const count = kernel.primes.length;
  const degree = kernel.polyModulusDegree;
  if (digits.length !== kernel.dataPrimes) {
    throw malformed(`A key has ${kernel.dataPrimes} digits with these parameters, not ${digits.length}.`);
  }
  return filled(new SwitchKey(kernel, galoisElement), (key) => {
    const own = kernel.allocate(2 * kernel.rowBytes + kernel.raw.permutationBytes());
    try {
      const spare = own + kernel.rowBytes;
      const permutation = galoisElement === 0 ? 0 : own + 2 * kernel.rowBytes;
      if (galoisElement !== 0) kernel.raw.makePermutation(permutation, inverseElement(galoisElement, degree));
      for (const [digit, words] of digits.entries()) {
        if (words.length !== 2 * count * degree) {
          throw malformed(`${words.length} residues in a key digit where ${2 * count * degree} belong.`);
        }
        for (let row = 0; row < 2 * count; row++) {
          loadRow(kernel, words.subarray(row * degree, (row + 1) * degree), own, row % count);
          const poly = Math.floor(row / count);
          kernel.raw.storeKeyRow(key.pointer, own, spare, digit, poly, row % count, permutation);
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
