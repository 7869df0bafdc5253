// A secret key in the client's kernel, and what is made with it: the bytes that SEAL makes from the same seeds.
import { SealedError } from '../../base/errors.ts';
import type { ResidueCiphertext } from '../../params/residues.ts';
import type { ClientKernel, Pointer } from './client-kernel.ts';
import { PublicSeed, SEED_BYTES, type SeedSource } from './seeds.ts';

/** An encryption under the secret key, or a digit of a key-switching key. */
export interface Seeded {
  /** What c_1 is expanded from. */
  readonly seed: PublicSeed;
  /** c_0, and after it c_1 where that was asked for: data primes in order, P last in a digit. */
  readonly words: Uint32Array;
}

/** A fresh ciphertext. */
export interface FreshCiphertext extends Seeded {
  /** The row of c_1 under the first prime: by it an answer is known that hands the request back. */
  readonly mask: Uint32Array<ArrayBuffer>;
}

/** An encryption of zero, made before there is anything to encrypt. It serves one text. */
export interface PreparedZero {
  readonly level: number;
  readonly seed: PublicSeed;
  readonly rows: Pointer;
}

/** A secret key. Dispose it to wipe it. */
export class SecretKey implements Disposable {
  readonly kernel: ClientKernel;
  readonly #seeds: SeedSource;
  readonly #polynomials: 1 | 2;
  readonly #secret: Pointer;
  readonly #scratch: Pointer;
  /** Up to three polynomials over the data primes, or two over all. */
  readonly #rows: Pointer;
  readonly #coefficients: Pointer;
  readonly #slots: Pointer;
  /** The system's seed and the public one. */
  readonly #seedBytes: Pointer;
  readonly #blocks: (readonly [Pointer, bytes: number])[] = [];
  readonly #zeros = new Set<PreparedZero>();

  /** @param form `seeded`: c_1 is left to whoever expands the seed; `full`: it is given as well */
  constructor(kernel: ClientKernel, seeds: SeedSource, form: 'seeded' | 'full') {
    const { raw, rowBytes, parameters } = kernel;
    const count = parameters.primes.length;
    this.kernel = kernel;
    this.#seeds = seeds;
    this.#polynomials = form === 'full' ? 2 : 1;
    this.#secret = this.#block(raw.secretBytes());
    this.#scratch = this.#block(raw.scratchBytes());
    this.#rows = this.#block(Math.max(2 * count, 3 * (count - 1)) * rowBytes);
    this.#coefficients = this.#block(raw.coefficientBytes());
    this.#slots = this.#block(raw.coefficientBytes());
    this.#seedBytes = this.#block(2 * SEED_BYTES);
    seeds.next().spend(kernel.bytes(this.#seedBytes, SEED_BYTES));
    raw.makeSecret(this.#seedBytes, this.#secret, this.#scratch);
    kernel.bytes(this.#seedBytes, SEED_BYTES).fill(0);
  }

  #block(bytes: number): Pointer {
    const pointer = this.kernel.allocate(bytes);
    this.#blocks.push([pointer, bytes]);
    return pointer;
  }

  /** The relinearisation key's digits, for ciphertexts of `level` and below: digits and rows above it are left out. */
  relinearizationKey(level: number): readonly Seeded[] {
    const { raw } = this.kernel;
    return this.#digits(level, (digit) => raw.squareSecret(this.#secret, digit, this.#scratch));
  }

  /** The digits of the key for rotations by `step` slots to the left, 1 to N/2 − 1, likewise. */
  rotationKey(step: number, level: number): readonly Seeded[] {
    return this.galoisKey(rotationElement(step, this.kernel.parameters.polyModulusDegree), level);
  }

  /** The digits of the key for the automorphism X → X^element, likewise. */
  galoisKey(element: number, level: number): readonly Seeded[] {
    const { raw, rowBytes } = this.kernel;
    const bytes = raw.permutationBytes();
    const permutation = this.kernel.allocate(bytes);
    raw.makePermutation(permutation, element);
    const digits = this.#digits(level, (digit) =>
      raw.permuteRow(this.#scratch, this.#secret + digit * rowBytes, permutation),
    );
    this.kernel.release(permutation, bytes);
    return digits;
  }

  /** SEAL's generate_one_kswitch_key; `source` puts row `digit` of the key switched from at the scratch. */
  #digits(level: number, source: (digit: number) => void): readonly Seeded[] {
    const digits = Array.from({ length: level + 1 }, (_, digit) => {
      const seed = this.#encrypt(this.#rows, level, 1, 0, 0);
      source(digit);
      this.kernel.raw.addSwitched(this.#rows, digit, this.#scratch);
      return { seed, words: this.#take(this.#rows, level + 2) };
    });
    // SEAL makes whole keys: what comes after has the same seeds there.
    const unused = this.kernel.bytes(this.#seedBytes, SEED_BYTES);
    for (let digit = level + 1; digit <= this.kernel.parameters.maxLevel; digit += 1) {
      this.#seeds.next().spend(unused);
    }
    unused.fill(0);
    return digits;
  }

  /**
   * A fresh encryption at `target`, from the next seed whose expansion is the same at every level: c_0 over the primes up to
   * `level`, and `special` ones more; then c_1, or what is wanted of it.
   */
  #encrypt(target: Pointer, level: number, special: 0 | 1, text: Pointer, most: number): PublicSeed {
    const [secret, scratch, seed] = [this.#secret, this.#scratch, this.#seedBytes];
    const [count, rows] = [level + 1, level + 1 + special];
    const given = this.#polynomials === 2 ? rows : 1 - special;
    let isRejected = true;
    while (isRejected) {
      this.#seeds.next().spend(this.kernel.bytes(seed, SEED_BYTES));
      const { raw } = this.kernel;
      isRejected = raw.encrypt(seed, text, most, rows, count, target, given, secret, scratch) !== 0;
    }
    return new PublicSeed(this.kernel.bytes(seed + SEED_BYTES, SEED_BYTES).slice());
  }

  /** c_0 of `rows` rows at `pointer`, and c_1 where it is asked for. */
  #take(pointer: Pointer, rows: number): Uint32Array {
    return this.kernel.read(pointer, this.#polynomials * rows);
  }

  /** Encodes `slots`; returns the greatest coefficient's magnitude. @throws SealedError `out-of-range` */
  #embed(slots: Float64Array, scale: number, level: number): number {
    const { raw, parameters, tables } = this.kernel;
    const target = this.kernel.doubles(this.#slots, parameters.slots);
    target.set(slots);
    target.fill(0, slots.length);
    const most = raw.embed(tables, this.#slots, 0, this.#coefficients, scale);
    const modulus = parameters.primes
      .slice(0, level + 1)
      .reduce((product, prime) => product * Number(prime), 1);
    // SEAL's bound, within a bit.
    if (scale > 0 && most < modulus / 2) return most;
    throw new SealedError('out-of-range', 'A value is not finite, or too large for these parameters.', {
      stage: 'encrypt',
    });
  }

  #wipePlain(values = this.kernel.parameters.slots): void {
    this.kernel.doubles(this.#slots, values).fill(0);
    this.kernel.doubles(this.#coefficients, this.kernel.parameters.polyModulusDegree).fill(0);
  }

  /**
   * A fresh ciphertext of up to N/2 real slots at `level`.
   * @throws SealedError `out-of-range` for values that are not finite or too large
   */
  encrypt(slots: Float64Array, scale: number, level: number): FreshCiphertext {
    const most = this.#embed(slots, scale, level);
    const seed = this.#encrypt(this.#rows, level, 0, this.#coefficients, most);
    this.#wipePlain();
    const mask = this.kernel.row(this.#rows, level + 1).slice();
    return { seed, words: this.#take(this.#rows, level + 1), mask };
  }

  /** An encryption of zero at `level`, for {@link SecretKey.encryptWith}: most of an encryption's work. */
  prepareZero(level: number): PreparedZero {
    const rows = this.#block(2 * (level + 1) * this.kernel.rowBytes);
    const zero = { level, rows, seed: this.#encrypt(rows, level, 0, 0, 0) };
    this.#zeros.add(zero);
    return zero;
  }

  /**
   * {@link SecretKey.encrypt}, the same bytes, with what `zero` was made from.
   * @throws SealedError `out-of-range`; TypeError for a zero of another key, or one that has been used
   */
  encryptWith(zero: PreparedZero, slots: Float64Array, scale: number): FreshCiphertext {
    const { level, rows, seed } = zero;
    if (!this.#zeros.has(zero))
      throw new TypeError('This encryption of zero is another key’s, or has been used.');
    const most = this.#embed(slots, scale, level);
    this.#zeros.delete(zero);
    this.kernel.raw.addPlain(rows, this.#coefficients, most, level + 1, this.#scratch);
    this.#wipePlain();
    const words = this.#take(rows, level + 1);
    const mask = this.kernel.row(rows, level + 1).slice();
    const at = this.#blocks.findIndex(([pointer]) => pointer === rows);
    // It holds nothing but the ciphertext now.
    this.kernel.raw.free(this.#blocks.splice(at, 1)[0][0]);
    return { seed, words, mask };
  }

  /** The N/2 slots of a ciphertext, which the caller has checked: real parts, then imaginary ones where `isComplex`. */
  decrypt({ size, level, scale, words }: ResidueCiphertext, isComplex = false): Float64Array {
    const { raw, parameters, tables } = this.kernel;
    const { polyModulusDegree, slots } = parameters;
    const count = level + 1;
    for (let row = 0; row < size * count; row += 1) {
      const from = row * polyModulusDegree;
      this.kernel.row(this.#rows, row).set(words.subarray(from, from + polyModulusDegree));
    }
    raw.decrypt(this.#rows, size, count, this.#secret, this.#rows);
    const imaginary = isComplex ? this.#slots + slots * Float64Array.BYTES_PER_ELEMENT : 0;
    raw.decode(tables, this.#rows, count, scale, this.#coefficients, this.#slots, imaginary);
    const values = this.kernel.doubles(this.#slots, isComplex ? 2 * slots : slots).slice();
    this.#wipePlain(values.length);
    return values;
  }

  /** Wipes and returns all of its memory. */
  [Symbol.dispose](): void {
    this.#zeros.clear();
    for (const [pointer, bytes] of this.#blocks.splice(0)) this.kernel.release(pointer, bytes);
  }
}

/** 3^step mod 2N: the automorphism that rotates slots to the left (SEAL, util/galois.cpp). */
function rotationElement(step: number, polyModulusDegree: number): number {
  let element = 1;
  for (let i = 0; i < step; i += 1) element = (3 * element) % (2 * polyModulusDegree);
  return element;
}
