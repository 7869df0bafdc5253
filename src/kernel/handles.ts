// Handles to what lies in the kernel's memory. Whoever gets one disposes it, with `using` or [Symbol.dispose]().
import { SealedError } from '../base/errors.ts';
import type { Pointer } from './exports.ts';
import { invalid } from './instance.ts';
import type { KernelInstance } from './instance.ts';

/** A block of kernel memory with one owner. Contents are undefined until the operation that made it has run. */
export abstract class Handle implements Disposable {
  readonly kernel: KernelInstance;
  readonly bytes: number;
  #pointer: Pointer;

  protected constructor(kernel: KernelInstance, bytes: number) {
    this.kernel = kernel;
    this.bytes = bytes;
    this.#pointer = kernel.track(bytes);
  }

  /** Where it lies; `wrong-state` once disposed. */
  get pointer(): Pointer {
    if (this.#pointer === 0) {
      throw new SealedError('wrong-state', 'This handle has been disposed.', { stage: 'server' });
    }
    return this.#pointer;
  }

  get disposed(): boolean {
    return this.#pointer === 0;
  }

  /** Returns the memory; a second call does nothing. */
  [Symbol.dispose](): void {
    if (this.#pointer === 0) return;
    this.kernel.untrack(this.#pointer, this.bytes);
    this.#pointer = 0;
  }
}

/** A ciphertext in NTT form: `size` polynomials over the data primes q_0 to q_(primes-1). It does not know its scale. */
export class Ciphertext extends Handle {
  readonly size: number;
  readonly primes: number;

  constructor(kernel: KernelInstance, size: number, primes: number) {
    kernel.checkPrimeCount(primes);
    if (size !== 2 && size !== 3) throw invalid('A ciphertext has two or three polynomials.', { size });
    super(kernel, size * primes * kernel.rowBytes);
    this.size = size;
    this.primes = primes;
  }
}

/** An encoded vector over q_0 to q_(primes-1), as a factor (Montgomery form) or as something to add. */
export class Plaintext extends Handle {
  readonly primes: number;
  readonly form: 'factor' | 'addend';

  constructor(kernel: KernelInstance, primes: number, form: 'factor' | 'addend') {
    kernel.checkPrimeCount(primes);
    super(kernel, primes * kernel.rowBytes);
    this.primes = primes;
    this.form = form;
  }
}

/** A key-switching key: a relinearisation key, or the Galois key of one automorphism. */
export class SwitchKey extends Handle {
  /** The automorphism X -> X^g it is for; 0: it relinearises. */
  readonly galoisElement: number;
  /** The largest number of data primes of a ciphertext that it switches. */
  readonly primes: number;

  constructor(kernel: KernelInstance, galoisElement: number, primes: number) {
    kernel.checkPrimeCount(primes);
    if (galoisElement !== 0) checkGaloisElement(kernel, galoisElement);
    const keyBytes = kernel.raw.keyBytes(primes);
    super(kernel, keyBytes + (galoisElement === 0 ? 0 : kernel.raw.permutationBytes()));
    this.galoisElement = galoisElement;
    this.primes = primes;
    if (galoisElement !== 0) kernel.raw.makePermutation(this.pointer + keyBytes, galoisElement);
  }

  /** @throws SealedError `missing-key` for a ciphertext above the levels that the key was cut to */
  checkServes(primes: number): void {
    if (primes <= this.primes) return;
    throw new SealedError('missing-key', 'A key was cut to levels below the one where the plan wants it.', {
      stage: 'server',
      detail: { primes: this.primes, wanted: primes },
    });
  }

  /** The permutation of its automorphism; 0 for a relinearisation key. */
  get permutation(): Pointer {
    return this.galoisElement === 0 ? 0 : this.pointer + this.kernel.raw.keyBytes(this.primes);
  }
}

/** A ciphertext decomposed once for many rotations. */
export class HoistedCiphertext extends Handle {
  readonly primes: number;

  constructor(kernel: KernelInstance, primes: number) {
    kernel.checkPrimeCount(primes);
    super(kernel, kernel.raw.hoistedRows(primes) * kernel.rowBytes);
    this.primes = primes;
  }
}

/** Rotations over the extended basis QP, `slots` of them, interleaved for {@link DiagonalSum}s. */
export class BabySteps extends Handle {
  readonly primes: number;
  readonly slots: number;
  /** Which slots have been filled: sums over others are refused. */
  readonly filled: boolean[];

  constructor(kernel: KernelInstance, slots: number, primes: number) {
    kernel.checkPrimeCount(primes);
    if (!Number.isInteger(slots) || slots < 1 || slots > 4096)
      throw invalid('1 to 4096 baby steps.', { slots });
    super(kernel, (primes + 1) * slots * 8 * kernel.polyModulusDegree);
    this.primes = primes;
    this.slots = slots;
    this.filled = new Array<boolean>(slots).fill(false);
  }
}

/** Diagonals of one giant step over QP, packed in the order in which they are read, each with its baby step's slot. */
export class DiagonalSum extends Handle {
  readonly primes: number;
  readonly slots: readonly number[];
  /** Which diagonals have been encoded. */
  readonly filled: boolean[];

  constructor(kernel: KernelInstance, slots: readonly number[], primes: number) {
    kernel.checkPrimeCount(primes);
    if (slots.length < 1 || slots.length > 65536) throw invalid('A sum has 1 to 65536 diagonals.');
    for (const slot of slots) {
      if (!Number.isInteger(slot) || slot < 0 || slot > 4095) throw invalid('No such baby step.', { slot });
    }
    super(kernel, (primes + 1) * slots.length * 4 * kernel.polyModulusDegree + slots.length * 4);
    this.primes = primes;
    this.slots = Object.freeze([...slots]);
    this.filled = new Array<boolean>(slots.length).fill(false);
    kernel.words(this.offsets, slots.length).set(slots.map((slot) => slot * 256));
  }

  /** The slots as byte offsets within a block of baby steps, behind the diagonals. */
  get offsets(): Pointer {
    return this.pointer + this.bytes - this.slots.length * 4;
  }
}

/** Two polynomials over QP: a ciphertext times P, not yet divided. */
export class ExtendedCiphertext extends Handle {
  readonly primes: number;

  constructor(kernel: KernelInstance, primes: number) {
    kernel.checkPrimeCount(primes);
    super(kernel, 2 * (primes + 1) * kernel.rowBytes);
    this.primes = primes;
  }
}

/** Throws unless g is an odd number below 2N. */
function checkGaloisElement(kernel: KernelInstance, g: number): void {
  if (!Number.isInteger(g) || g < 3 || g % 2 === 0 || g >= 2 * kernel.polyModulusDegree) {
    throw invalid('A Galois element is odd, above 1 and below 2N.', { galoisElement: g });
  }
}

/** The kernel that all these belong to, and `invalid-argument` unless there is one only. */
export function sameKernel(first: Handle, ...rest: readonly Handle[]): KernelInstance {
  for (const other of rest) {
    if (other.kernel !== first.kernel) throw invalid('These belong to different kernels.');
  }
  return first.kernel;
}

/** Runs `fill` on a handle and returns it; disposes it when that throws. */
export function filled<T extends Handle>(handle: T, fill: (handle: T) => void): T {
  try {
    fill(handle);
    return handle;
  } catch (error) {
    handle[Symbol.dispose]();
    throw error;
  }
}
