// One set of parameters with its secret key: makes evaluation keys, encrypts, decrypts.
import { SealedError } from '../base/errors.ts';
import { requireWordPrimes, type ResidueCiphertext, type ResidueKey } from '../params/residues.ts';
import { encodeFrame } from '../protocol/frame.ts';
import { galoisKeyIndex, readKeysBlob } from '../seal/blob.ts';
import { SealContext } from '../seal/context.ts';
import type { SealModule } from '../seal/load.ts';

/** The keys that a card needs. */
export interface NeededKeys {
  readonly relinearize: boolean;
  readonly rotationSteps: readonly number[];
}

/** A secret key and what has been made from it. Dispose it to forget it; its context stays. */
export class KeyRing implements Disposable {
  readonly context: SealContext;
  /** Whether it has encrypted anything. */
  isUsed = false;
  readonly #generator: InstanceType<SealModule['KeyGenerator']>;
  readonly #secretKey: InstanceType<SealModule['SecretKey']>;
  readonly #encryptor: InstanceType<SealModule['Encryptor']>;
  readonly #decryptor: InstanceType<SealModule['Decryptor']>;
  #hasRelinearization = false;
  readonly #steps = new Set<number>();

  constructor(context: SealContext) {
    const { seal } = context;
    requireWordPrimes(context.parameters);
    this.context = context;
    this.#generator = new seal.KeyGenerator(this.context.handle);
    this.#secretKey = this.#generator.secretKey();
    using publicKey = this.#generator.createPublicKey();
    this.#encryptor = new seal.Encryptor(this.context.handle, publicKey, this.#secretKey);
    this.#decryptor = new seal.Decryptor(this.context.handle, this.#secretKey);
  }

  /** The keys of `needed` that have not been made yet. */
  missing({ relinearize, rotationSteps }: NeededKeys): NeededKeys {
    return {
      relinearize: relinearize && !this.#hasRelinearization,
      rotationSteps: rotationSteps.filter((step) => !this.#steps.has(step)),
    };
  }

  /**
   * A frame with these keys. Each is made once: what a frame that never arrived held, only another secret key makes again.
   * @param pause called between two keys; what it throws leaves the keys unmade
   */
  async make(
    { relinearize, rotationSteps }: NeededKeys,
    pause: () => Promise<void>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const relinearization = relinearize ? this.#relinearizationKey() : undefined;
    const rotations = new Map<number, ResidueKey>();
    for (const step of rotationSteps) {
      await pause();
      rotations.set(step, this.#rotationKey(step));
    }
    await pause();
    this.#hasRelinearization ||= relinearize;
    for (const step of rotationSteps) this.#steps.add(step);
    return encodeFrame(
      { kind: 'evaluation-keys', keys: { relinearization, rotations } },
      this.context.parameters,
    );
  }

  #relinearizationKey(): ResidueKey {
    using keys = this.#generator.createRelinKeys();
    const digits = readKeysBlob(keys.saveToArray(this.context.seal.ComprModeType.none) as Uint8Array).get(0);
    return { digits: digits ?? [] };
  }

  // One at a time: SEAL's blob of all of them at once would double the peak memory.
  #rotationKey(step: number): ResidueKey {
    using keys = this.#generator.createGaloisKeysWithSteps(Int32Array.of(step));
    const byIndex = readKeysBlob(keys.saveToArray(this.context.seal.ComprModeType.none) as Uint8Array);
    const digits = byIndex.get(galoisKeyIndex(step, this.context.parameters.polyModulusDegree));
    return { digits: digits ?? [] };
  }

  /** A fresh ciphertext, at the highest level. */
  encrypt(
    slots: Float64Array,
    scale: number,
  ): { ciphertext: ResidueCiphertext; encodeMs: number; encryptMs: number } {
    this.isUsed = true;
    using plaintext = new this.context.seal.Plaintext();
    using handle = new this.context.seal.Ciphertext();
    const start = performance.now();
    this.context.encoder.encode(slots, scale, plaintext);
    const encoded = performance.now();
    this.#encryptor.encryptSymmetric(plaintext, handle);
    const ciphertext = this.context.save(handle);
    return { ciphertext, encodeMs: encoded - start, encryptMs: performance.now() - encoded };
  }

  /** The slots of a ciphertext. */
  decrypt(ciphertext: ResidueCiphertext): Float64Array {
    using handle = this.context.load(ciphertext);
    using plaintext = new this.context.seal.Plaintext();
    this.#decryptor.decrypt(handle, plaintext);
    return this.context.encoder.decodeFloat64(plaintext) as Float64Array;
  }

  [Symbol.dispose](): void {
    this.#decryptor.delete();
    this.#encryptor.delete();
    this.#secretKey.delete();
    this.#generator.delete();
  }
}

/** The error where keys are needed and have not been made. */
export function notPrepared(): SealedError {
  return new SealedError('wrong-state', 'Keys for this model have not been made: prepare it first.', {
    stage: 'encrypt',
  });
}
