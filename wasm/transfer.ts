// Ciphertexts, plaintexts and keys into the kernel and out of it; every residue is range-checked on the way in.
import { SealedError } from '../src/base/errors.ts';
import type { Pointer } from './exports.ts';
import { Ciphertext, Plaintext, SwitchKey, filled } from './handles.ts';
import { invalid } from './instance.ts';
import type { KernelInstance } from './instance.ts';

/** Bytes of one residue on the wire: 8 as SEAL writes them, or 4, which is enough here. */
export type WordBytes = 4 | 8;

function malformed(message: string): SealedError {
  return new SealedError('malformed-frame', message, { stage: 'wire' });
}

/** Copies N little-endian residues to a row of the kernel; `malformed-frame` if one is not below its prime. */
function loadRow(
  kernel: KernelInstance,
  source: Uint8Array,
  row: Pointer,
  prime: number,
  wordBytes: WordBytes,
): void {
  let good: number;
  if (wordBytes === 8) {
    const staging = kernel.scratch(kernel.polyModulusDegree * 8);
    kernel.bytes.set(source, staging);
    good = kernel.raw.loadWords64(staging, row, prime);
  } else {
    kernel.bytes.set(source, row);
    good = kernel.raw.checkRow(row, prime);
  }
  if (good === 0) throw malformed('A residue is not below its prime: the bytes are damaged or for other parameters.');
}

/** Rows in the order of the kernel's own layout, from `residues`, whose length must be exactly theirs. */
function loadRows(
  kernel: KernelInstance,
  residues: Uint8Array,
  to: Pointer,
  rows: number,
  primes: number,
  wordBytes: WordBytes,
): void {
  const length = kernel.polyModulusDegree * wordBytes;
  if (residues.byteLength !== rows * length) {
    throw malformed(`${residues.byteLength} bytes of residues where ${rows * length} belong.`);
  }
  for (let row = 0; row < rows; row++) {
    const source = residues.subarray(row * length, (row + 1) * length);
    loadRow(kernel, source, to + row * kernel.rowBytes, row % primes, wordBytes);
  }
}

/**
 * A ciphertext from its residues, [polynomial][prime][N] little-endian words in NTT form, as in SEAL's blobs.
 * `malformed-frame` for a wrong length or a residue out of range. The caller disposes it.
 */
export function loadCiphertext(
  kernel: KernelInstance,
  residues: Uint8Array,
  shape: { readonly size: number; readonly primes: number },
  wordBytes: WordBytes = 8,
): Ciphertext {
  return filled(new Ciphertext(kernel, shape.size, shape.primes), (out) => {
    loadRows(kernel, residues, out.pointer, out.size * out.primes, out.primes, wordBytes);
  });
}

/** The residues of a ciphertext, [polynomial][prime][N] little-endian words, in bytes of their own. */
export function storeCiphertext(ciphertext: Ciphertext, wordBytes: WordBytes = 8): Uint8Array<ArrayBuffer> {
  const { kernel, pointer } = ciphertext;
  const rows = ciphertext.size * ciphertext.primes;
  const length = kernel.polyModulusDegree * wordBytes;
  const out = new Uint8Array(rows * length);
  const staging = wordBytes === 8 ? kernel.scratch(length) : 0;
  for (let row = 0; row < rows; row++) {
    let from = pointer + row * kernel.rowBytes;
    if (wordBytes === 8) {
      kernel.raw.storeWords64(from, staging);
      from = staging;
    }
    out.set(kernel.bytes.subarray(from, from + length), row * length);
  }
  return out;
}

/** A plaintext from residues in NTT form, [prime][N], as SEAL's encoder makes them. Throws as {@link loadCiphertext}. */
export function loadPlaintext(
  kernel: KernelInstance,
  residues: Uint8Array,
  primes: number,
  form: 'factor' | 'addend',
  wordBytes: WordBytes = 8,
): Plaintext {
  return filled(new Plaintext(kernel, primes, form), (out) => {
    loadRows(kernel, residues, out.pointer, primes, primes, wordBytes);
    if (form === 'addend') return;
    for (let prime = 0; prime < primes; prime++) {
      const row = out.pointer + prime * kernel.rowBytes;
      kernel.raw.toMontgomery(row, row, prime);
    }
  });
}

/** g^-1 mod 2N: for odd g, g^(2N/4 - 1) as the group of odd residues has exponent 2N/4. */
function inverseElement(g: number, degree: number): number {
  const modulus = BigInt(2 * degree);
  let result = 1n;
  let square = BigInt(g);
  for (let e = degree / 2 - 1; e > 0; e = Math.floor(e / 2)) {
    if (e % 2 === 1) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return Number(result);
}

/**
 * A key-switching key from the residues of its digits, one for each data prime, each [2][prime][N] over all primes
 * with P last, as in SEAL's blobs. galoisElement 0 is a relinearisation key, otherwise the automorphism X -> X^g.
 * Keys are held permuted and interleaved: 8 N (primes - 1) primes bytes. Throws as {@link loadCiphertext}.
 */
export function loadSwitchKey(
  kernel: KernelInstance,
  digits: readonly Uint8Array[],
  galoisElement: number,
  wordBytes: WordBytes = 8,
): SwitchKey {
  const count = kernel.primes.length;
  if (digits.length !== kernel.dataPrimes) {
    throw malformed(`A key has ${kernel.dataPrimes} digits with these parameters, not ${digits.length}.`);
  }
  const length = kernel.polyModulusDegree * wordBytes;
  return filled(new SwitchKey(kernel, galoisElement), (key) => {
    const own = kernel.allocate(2 * kernel.rowBytes + kernel.raw.permutationBytes());
    try {
      const spare = own + kernel.rowBytes;
      const permutation = galoisElement === 0 ? 0 : own + 2 * kernel.rowBytes;
      if (galoisElement !== 0) {
        kernel.raw.makePermutation(permutation, inverseElement(galoisElement, kernel.polyModulusDegree));
      }
      for (const [digit, residues] of digits.entries()) {
        if (residues.byteLength !== 2 * count * length) {
          throw malformed(`${residues.byteLength} bytes in a key digit where ${2 * count * length} belong.`);
        }
        for (let row = 0; row < 2 * count; row++) {
          loadRow(kernel, residues.subarray(row * length, (row + 1) * length), own, row % count, wordBytes);
          const poly = Math.floor(row / count);
          kernel.raw.storeKeyRow(key.pointer, own, spare, digit, poly, row % count, permutation);
        }
      }
    } finally {
      kernel.release(own);
    }
  });
}

/** Automorphism of a rotation by `steps` slots to the left: 3^steps mod 2N, steps taken modulo N/2; 1 for none. */
export function galoisElementOf(kernel: KernelInstance, steps: number): number {
  if (!Number.isInteger(steps)) throw invalid('A rotation is by a whole number of slots.');
  const slots = kernel.polyModulusDegree / 2;
  let power = ((steps % slots) + slots) % slots;
  let square = 3;
  let result = 1;
  const modulus = 2 * kernel.polyModulusDegree;
  for (; power > 0; power = Math.floor(power / 2)) {
    if (power % 2 === 1) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}
