// Ciphertexts and keys as plain 32-bit residues: the common form of the wire, SEAL's blobs and the kernel.
import { SealedError } from '../base/errors.ts';
import { type Parameters, primesAtLevel } from './parameters.ts';

/**
 * A CKKS ciphertext in NTT form. `words` holds `size` polynomials, each `level + 1` primes × N residues, q_0 first, in
 * SEAL's bit-reversed NTT order.
 */
export interface ResidueCiphertext {
  /** Number of polynomials, 2 or 3. */
  readonly size: number;
  readonly level: number;
  readonly scale: number;
  readonly words: Uint32Array;
}

/** Bytes of a public seed. */
export const SEED_BYTES = 64;

/**
 * A fresh ciphertext of two polynomials of which the second follows from a public seed (SEAL's generator and uniform
 * sampler). `words` holds the first one's `level + 1` × N residues.
 */
export interface SeededCiphertext {
  readonly level: number;
  readonly scale: number;
  readonly words: Uint32Array;
  /** Of {@link SEED_BYTES} bytes. Never what it was drawn from: that gives away the noise. */
  readonly seed: Uint8Array;
}

/** A ciphertext as it may cross the wire: answers are whole, fresh ones may be seeded. */
export type SentCiphertext = ResidueCiphertext | SeededCiphertext;

/**
 * A key-switching key for ciphertexts of `level` and below (the highest, where it is not given): a digit for each of its
 * `level + 1` primes, each two polynomials over these primes and P, which is last.
 */
export interface ResidueKey {
  readonly digits: readonly Uint32Array[];
  readonly level?: number;
  /** A public seed for each digit, which then holds the first polynomial alone. */
  readonly seeds?: readonly Uint8Array[];
}

/** What the server may hold: the public keys that evaluation needs. */
export interface ResidueEvaluationKeys {
  readonly relinearization: ResidueKey | undefined;
  /** By left rotation in slots. */
  readonly rotations: ReadonlyMap<number, ResidueKey>;
}

/** Throws unless every prime fits the 32-bit form. */
export function requireWordPrimes(parameters: Parameters): void {
  if (parameters.coeffModulusBits.some((bits) => bits > 32)) {
    throw new SealedError('invalid-argument', 'This form needs primes of at most 32 bits.');
  }
}

/**
 * Throws `malformed-frame` unless `words` is `polynomials` × `primes` × N residues, each below its prime.
 * @param primes the primes of one polynomial, in order
 */
export function checkResidues(
  words: Uint32Array,
  polynomials: number,
  primes: readonly bigint[],
  polyModulusDegree: number,
): void {
  if (words.length !== polynomials * primes.length * polyModulusDegree) {
    throw new SealedError(
      'malformed-frame',
      `A ciphertext of ${polynomials} × ${primes.length} × ${polyModulusDegree} residues has ${words.length}.`,
      { stage: 'wire' },
    );
  }
  let at = 0;
  for (let polynomial = 0; polynomial < polynomials; polynomial += 1) {
    for (const prime of primes) {
      const modulus = Number(prime);
      let largest = 0;
      for (const end = at + polyModulusDegree; at < end; at += 1) {
        if (words[at] > largest) largest = words[at]!;
      }
      if (largest >= modulus) {
        throw new SealedError('malformed-frame', 'A residue is not below its prime.', { stage: 'wire' });
      }
    }
  }
}

/** `ciphertext` at `level`, not above its own: the residues of the primes above are left out (SEAL's mod_switch_to). */
export function dropToLevel(ciphertext: ResidueCiphertext, level: number): ResidueCiphertext {
  const { size, level: from, words } = ciphertext;
  if (from === level) return ciphertext;
  const before = words.length / size;
  const after = (before / (from + 1)) * (level + 1);
  const kept = new Uint32Array(size * after);
  for (let polynomial = 0; polynomial < size; polynomial += 1) {
    kept.set(words.subarray(polynomial * before, polynomial * before + after), polynomial * after);
  }
  return { ...ciphertext, level, words: kept };
}

function impossible(): SealedError {
  return new SealedError('malformed-frame', 'A ciphertext has an impossible size, level or scale.', {
    stage: 'wire',
  });
}

function checkCiphertextHead(level: number, scale: number, { maxLevel }: Parameters): void {
  if (!(level >= 0 && level <= maxLevel) || !(scale > 0) || !Number.isFinite(scale)) throw impossible();
}

/** Throws `malformed-frame` unless `ciphertext` belongs to `parameters` and its residues are in range. */
export function checkCiphertext(ciphertext: ResidueCiphertext, parameters: Parameters): void {
  const { size, level, scale, words } = ciphertext;
  if (size < 2 || size > 3) throw impossible();
  checkCiphertextHead(level, scale, parameters);
  checkResidues(words, size, primesAtLevel(parameters, level), parameters.polyModulusDegree);
}

/** Throws `malformed-frame` unless `ciphertext` belongs to `parameters` and its residues are in range. */
export function checkSeeded({ level, scale, words, seed }: SeededCiphertext, parameters: Parameters): void {
  checkCiphertextHead(level, scale, parameters);
  requireSeed(seed);
  checkResidues(words, 1, primesAtLevel(parameters, level), parameters.polyModulusDegree);
}

function requireSeed(seed: Uint8Array | undefined): void {
  if (seed?.length === SEED_BYTES) return;
  throw new SealedError('malformed-frame', 'A seed has the wrong length.', { stage: 'wire' });
}

/** Throws `malformed-frame` unless `key` is a key-switching key of `parameters`. */
export function checkKey(key: ResidueKey, parameters: Parameters): void {
  const { digits, level = parameters.maxLevel, seeds } = key;
  const isLevel = Number.isInteger(level) && level >= 0 && level <= parameters.maxLevel;
  if (!isLevel || digits.length !== level + 1 || (seeds && seeds.length !== digits.length)) {
    throw new SealedError('malformed-frame', 'A key has the wrong number of digits.', { stage: 'wire' });
  }
  const primes = keyPrimes(parameters, level);
  for (const [i, digit] of digits.entries()) {
    if (seeds) requireSeed(seeds[i]);
    checkResidues(digit, seeds ? 1 : 2, primes, parameters.polyModulusDegree);
  }
}

/** `key`, which is whole and without seeds, for ciphertexts of `level` and below: digits and rows above it are left out. */
export function cutKey(
  key: ResidueKey,
  level: number,
  { maxLevel, polyModulusDegree }: Parameters,
): ResidueKey {
  if (level === maxLevel) return key;
  const kept = (level + 1) * polyModulusDegree;
  const whole = (maxLevel + 2) * polyModulusDegree;
  const digits = key.digits.slice(0, level + 1).map((digit) => {
    const words = new Uint32Array(2 * (kept + polyModulusDegree));
    for (const polynomial of [0, 1]) {
      const from = digit.subarray(polynomial * whole, (polynomial + 1) * whole);
      const at = polynomial * (kept + polyModulusDegree);
      words.set(from.subarray(0, kept), at);
      words.set(from.subarray(whole - polyModulusDegree), at + kept);
    }
    return words;
  });
  return { digits, level };
}

/** The primes of a key for `level`: its own, and P. */
function keyPrimes(parameters: Parameters, level: number): readonly bigint[] {
  return [...primesAtLevel(parameters, level), parameters.primes.at(-1)!];
}

/** The residues of `ciphertext` of all primes but the last, at `scale`. */
export function withoutLastPrime(
  { words, size, level }: ResidueCiphertext,
  scale: number,
): ResidueCiphertext {
  const degree = words.length / (size * (level + 1));
  const kept = new Uint32Array(size * level * degree);
  for (let polynomial = 0; polynomial < size; polynomial += 1) {
    const from = polynomial * (level + 1) * degree;
    kept.set(words.subarray(from, from + level * degree), polynomial * level * degree);
  }
  return { size, level: level - 1, scale, words: kept };
}
