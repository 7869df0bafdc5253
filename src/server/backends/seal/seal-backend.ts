// The reference backend: node-seal's evaluator.
import { SealedError } from '../../../base/errors.ts';
import { type Parameters, primesAtLevel } from '../../../params/parameters.ts';
import type { ResidueCiphertext, ResidueEvaluationKeys, SentCiphertext } from '../../../params/residues.ts';
import type { Diagonal } from '../../../plan/plan.ts';
import { leastFactor } from '../../../plan/zero-rule.ts';
import { galoisKeyIndex, writeKeysBlob, writePlaintextBlob } from '../../../seal/blob.ts';
import { filled, SealContext } from '../../../seal/context.ts';
import { type SealModule, sealMemoryBytes } from '../../../seal/load.ts';
import type { KeyedBackend } from '../../backend.ts';

type Ciphertext = InstanceType<SealModule['Ciphertext']>;

/** What this backend computes on: a handle of SEAL's. */
export type SealCiphertext = Ciphertext;

/** What it multiplies by. */
export type SealPlaintext = InstanceType<SealModule['Plaintext']>;
type GaloisKeys = InstanceType<SealModule['GaloisKeys']>;

/** Evaluates with SEAL. Keys may be added later; an operation without its key throws `missing-key`. */
export class SealBackend implements KeyedBackend<Ciphertext> {
  readonly #context: SealContext;
  readonly #evaluator: InstanceType<SealModule['Evaluator']>;
  #relinKeys: InstanceType<SealModule['RelinKeys']> | undefined;
  /** By left rotation; several steps share a handle, which lives as long as one of them uses it. */
  readonly #galoisKeys = new Map<number, GaloisKeys>();
  readonly #scratch: SealPlaintext;
  readonly #isTenant: boolean;

  /** @param host whose context a tenant shares */
  constructor(seal: SealModule, parameters: Parameters, host?: SealBackend) {
    this.#isTenant = host !== undefined;
    this.#context = host ? host.#context : new SealContext(seal, parameters);
    this.#evaluator = host ? host.#evaluator : new seal.Evaluator(this.#context.handle);
    this.#scratch = host ? host.#scratch : new seal.Plaintext();
  }

  tenant(): SealBackend {
    return new SealBackend(this.#context.seal, this.#context.parameters, this);
  }

  /** Takes checked keys. Those of earlier calls stay unless these replace them: a new client has new keys. */
  addKeys({ relinearization, rotations }: ResidueEvaluationKeys): void {
    const { seal, handle, keyParmsId, parameters } = this.#context;
    const { polyModulusDegree: degree, primes } = parameters;
    for (const { seeds, level } of [...(relinearization ? [relinearization] : []), ...rotations.values()]) {
      if (seeds || level !== undefined) throw wholeOnly();
    }
    if (relinearization) {
      const blob = writeKeysBlob(keyParmsId, new Map([[0, relinearization.digits]]), primes.length, degree);
      const keys = filled(new seal.RelinKeys(), (made) => made.loadFromArray(handle, blob));
      this.#relinKeys?.delete();
      this.#relinKeys = keys;
    }
    if (rotations.size > 0) {
      const byIndex = new Map(
        [...rotations].map(([step, key]) => [galoisKeyIndex(step, degree), key.digits]),
      );
      const blob = writeKeysBlob(keyParmsId, byIndex, primes.length, degree);
      const keys = filled(new seal.GaloisKeys(), (made) => made.loadFromArray(handle, blob));
      const before = new Set(this.#galoisKeys.values());
      for (const step of rotations.keys()) this.#galoisKeys.set(step, keys);
      const inUse = new Set(this.#galoisKeys.values());
      for (const old of before) if (!inUse.has(old)) old.delete();
    }
  }

  load(ciphertext: SentCiphertext): Ciphertext {
    if ('seed' in ciphertext) throw wholeOnly();
    return this.#context.load(ciphertext);
  }

  save(ciphertext: Ciphertext): ResidueCiphertext {
    return this.#context.save(ciphertext);
  }

  rotate(ciphertext: Ciphertext, step: number): Ciphertext {
    const keys = this.#galoisKeys.get(step);
    if (!keys) {
      throw new SealedError('missing-key', `There is no Galois key for a rotation by ${step}.`, {
        stage: 'server',
      });
    }
    return filled(new this.#context.seal.Ciphertext(), (rotated) =>
      this.#evaluator.rotateVector(ciphertext, step, keys, rotated),
    );
  }

  multiplyAdd(
    sum: Ciphertext | undefined,
    ciphertext: Ciphertext,
    diagonal: Diagonal,
    plainScale: number,
  ): Ciphertext {
    const level = ciphertext.coeffModulusSize() - 1;
    let plaintext = this.encode(diagonal, plainScale, level);
    if (plaintext.isZero()) {
      if (sum !== undefined) return sum;
      // SEAL refuses products that hide nothing: the smallest scalar that encodes stands for zero.
      plaintext = this.encode(leastFactor(plainScale), plainScale, level);
    }
    const product = filled(new this.#context.seal.Ciphertext(), (made) =>
      this.#evaluator.multiplyPlain(ciphertext, plaintext, made),
    );
    if (sum === undefined) return product;
    using added = product;
    this.#evaluator.addInplace(sum, added);
    return sum;
  }

  add(a: Ciphertext, b: Ciphertext): Ciphertext {
    this.#evaluator.addInplace(a, b);
    b.delete();
    return a;
  }

  rescale(ciphertext: Ciphertext, outScale: number): Ciphertext {
    this.#evaluator.rescaleToNextInplace(ciphertext);
    // SEAL multiplies and divides floating-point scales; the plan's is the exact one.
    ciphertext.setScale(outScale);
    return ciphertext;
  }

  addConstant(ciphertext: Ciphertext, constant: Diagonal): void {
    const plaintext = this.encode(constant, ciphertext.scale(), ciphertext.coeffModulusSize() - 1);
    this.#evaluator.addPlainInplace(ciphertext, plaintext);
  }

  square(ciphertext: Ciphertext, outScale: number): Ciphertext {
    return this.#product(outScale, (result) => this.#evaluator.square(ciphertext, result));
  }

  multiply(a: Ciphertext, b: Ciphertext, outScale: number): Ciphertext {
    return this.#product(outScale, (result) => this.#evaluator.multiply(a, b, result));
  }

  #product(outScale: number, multiply: (result: Ciphertext) => void): Ciphertext {
    if (!this.#relinKeys) {
      throw new SealedError('missing-key', 'There is no relinearisation key.', { stage: 'server' });
    }
    const keys = this.#relinKeys;
    return filled(new this.#context.seal.Ciphertext(), (result) => {
      multiply(result);
      this.#evaluator.relinearizeInplace(result, keys);
      this.rescale(result, outScale);
    });
  }

  free(ciphertext: Ciphertext): void {
    ciphertext.delete();
  }

  memoryBytes(): number {
    return sealMemoryBytes();
  }

  /**
   * `diagonal` encoded at `scale` for ciphertexts at `level`, in a plaintext of this backend's own: valid until the next
   * call, not the caller's to delete.
   */
  encode(diagonal: Diagonal, scale: number, level: number): SealPlaintext {
    if (diagonal.kind === 'complex') {
      const message = 'SEAL’s wrapper encodes no complex slots: compile the network for the backend seal.';
      throw new SealedError('plan-rejected', message, { stage: 'server' });
    }
    if (diagonal.kind === 'vector') {
      const { encoder, parameters } = this.#context;
      const values = new Float64Array(diagonal.values);
      if (level === parameters.maxLevel) encoder.encode(values, scale, this.#scratch);
      else this.#encodeBelow(values, scale, level);
      return this.#scratch;
    }
    this.#scratch.loadFromArray(this.#context.handle, this.#scalarBlob(diagonal.value, scale, level));
    return this.#scratch;
  }

  /** SEAL's wrapper encodes at the top level only. */
  #encodeBelow(values: Float64Array, scale: number, level: number): void {
    const { encoder } = this.#context;
    encoder.encode(values, scale, this.#scratch);
    this.#context.withParmsId(level, (id) => this.#evaluator.plainModSwitchToInplace(this.#scratch, id));
  }

  /** A constant polynomial has the same residue in every NTT slot: no transform is needed. */
  #scalarBlob(value: number, scale: number, level: number): Uint8Array {
    const { parameters } = this.#context;
    const integer = BigInt(Math.round(value * scale));
    const degree = parameters.polyModulusDegree;
    const words = new Uint32Array((level + 1) * degree);
    primesAtLevel(parameters, level).forEach((prime, index) => {
      const residue = ((integer % prime) + prime) % prime;
      words.fill(Number(residue), index * degree, (index + 1) * degree);
    });
    return writePlaintextBlob(this.#context.parmsId(level), scale, words);
  }

  [Symbol.dispose](): void {
    this.#relinKeys?.delete();
    this.#relinKeys = undefined;
    for (const keys of new Set(this.#galoisKeys.values())) keys.delete();
    this.#galoisKeys.clear();
    if (this.#isTenant) return;
    this.#scratch.delete();
    this.#evaluator.delete();
    this.#context[Symbol.dispose]();
  }
}

/** The error for what SEAL could not read: its own clients send everything whole. */
function wholeOnly(): SealedError {
  return new SealedError('malformed-frame', 'With the backend seal, keys and ciphertexts travel whole.', {
    stage: 'wire',
  });
}
