// A secret key in Microsoft SEAL, its randomness derived from the run's master seed: what the fast client is held to.
import { SealedError } from '../base/errors.ts';
import type { Parameters } from '../params/parameters.ts';
import {
  cutKey,
  dropToLevel,
  requireWordPrimes,
  type ResidueCiphertext,
  type ResidueKey,
} from '../params/residues.ts';
import { galoisKeyIndex, readKeysBlob } from '../seal/blob.ts';
import type { SealContext } from '../seal/context.ts';
import type { SealModule } from '../seal/load.ts';
import type { ClientKeys, Encryption } from './client-keys.ts';
import { withRandomness } from './crypto/randomness.ts';
import type { SeedSource } from './crypto/seeds.ts';

/** {@link ClientKeys} in SEAL. */
export class SealKeys implements ClientKeys {
  readonly #context: SealContext;
  readonly #seeds: SeedSource;
  readonly #generator: InstanceType<SealModule['KeyGenerator']>;
  readonly #secretKey: InstanceType<SealModule['SecretKey']>;
  readonly #encryptor: InstanceType<SealModule['Encryptor']>;
  readonly #decryptor: InstanceType<SealModule['Decryptor']>;

  /** @param context stays the caller's */
  constructor(context: SealContext, seeds: SeedSource) {
    requireWordPrimes(context.parameters);
    this.#seeds = seeds;
    this.#context = context;
    const { handle, seal } = context;
    this.#generator = withRandomness(seeds, () => new seal.KeyGenerator(handle));
    this.#secretKey = this.#generator.secretKey();
    // SEAL's encryptor wants one; nothing is ever encrypted with it.
    using publicKey = this.#generator.createPublicKey();
    this.#encryptor = new seal.Encryptor(handle, publicKey, this.#secretKey);
    this.#decryptor = new seal.Decryptor(handle, this.#secretKey);
  }

  get parameters(): Parameters {
    return this.#context.parameters;
  }

  relinearizationKey(level: number): ResidueKey {
    using keys = withRandomness(this.#seeds, () => this.#generator.createRelinKeys());
    const digits = readKeysBlob(keys.saveToArray(this.#context.seal.ComprModeType.none) as Uint8Array).get(0);
    return cutKey({ digits: digits ?? [] }, level, this.parameters);
  }

  // One at a time: SEAL's blob of all of them at once would double the peak memory.
  rotationKey(step: number, level: number): ResidueKey {
    using keys = withRandomness(this.#seeds, () =>
      this.#generator.createGaloisKeysWithSteps(Int32Array.of(step)),
    );
    const byIndex = readKeysBlob(keys.saveToArray(this.#context.seal.ComprModeType.none) as Uint8Array);
    const digits = byIndex.get(galoisKeyIndex(step, this.parameters.polyModulusDegree));
    return cutKey({ digits: digits ?? [] }, level, this.parameters);
  }

  /** SEAL has no encryption in two steps. */
  prepare(): void {}

  /** SEAL's are its own. */
  reuse(): void {}

  encrypt(slots: Float64Array, scale: number, level: number): Encryption {
    using plaintext = new this.#context.seal.Plaintext();
    using handle = new this.#context.seal.Ciphertext();
    const start = performance.now();
    this.#context.encoder.encode(slots, scale, plaintext);
    const encoded = performance.now();
    withRandomness(this.#seeds, () => this.#encryptor.encryptSymmetric(plaintext, handle));
    // The bytes of an encryption at the lower level.
    const ciphertext = dropToLevel(this.#context.save(handle), level);
    const { polyModulusDegree } = this.parameters;
    const mask = ciphertext.words.subarray((level + 1) * polyModulusDegree, (level + 2) * polyModulusDegree);
    return {
      ciphertext,
      mask: mask.slice(),
      encodeMs: encoded - start,
      encryptMs: performance.now() - encoded,
    };
  }

  decrypt(ciphertext: ResidueCiphertext, isComplex = false): Float64Array {
    if (isComplex) {
      const message = 'Microsoft SEAL decodes no complex slots here: ask for a card for the backend seal.';
      throw new SealedError('invalid-argument', message, { stage: 'decrypt' });
    }
    using handle = this.#context.load(ciphertext);
    using plaintext = new this.#context.seal.Plaintext();
    this.#decryptor.decrypt(handle, plaintext);
    return this.#context.encoder.decodeFloat64(plaintext) as Float64Array;
  }

  [Symbol.dispose](): void {
    this.#decryptor.delete();
    this.#encryptor.delete();
    this.#secretKey.delete();
    this.#generator.delete();
  }
}
