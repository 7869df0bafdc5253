// The client role: makes the keys, encrypts, decrypts. The only code that touches a secret key.
import { SealedError } from '../base/errors.ts';
import { checkParameters, type Parameters, sameParameters } from '../params/parameters.ts';
import {
  dropToLevel,
  requireWordPrimes,
  type ResidueCiphertext,
  type ResidueKey,
} from '../params/residues.ts';
import { pictureOf } from '../plan/finish.ts';
import { packInput } from '../plan/layout.ts';
import { type NetworkCard, packGather } from '../plan/slot-layout.ts';
import type { AnyCard, ClientRole, EncryptedInput } from '../protocol/contracts.ts';
import { encodeFrame } from '../protocol/frame.ts';
import { galoisKeyIndex, readKeysBlob } from '../seal/blob.ts';
import { SealContext } from '../seal/context.ts';
import { loadSeal, type SealModule, type WasmSource } from '../seal/load.ts';
import { computeLayers, HeldValues } from './held-values.ts';
import { OutputCollector } from './output.ts';

/** One set of parameters and its secret key. */
class KeyRing implements Disposable {
  readonly context: SealContext;
  readonly #generator: InstanceType<SealModule['KeyGenerator']>;
  readonly #secretKey: InstanceType<SealModule['SecretKey']>;
  readonly #encryptor: InstanceType<SealModule['Encryptor']>;
  readonly #decryptor: InstanceType<SealModule['Decryptor']>;
  #hasRelinearization = false;
  readonly #steps = new Set<number>();

  constructor(seal: SealModule, parameters: Parameters) {
    requireWordPrimes(parameters);
    this.context = new SealContext(seal, parameters);
    this.#generator = new seal.KeyGenerator(this.context.handle);
    this.#secretKey = this.#generator.secretKey();
    using publicKey = this.#generator.createPublicKey();
    this.#encryptor = new seal.Encryptor(this.context.handle, publicKey, this.#secretKey);
    this.#decryptor = new seal.Decryptor(this.context.handle, this.#secretKey);
  }

  /** A frame with the keys `card` needs and this ring has not made yet; undefined when there are none. */
  missingKeys(card: AnyCard): Uint8Array<ArrayBuffer> | undefined {
    const steps = card.rotationSteps.filter((step) => !this.#steps.has(step));
    const wantsRelinearization = card.relinearize && !this.#hasRelinearization;
    if (steps.length === 0 && !wantsRelinearization) return undefined;
    const relinearization = wantsRelinearization ? this.#relinearizationKey() : undefined;
    const rotations = this.#rotationKeys(steps);
    this.#hasRelinearization ||= wantsRelinearization;
    for (const step of steps) this.#steps.add(step);
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

  #rotationKeys(steps: readonly number[]): Map<number, ResidueKey> {
    const rotations = new Map<number, ResidueKey>();
    // One at a time: SEAL's blob of all of them at once would double the peak memory.
    for (const step of steps) {
      using keys = this.#generator.createGaloisKeysWithSteps(Int32Array.of(step));
      const byIndex = readKeysBlob(keys.saveToArray(this.context.seal.ComprModeType.none) as Uint8Array);
      const digits = byIndex.get(galoisKeyIndex(step, this.context.parameters.polyModulusDegree));
      rotations.set(step, { digits: digits ?? [] });
    }
    return rotations;
  }

  encrypt(
    slots: Float64Array,
    scale: number,
  ): { ciphertext: ResidueCiphertext; encodeMs: number; encryptMs: number } {
    using plaintext = new this.context.seal.Plaintext();
    using handle = new this.context.seal.Ciphertext();
    const start = performance.now();
    this.context.encoder.encode(slots, scale, plaintext);
    const encoded = performance.now();
    this.#encryptor.encryptSymmetric(plaintext, handle);
    const ciphertext = this.context.save(handle);
    return { ciphertext, encodeMs: encoded - start, encryptMs: performance.now() - encoded };
  }

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
    this.context[Symbol.dispose]();
  }
}

/**
 * A client role as a frozen object of closures without a prototype: Comlink serves every property path of what it
 * exposes, so nothing that leads to a key may hang on it. Keys live until `close`.
 */
export function createClientRole(wasm?: WasmSource): ClientRole {
  let ring: KeyRing | undefined;
  const held = new HeldValues();

  const ringOf = (card: AnyCard): KeyRing | undefined =>
    ring && sameParameters(ring.context.parameters, card.parameters) ? ring : undefined;

  const ringFor = async (card: AnyCard): Promise<KeyRing> => {
    const parameters = checkParameters(card.parameters);
    const seal = await loadSeal(wasm);
    // Asked only now: another call may have made the ring while SEAL was loading.
    const ready = ringOf(card);
    if (ready) return ready;
    ring?.[Symbol.dispose]();
    ring = undefined;
    ring = new KeyRing(seal, parameters);
    return ring;
  };

  const openRing = (card: AnyCard): KeyRing => {
    const ready = ringOf(card);
    if (ready) return ready;
    throw new SealedError('wrong-state', 'Keys for this model have not been made: prepare it first.', {
      stage: 'encrypt',
    });
  };

  const encryptValues = (card: AnyCard, values: Float32Array): EncryptedInput => {
    const keys = openRing(card);
    let encodeMs = 0;
    let encryptMs = 0;
    const { layout, scale, level } = card.input;
    const vectors = layout.kind === 'gather' ? packGather(layout, values) : packInput(layout, values);
    const frames = vectors.map((slots, index) => {
      const { ciphertext: fresh, ...times } = keys.encrypt(slots, scale);
      const ciphertext = dropToLevel(fresh, level);
      encodeMs += times.encodeMs;
      encryptMs += times.encryptMs;
      return encodeFrame({ kind: 'ciphertexts', items: [{ index, ciphertext }] }, keys.context.parameters);
    });
    return { frames, encodeMs, encryptMs };
  };

  const openTensor = (card: NetworkCard, frames: readonly Uint8Array[], inputs: number): Float32Array => {
    const keys = openRing(card);
    const collector = new OutputCollector(card.output, keys.context.parameters, inputs);
    for (const frame of frames) collector.add(frame, (ciphertext) => keys.decrypt(ciphertext));
    return collector.values();
  };

  const role: ClientRole = {
    async warm() {
      await loadSeal(wasm);
    },

    async prepare(card) {
      const start = performance.now();
      const keys = (await ringFor(card)).missingKeys(card);
      return { keys, keygenMs: performance.now() - start };
    },

    encrypt(card, values) {
      return Promise.resolve().then(() => encryptValues(card, values));
    },

    decryptPicture(card, frames, reference) {
      return Promise.resolve().then(() => {
        const keys = openRing(card);
        const start = performance.now();
        const collector = new OutputCollector(card.output, keys.context.parameters);
        for (const frame of frames) collector.add(frame, (ciphertext) => keys.decrypt(ciphertext));
        const picture = pictureOf(card, collector.values(), reference);
        return { ...picture, decryptMs: performance.now() - start };
      });
    },

    decryptTensor(card, frames, inputs, layers) {
      return Promise.resolve().then(() => {
        const start = performance.now();
        const values = computeLayers(layers, openTensor(card, frames, inputs));
        return { values, decryptMs: performance.now() - start };
      });
    },

    hold(card, frames, { runId, first, inputs }, layers) {
      return Promise.resolve().then(() => {
        const start = performance.now();
        held.put(runId, first, computeLayers(layers, openTensor(card, frames, inputs)), inputs);
        return { decryptMs: performance.now() - start };
      });
    },

    encryptHeld(card, { runId, first, inputs }) {
      return Promise.resolve().then(() => encryptValues(card, held.take(runId, first, inputs)));
    },

    close() {
      ring?.[Symbol.dispose]();
      ring = undefined;
      held.clear();
      return Promise.resolve();
    },
  };
  return Object.freeze(Object.assign(Object.create(null) as object, role));
}
