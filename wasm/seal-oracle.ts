// For tests and benchmarks only: node-seal as the kernel's oracle, and random ciphertexts that both can hold.
import createSeal from 'node-seal';
import type {
  CKKSEncoder,
  Ciphertext,
  Evaluator,
  GaloisKeys,
  MainModule,
  ParmsIdType,
  Plaintext,
  RelinKeys,
  SEALContext,
} from 'node-seal/dist/seal_throws.d.ts';
import { readFile } from 'node:fs/promises';
import { createKernel } from './instance.ts';
import type { KernelInstance } from './instance.ts';
import { readSealCiphertext, readSealSwitchKeys, writeSealCiphertext } from './seal-format.ts';
import type { SealCiphertext } from './seal-format.ts';
import { galoisElementOf, loadCiphertext, loadSwitchKey, storeCiphertext } from './transfer.ts';
import type { SwitchKey, Ciphertext as KernelCiphertext } from './handles.ts';

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

let module: Promise<MainModule> | undefined;

/** The built kernel's bytes. */
export async function kernelCode(): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(new URL('./build/kernel.wasm', import.meta.url)));
}

/** node-seal and the kernel over the same parameters. */
export class SealOracle {
  readonly seal: MainModule;
  readonly context: SEALContext;
  readonly evaluator: Evaluator;
  readonly encoder: CKKSEncoder;
  readonly primes: readonly number[];
  readonly degree: number;
  readonly kernel: KernelInstance;
  readonly relinKeys: RelinKeys;
  readonly galoisKeys: GaloisKeys;
  readonly encryptZero: (parmsId?: ParmsIdType) => Ciphertext;
  readonly encrypt: (plaintext: Plaintext) => Ciphertext;
  readonly decrypt: (ciphertext: Ciphertext) => Float64Array;
  readonly #parmsIds: Uint8Array[] = [];

  constructor(seal: MainModule, kernelOf: (primes: number[]) => KernelInstance, degree: number, context: SEALContext, primes: number[], steps: readonly number[]) {
    this.seal = seal;
    this.context = context;
    this.degree = degree;
    this.primes = primes;
    this.kernel = kernelOf(primes);
    this.evaluator = new seal.Evaluator(context);
    this.encoder = new seal.CKKSEncoder(context);
    const generator = new seal.KeyGenerator(context);
    const encryptor = new seal.Encryptor(context, generator.createPublicKey());
    const decryptor = new seal.Decryptor(context, generator.secretKey());
    this.relinKeys = generator.createRelinKeys();
    this.galoisKeys = generator.createGaloisKeysWithSteps(Int32Array.from(steps));
    this.encrypt = (plaintext) => {
      const out = new seal.Ciphertext();
      encryptor.encrypt(plaintext, out);
      return out;
    };
    this.encryptZero = () => {
      const out = new seal.Ciphertext();
      encryptor.encryptZero(out);
      return out;
    };
    this.decrypt = (ciphertext) => {
      const plaintext = new seal.Plaintext();
      decryptor.decrypt(ciphertext, plaintext);
      const values = this.encoder.decodeFloat64(plaintext) as Float64Array;
      plaintext.delete();
      return Float64Array.from(values);
    };
    const probe = this.encryptZero();
    for (let count = primes.length - 1; count >= 1; count--) {
      this.#parmsIds[count] = readSealCiphertext(blobOf(seal, probe)).parmsId.slice();
      if (count > 1) this.evaluator.cipherModSwitchToNextInplace(probe);
    }
    probe.delete();
  }

  /** A ciphertext with uniformly random residues (a few of them 0, 1 and q - 1): `size` polynomials, `primes` primes. */
  randomCiphertext(random: () => number, size: number, primes: number, scale: number): Ciphertext {
    const residues = new BigUint64Array(size * primes * this.degree);
    for (let row = 0; row < size * primes; row++) {
      const prime = this.primes[row % primes] as number;
      const edges = [0, 1, prime - 1];
      for (let i = 0; i < this.degree; i++) {
        const edge = i % 64 < 3 ? (edges[i % 64] as number) : Math.floor(random() * prime);
        residues[row * this.degree + i] = BigInt(edge);
      }
    }
    return this.fromResidues(new Uint8Array(residues.buffer), size, primes, scale);
  }

  /** A SEAL ciphertext from residues. */
  fromResidues(residues: Uint8Array, size: number, primes: number, scale: number): Ciphertext {
    const blob = writeSealCiphertext({
      parmsId: this.#parmsIds[primes] as Uint8Array,
      isNttForm: true,
      size,
      polyModulusDegree: this.degree,
      primes,
      scale,
      residues,
    });
    const out = new this.seal.Ciphertext();
    out.loadFromArray(this.context, blob);
    return out;
  }

  fields(ciphertext: Ciphertext): SealCiphertext {
    return readSealCiphertext(blobOf(this.seal, ciphertext));
  }

  /** SEAL's ciphertext in the kernel. */
  load(ciphertext: Ciphertext): KernelCiphertext {
    const { residues, size, primes } = this.fields(ciphertext);
    return loadCiphertext(this.kernel, residues, { size, primes });
  }

  /** The kernel's ciphertext in SEAL. */
  unload(ciphertext: KernelCiphertext, scale: number): Ciphertext {
    return this.fromResidues(storeCiphertext(ciphertext), ciphertext.size, ciphertext.primes, scale);
  }

  relinKey(): SwitchKey {
    const { keys } = readSealSwitchKeys(blobOf(this.seal, this.relinKeys));
    return loadSwitchKey(this.kernel, (keys.get(0) as SealCiphertext[]).map((d) => d.residues), 0);
  }

  #galois: ReadonlyMap<number, readonly SealCiphertext[]> | undefined;

  galoisKey(steps: number): SwitchKey {
    this.#galois ??= readSealSwitchKeys(blobOf(this.seal, this.galoisKeys)).keys;
    const element = galoisElementOf(this.kernel, steps);
    const digits = this.#galois.get((element - 1) / 2);
    if (digits === undefined) throw new Error(`no key for ${steps}`);
    return loadSwitchKey(this.kernel, digits.map((d) => d.residues), element);
  }

  /** Lets go of the parsed Galois keys. */
  forgetKeyBytes(): void {
    this.#galois = undefined;
  }
}

/** Uncompressed bytes of a SEAL object. */
export function blobOf(seal: MainModule, object: { saveToArray(mode: MainModule['ComprModeType']['none']): unknown }): Uint8Array {
  return (object.saveToArray(seal.ComprModeType.none) as Uint8Array).slice();
}

/** An oracle for SEAL's primes of these bit counts (the last being the special one), with Galois keys for `steps`. */
export async function sealOracle(degree: number, bits: readonly number[], steps: readonly number[]): Promise<SealOracle> {
  module ??= createSeal() as unknown as Promise<MainModule>;
  const seal = await module;
  const parameters = new seal.EncryptionParameters(seal.SchemeType.ckks);
  parameters.setPolyModulusDegree(degree);
  const moduli = seal.CoeffModulus.Create(degree, Int32Array.from(bits));
  parameters.setCoeffModulus(moduli);
  const primes = Array.from({ length: moduli.size() }, (_, i) => Number(moduli.get(i)?.value()));
  const context = new seal.SEALContext(parameters, true, seal.SecLevelType.none);
  const kernel = await createKernel(await kernelCode(), { polyModulusDegree: degree, primes, maxMemoryBytes: 2 ** 31 });
  return new SealOracle(seal, () => kernel, degree, context, primes, steps);
}
