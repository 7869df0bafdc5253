// A SEAL context for checked parameters: the evaluation-only side that both roles share.
import { defined } from '../base/assert.ts';
import { SealedError } from '../base/errors.ts';
import type { Parameters } from '../params/parameters.ts';
import type { ResidueCiphertext } from '../params/residues.ts';
import { type ParmsId, readCiphertextBlob, writeCiphertextBlob } from './blob.ts';
import type { SealModule } from './load.ts';

type SealContextHandle = InstanceType<SealModule['SEALContext']>;
type Ciphertext = InstanceType<SealModule['Ciphertext']>;

/** `handle` after `fill`; deleted if that throws. */
export function filled<Handle extends { delete(): void }>(
  handle: Handle,
  fill: (handle: Handle) => void,
): Handle {
  try {
    fill(handle);
    return handle;
  } catch (error) {
    handle.delete();
    throw error;
  }
}

/** A context, its encoder, and SEAL's names for its levels. Dispose it when the session ends. */
export class SealContext implements Disposable {
  readonly seal: SealModule;
  readonly parameters: Parameters;
  readonly handle: SealContextHandle;
  readonly encoder: InstanceType<SealModule['CKKSEncoder']>;
  /** SEAL's parms id of the key level. */
  readonly keyParmsId: ParmsId;
  readonly #parmsIds: ParmsId[] = [];

  constructor(seal: SealModule, parameters: Parameters) {
    this.seal = seal;
    this.parameters = parameters;
    using literal = new seal.EncryptionParameters(seal.SchemeType.ckks);
    literal.setPolyModulusDegree(parameters.polyModulusDegree);
    using modulus = seal.CoeffModulus.Create(
      parameters.polyModulusDegree,
      Int32Array.from(parameters.coeffModulusBits),
    );
    literal.setCoeffModulus(modulus);
    this.handle = new seal.SEALContext(literal, true, seal.SecLevelType.tc128);
    if (!this.handle.parametersSet()) {
      this.handle.delete();
      throw new SealedError('insecure-parameters', 'SEAL refuses these parameters.');
    }
    this.encoder = new seal.CKKSEncoder(this.handle);
    using keyId = this.handle.keyParmsId();
    this.keyParmsId = keyId.values() as ParmsId;
    this.#readLevels();
  }

  #readLevels(): void {
    let data = this.handle.lastContextData();
    for (let level = 0; level <= this.parameters.maxLevel; level += 1) {
      using id = data.parmsId();
      this.#parmsIds.push(id.values() as ParmsId);
      const next = level < this.parameters.maxLevel ? data.prevContextData() : undefined;
      data.delete();
      if (next) data = next;
    }
  }

  /** SEAL's parms id of ciphertexts at `level`. */
  parmsId(level: number): ParmsId {
    return defined(this.#parmsIds[level], `level ${level} exists`);
  }

  /** Runs `use` with the handle SEAL wants where it asks for a level. */
  withParmsId<T>(level: number, use: (id: ReturnType<SealContextHandle['firstParmsId']>) => T): T {
    let data = this.handle.lastContextData();
    for (let l = 0; l < level; l += 1) {
      const next = data.prevContextData();
      data.delete();
      data = next;
    }
    using id = data.parmsId();
    data.delete();
    return use(id);
  }

  /** A new SEAL ciphertext with the residues of `ciphertext`, which the caller has checked. The caller disposes it. */
  load(ciphertext: ResidueCiphertext): Ciphertext {
    const { size, level, scale, words } = ciphertext;
    const { polyModulusDegree } = this.parameters;
    const blob = writeCiphertextBlob(this.parmsId(level), {
      size,
      primes: level + 1,
      polyModulusDegree,
      scale,
      words,
    });
    return filled(new this.seal.Ciphertext(), (handle) => handle.loadFromArray(this.handle, blob));
  }

  /** The residues of a SEAL ciphertext. */
  save(handle: Ciphertext): ResidueCiphertext {
    const bytes = handle.saveToArray(this.seal.ComprModeType.none) as Uint8Array;
    const { size, primes, scale, words } = readCiphertextBlob(bytes);
    return { size, level: primes - 1, scale, words };
  }

  [Symbol.dispose](): void {
    this.encoder.delete();
    this.handle.delete();
  }
}
