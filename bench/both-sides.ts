// node-seal and the kernel over the same parameters, keys and ciphertexts: what the benchmarks compare.
import { TestKeys } from '../fixtures/seal-keys.ts';
import { seededRandom } from '../fixtures/styled-codes.ts';
import { checkParameters, type Parameters } from '../src/params/parameters.ts';
import type { ResidueCiphertext } from '../src/params/residues.ts';
import { galoisKeyIndex, writeKeysBlob } from '../src/seal/blob.ts';
import type { SealModule } from '../src/seal/load.ts';
import {
  type Ciphertext,
  createKernel,
  Encoder,
  galoisElementOf,
  type KernelInstance,
  loadCiphertext,
  loadSwitchKey,
  type SwitchKey,
} from '../src/kernel/kernel.ts';

/** A ciphertext of SEAL's. */
export type SealCiphertext = InstanceType<SealModule['Ciphertext']>;

/** N = 8192 with five data primes: those of the design's table of times. */
export const PARAMETERS = checkParameters({
  polyModulusDegree: 8192,
  coeffModulusBits: [30, 28, 28, 28, 28, 30],
});

/** Both sides with the same keys. Dispose it. */
export class BothSides implements Disposable {
  readonly seal: SealModule;
  readonly parameters: Parameters;
  readonly keys: TestKeys;
  readonly evaluator: InstanceType<SealModule['Evaluator']>;
  readonly relinKeys: InstanceType<SealModule['RelinKeys']>;
  readonly galoisKeys: InstanceType<SealModule['GaloisKeys']>;
  readonly kernel: KernelInstance;
  readonly encoder: Encoder;
  readonly relinKey: SwitchKey;
  /** By left rotation in slots. */
  readonly rotationKeys: ReadonlyMap<number, SwitchKey>;
  readonly #random = seededRandom(1);

  private constructor(seal: SealModule, kernel: KernelInstance, steps: readonly number[]) {
    this.seal = seal;
    this.parameters = PARAMETERS;
    this.kernel = kernel;
    this.encoder = new Encoder(kernel);
    this.keys = new TestKeys(seal, PARAMETERS);
    const { handle, keyParmsId } = this.keys.context;
    this.evaluator = new seal.Evaluator(handle);
    const { relinearization, rotations } = this.keys.evaluationKeys(steps);
    const { primes, polyModulusDegree: degree } = PARAMETERS;
    const byIndex = new Map([...rotations].map(([step, key]) => [galoisKeyIndex(step, degree), key.digits]));
    this.relinKeys = new seal.RelinKeys();
    this.relinKeys.loadFromArray(
      handle,
      writeKeysBlob(keyParmsId, new Map([[0, relinearization!.digits]]), primes.length, degree),
    );
    this.galoisKeys = new seal.GaloisKeys();
    this.galoisKeys.loadFromArray(handle, writeKeysBlob(keyParmsId, byIndex, primes.length, degree));
    this.relinKey = loadSwitchKey(kernel, relinearization!.digits, 0);
    this.rotationKeys = new Map(
      [...rotations].map(([step, key]) => [
        step,
        loadSwitchKey(kernel, key.digits, galoisElementOf(kernel, step)),
      ]),
    );
  }

  /** Both sides with Galois keys for `steps`; `code` is the kernel's. */
  static async create(
    seal: SealModule,
    code: WebAssembly.Module,
    steps: readonly number[],
  ): Promise<BothSides> {
    const { polyModulusDegree, primes } = PARAMETERS;
    const kernel = await createKernel(code, { polyModulusDegree, primes: primes.map(Number) });
    return new BothSides(seal, kernel, steps);
  }

  /** Random slots between -0.5 and 0.5. */
  slots(): Float64Array {
    return Float64Array.from({ length: this.parameters.slots }, () => this.#random() - 0.5);
  }

  /** A fresh ciphertext on both sides; the caller frees both. */
  encrypt(scale: number): { seal: SealCiphertext; simd: Ciphertext; residues: ResidueCiphertext } {
    const residues = this.keys.encrypt(this.slots(), scale);
    const { size, level, words } = residues;
    return {
      seal: this.keys.context.load(residues),
      simd: loadCiphertext(this.kernel, words, { size, primes: level + 1 }),
      residues,
    };
  }

  [Symbol.dispose](): void {
    for (const key of this.rotationKeys.values()) key[Symbol.dispose]();
    this.relinKey[Symbol.dispose]();
    this.encoder[Symbol.dispose]();
    this.galoisKeys.delete();
    this.relinKeys.delete();
    this.evaluator.delete();
    this.keys[Symbol.dispose]();
  }
}
