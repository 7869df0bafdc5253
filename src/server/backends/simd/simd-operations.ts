// The single operations of the SIMD backend, on ciphertexts in the kernel (wasm/), and its keys.
import { SealedError } from '../../../base/errors.ts';
import { type Parameters, primesAtLevel } from '../../../params/parameters.ts';
import type { ResidueCiphertext, ResidueEvaluationKeys, SentCiphertext } from '../../../params/residues.ts';
import type { Diagonal } from '../../../plan/plan.ts';
import { vectorsOf } from '../../../plan/stages/linear-rows.ts';
import type { Ciphertext } from '../../../kernel/kernel.ts';
import {
  addInto,
  addPlainInto,
  addScaledInto,
  addScalarInto,
  Encoder,
  galoisElementOf,
  type KernelInstance,
  loadCiphertext,
  loadSeeded,
  loadSwitchKey,
  multiply,
  multiplyPlain,
  multiplyScalar,
  type Plaintext,
  relinearize,
  rescale,
  rotate,
  type Scalar,
  scalarOf,
  square,
  storeCiphertext,
  type SwitchKey,
} from '../../../kernel/kernel.ts';
import type { KeyedBackend } from '../../backend.ts';

/** A ciphertext of the kernel with its scale, which the kernel does not keep. */
export interface SimdCiphertext {
  readonly handle: Ciphertext;
  readonly scale: number;
}

/** Ciphertexts, keys and operations in one kernel. */
export class SimdOperations implements KeyedBackend<SimdCiphertext> {
  readonly kernel: KernelInstance;
  readonly encoder: Encoder;
  readonly parameters: Parameters;
  #relinearization: SwitchKey | undefined;
  readonly #rotations = new Map<number, SwitchKey>();
  readonly #slots: Float64Array;

  readonly #isTenant: boolean;

  /**
   * On `kernel`, which is this object's own from now on.
   * @param host whose kernel and encoder a tenant shares
   */
  constructor(kernel: KernelInstance, parameters: Parameters, host?: SimdOperations) {
    this.kernel = kernel;
    this.parameters = parameters;
    this.#isTenant = host !== undefined;
    this.encoder = host?.encoder ?? new Encoder(kernel);
    this.#slots = host ? host.#slots : new Float64Array(2 * parameters.slots);
  }

  tenant(): SimdOperations {
    return new SimdOperations(this.kernel, this.parameters, this);
  }

  addKeys({ relinearization, rotations }: ResidueEvaluationKeys): void {
    if (relinearization) {
      const key = loadSwitchKey(this.kernel, relinearization.digits, 0, relinearization.seeds);
      this.#relinearization?.[Symbol.dispose]();
      this.#relinearization = key;
    }
    for (const [step, { digits, seeds }] of rotations) {
      const key = loadSwitchKey(this.kernel, digits, galoisElementOf(this.kernel, step), seeds);
      this.#rotations.get(step)?.[Symbol.dispose]();
      this.#rotations.set(step, key);
    }
  }

  /** The Galois key for a left rotation by `step` slots. @throws SealedError `missing-key` */
  rotationKey(step: number): SwitchKey {
    const key = this.#rotations.get(step);
    if (key) return key;
    throw new SealedError('missing-key', `There is no Galois key for a rotation by ${step}.`, {
      stage: 'server',
    });
  }

  load(ciphertext: SentCiphertext): SimdCiphertext {
    const { words, level, scale } = ciphertext;
    const handle =
      'seed' in ciphertext
        ? loadSeeded(this.kernel, words, ciphertext.seed, level + 1)
        : loadCiphertext(this.kernel, words, { size: ciphertext.size, primes: level + 1 });
    return { handle, scale };
  }

  save({ handle, scale }: SimdCiphertext): ResidueCiphertext {
    return { size: handle.size, level: handle.primes - 1, scale, words: storeCiphertext(handle) };
  }

  rotate({ handle, scale }: SimdCiphertext, step: number): SimdCiphertext {
    return { handle: rotate(handle, this.rotationKey(step)), scale };
  }

  multiplyAdd(
    sum: SimdCiphertext | undefined,
    { handle, scale }: SimdCiphertext,
    diagonal: Diagonal,
    plainScale: number,
  ): SimdCiphertext {
    if (diagonal.kind === 'scalar') {
      const scalar = scalarOf(this.kernel, diagonal.value * plainScale, handle.primes);
      if (sum === undefined) return { handle: multiplyScalar(handle, scalar), scale: scale * plainScale };
      addScaledInto(sum.handle, handle, scalar);
      return sum;
    }
    using plaintext = this.encode(diagonal, plainScale, handle.primes, 'factor');
    const product = multiplyPlain(handle, plaintext);
    if (sum === undefined) return { handle: product, scale: scale * plainScale };
    using added = product;
    addInto(sum.handle, added);
    return sum;
  }

  add(a: SimdCiphertext, b: SimdCiphertext): SimdCiphertext {
    addInto(a.handle, b.handle);
    this.free(b);
    return a;
  }

  rescale({ handle }: SimdCiphertext, outScale: number): SimdCiphertext {
    const rescaled = rescale(handle);
    handle[Symbol.dispose]();
    return { handle: rescaled, scale: outScale };
  }

  addConstant({ handle, scale }: SimdCiphertext, constant: Diagonal): void {
    if (constant.kind === 'scalar') {
      addScalarInto(handle, this.#wideScalar(constant.value * scale, handle.primes));
      return;
    }
    using plaintext = this.encode(constant, scale, handle.primes, 'addend');
    addPlainInto(handle, plaintext);
  }

  /** Residues of round(value), which may pass the 2^52 that the kernel's scalars keep to. */
  #wideScalar(value: number, primes: number): Scalar {
    const whole = BigInt(Math.round(value));
    return Uint32Array.from(primesAtLevel(this.parameters, primes - 1), (prime) =>
      Number(((whole % prime) + prime) % prime),
    );
  }

  square({ handle }: SimdCiphertext, outScale: number): SimdCiphertext {
    return this.#product(outScale, () => square(handle));
  }

  multiply(a: SimdCiphertext, b: SimdCiphertext, outScale: number): SimdCiphertext {
    return this.#product(outScale, () => multiply(a.handle, b.handle));
  }

  #product(outScale: number, multiplied: () => Ciphertext): SimdCiphertext {
    if (!this.#relinearization) {
      throw new SealedError('missing-key', 'There is no relinearisation key.', { stage: 'server' });
    }
    using product = multiplied();
    using relinearized = relinearize(product, this.#relinearization);
    return { handle: rescale(relinearized), scale: outScale };
  }

  /** `diagonal` in every slot it names, over the first `primes` primes. The caller disposes it. */
  encode(diagonal: Diagonal, scale: number, primes: number, form: 'factor' | 'addend'): Plaintext {
    return this.encoder.encode(this.slotValues(diagonal), scale, primes, form);
  }

  /**
   * The slots of `diagonal`, real parts and then imaginary ones where it has some; valid until the next call. Plans have
   * hundreds: an array for each would be much garbage.
   */
  slotValues(diagonal: Diagonal): Float64Array {
    const { slots } = this.parameters;
    if (diagonal.kind === 'scalar') return this.#slots.subarray(0, slots).fill(diagonal.value);
    const vectors = vectorsOf(diagonal);
    vectors.forEach((vector, part) => this.#slots.set(vector, part * slots));
    return this.#slots.subarray(0, vectors.length * slots);
  }

  free({ handle }: SimdCiphertext): void {
    handle[Symbol.dispose]();
  }

  memoryBytes(): number {
    return this.kernel.memory.reservedBytes;
  }

  [Symbol.dispose](): void {
    this.#relinearization?.[Symbol.dispose]();
    this.#relinearization = undefined;
    for (const key of this.#rotations.values()) key[Symbol.dispose]();
    this.#rotations.clear();
    if (!this.#isTenant) this.encoder[Symbol.dispose]();
  }
}
