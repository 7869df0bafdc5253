// For tests and benchmarks only: node-seal as the kernel's oracle, and random ciphertexts that both can hold.
import { readFile } from 'node:fs/promises';
import {
  type ParmsId,
  readCiphertextBlob,
  readKeysBlob,
  writeCiphertextBlob,
  writePlaintextBlob,
} from '../src/seal/blob.ts';
import { type SealModule, loadSeal } from '../src/seal/load.ts';
import type { Ciphertext, SwitchKey } from './handles.ts';
import { type KernelInstance, createKernel } from './instance.ts';
import { galoisElementOf, loadCiphertext, loadSwitchKey, storeCiphertext } from './transfer.ts';

export type SealCiphertext = InstanceType<SealModule['Ciphertext']>;
export type SealPlaintext = InstanceType<SealModule['Plaintext']>;

/** A small, fast, seeded generator (mulberry32): numbers in [0, 1). Never for keys. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The built kernel's bytes. */
export async function kernelCode(): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL('./build/kernel.wasm', import.meta.url)));
}

/** SEAL's NTT primes of these bit counts, in its order. */
export async function sealPrimes(degree: number, bits: readonly number[]): Promise<number[]> {
  const seal = await loadSeal();
  const moduli = seal.CoeffModulus.Create(degree, Int32Array.from(bits));
  const primes = Array.from({ length: moduli.size() }, (_, i) => Number(moduli.get(i)!.value()));
  moduli.delete();
  return primes;
}

/** Uniform residues for `rows` rows over `primes`, with 0, 1 and q - 1 among them. */
export function randomWords(
  random: () => number,
  rows: number,
  primes: readonly number[],
  degree: number,
): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(rows * degree);
  for (let i = 0; i < words.length; i += 1) {
    const prime = primes[Math.floor(i / degree) % primes.length];
    const edges = [0, 1, prime - 1];
    words[i] = edges[i % 61] ?? Math.floor(random() * prime);
  }
  return words;
}

/** node-seal and the kernel over the same parameters and keys. Lives as long as its process. */
export class SealOracle {
  readonly seal: SealModule;
  readonly degree: number;
  readonly primes: readonly number[];
  readonly kernel: KernelInstance;
  readonly evaluator: InstanceType<SealModule['Evaluator']>;
  readonly encoder: InstanceType<SealModule['CKKSEncoder']>;
  readonly relinKeys: InstanceType<SealModule['RelinKeys']>;
  readonly galoisKeys: InstanceType<SealModule['GaloisKeys']>;
  readonly #context: InstanceType<SealModule['SEALContext']>;
  readonly #encryptor: InstanceType<SealModule['Encryptor']>;
  readonly #decryptor: InstanceType<SealModule['Decryptor']>;
  /** By number of primes. */
  readonly #parmsIds: ParmsId[] = [];

  /** Use {@link sealOracle}. */
  constructor(seal: SealModule, kernel: KernelInstance, bits: readonly number[], steps: readonly number[]) {
    this.seal = seal;
    this.kernel = kernel;
    this.degree = kernel.polyModulusDegree;
    this.primes = kernel.primes;
    const parameters = new seal.EncryptionParameters(seal.SchemeType.ckks);
    parameters.setPolyModulusDegree(this.degree);
    parameters.setCoeffModulus(seal.CoeffModulus.Create(this.degree, Int32Array.from(bits)));
    this.#context = new seal.SEALContext(parameters, true, seal.SecLevelType.none);
    this.evaluator = new seal.Evaluator(this.#context);
    this.encoder = new seal.CKKSEncoder(this.#context);
    const generator = new seal.KeyGenerator(this.#context);
    this.#encryptor = new seal.Encryptor(this.#context, generator.createPublicKey());
    this.#decryptor = new seal.Decryptor(this.#context, generator.secretKey());
    this.relinKeys = generator.createRelinKeys();
    this.galoisKeys = generator.createGaloisKeysWithSteps(Int32Array.from(steps));
    const probe = new seal.Ciphertext();
    this.#encryptor.encryptZero(probe);
    for (let count = kernel.dataPrimes; count >= 1; count -= 1) {
      this.#parmsIds[count] = BigUint64Array.from(probe.parmsId().values() as BigUint64Array);
      if (count > 1) this.evaluator.cipherModSwitchToNextInplace(probe);
    }
    probe.delete();
  }

  /** A ciphertext of uniform residues, 0, 1 and q - 1 among them. */
  random(random: () => number, size: number, primes: number, scale = 1024): SealCiphertext {
    const words = randomWords(random, size * primes, this.primes.slice(0, primes), this.degree);
    return this.#fromWords(words, size, primes, scale);
  }

  #fromWords(words: Uint32Array, size: number, primes: number, scale: number): SealCiphertext {
    const out = new this.seal.Ciphertext();
    const fields = { size, primes, polyModulusDegree: this.degree, scale, words };
    out.loadFromArray(this.#context, writeCiphertextBlob(this.#parmsIds[primes], fields));
    return out;
  }

  /** Residues of a SEAL ciphertext. */
  words(ciphertext: SealCiphertext): Uint32Array {
    return readCiphertextBlob(this.#blob(ciphertext)).words;
  }

  #blob(object: { saveToArray(mode: SealModule['ComprModeType']['none']): unknown }): Uint8Array {
    return (object.saveToArray(this.seal.ComprModeType.none) as Uint8Array).slice();
  }

  /** SEAL's ciphertext in the kernel. */
  load(ciphertext: SealCiphertext): Ciphertext {
    const { words, size, primes } = readCiphertextBlob(this.#blob(ciphertext));
    return loadCiphertext(this.kernel, words, { size, primes });
  }

  /** The kernel's ciphertext in SEAL. */
  unload(ciphertext: Ciphertext, scale: number): SealCiphertext {
    return this.#fromWords(storeCiphertext(ciphertext), ciphertext.size, ciphertext.primes, scale);
  }

  /** A SEAL plaintext of these residues. */
  plaintext(words: Uint32Array, primes: number, scale = 1024): SealPlaintext {
    const out = new this.seal.Plaintext();
    out.loadFromArray(this.#context, writePlaintextBlob(this.#parmsIds[primes], scale, words));
    return out;
  }

  encode(values: Float64Array, scale: number): SealPlaintext {
    const out = new this.seal.Plaintext();
    this.encoder.encode(values, scale, out);
    return out;
  }

  decode(plaintext: SealPlaintext): Float64Array {
    return Float64Array.from(this.encoder.decodeFloat64(plaintext) as Float64Array);
  }

  encrypt(values: Float64Array, scale: number): SealCiphertext {
    const plaintext = this.encode(values, scale);
    const out = new this.seal.Ciphertext();
    this.#encryptor.encrypt(plaintext, out);
    plaintext.delete();
    return out;
  }

  decrypt(ciphertext: SealCiphertext): Float64Array {
    const plaintext = new this.seal.Plaintext();
    this.#decryptor.decrypt(ciphertext, plaintext);
    const values = this.decode(plaintext);
    plaintext.delete();
    return values;
  }

  /** The relinearisation key in the kernel. */
  relinKey(): SwitchKey {
    return loadSwitchKey(this.kernel, readKeysBlob(this.#blob(this.relinKeys)).get(0)!, 0);
  }

  /** The Galois keys of all steps in the kernel. */
  switchKeys(steps: readonly number[]): Map<number, SwitchKey> {
    const digits = readKeysBlob(this.#blob(this.galoisKeys));
    return new Map(
      steps.map((step) => {
        const element = galoisElementOf(this.kernel, step);
        return [step, loadSwitchKey(this.kernel, digits.get((element - 1) / 2)!, element)];
      }),
    );
  }
}

/** An oracle for SEAL's primes of these bit counts (the last being the special one), with Galois keys for `steps`. */
export async function sealOracle(
  degree: number,
  bits: readonly number[],
  steps: readonly number[],
): Promise<SealOracle> {
  const primes = await sealPrimes(degree, bits);
  const kernel = await createKernel(await kernelCode(), {
    polyModulusDegree: degree,
    primes,
    maxMemoryBytes: 2 ** 31,
  });
  return new SealOracle(await loadSeal(), kernel, bits, steps);
}
