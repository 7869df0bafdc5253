// A secret key in the client's kernel: SEAL's bytes at a fraction of its time (docs/decisions/client-cryptography.md).
import { compileWasm, hasSimd } from '../base/load-file.ts';
import type { Parameters } from '../params/parameters.ts';
import type { ResidueCiphertext, ResidueKey } from '../params/residues.ts';
import type { WasmSource } from '../seal/load.ts';
import type { ClientKeys, Encryption } from './client-keys.ts';
import type { ClientKernel } from './crypto/client-kernel.ts';
import { type PreparedZero, SecretKey, type Seeded } from './crypto/secret-key.ts';
import type { SeedSource } from './crypto/seeds.ts';

let compiling: Promise<WebAssembly.Module> | undefined;

/**
 * The client's kernel, compiled once per thread; undefined where no file is given or this engine lacks WebAssembly SIMD:
 * SEAL takes over there.
 * @throws SealedError `load-failed`
 */
export function loadClientKernel(source: WasmSource): Promise<WebAssembly.Module | undefined> {
  if (source === undefined || !hasSimd()) return Promise.resolve(undefined);
  compiling ??= compileWasm(source, 'The client kernel').catch((error: unknown) => {
    compiling = undefined;
    throw error;
  });
  return compiling;
}

/** {@link ClientKeys} in the client's kernel. */
export class FastKeys implements ClientKeys {
  readonly #key: SecretKey;
  readonly #zeros: PreparedZero[] = [];

  constructor(kernel: ClientKernel, seeds: SeedSource) {
    this.#key = new SecretKey(kernel, seeds, 'seeded');
  }

  get parameters(): Parameters {
    return this.#key.kernel.parameters;
  }

  relinearizationKey(level: number): ResidueKey {
    return this.#keyOf(this.#key.relinearizationKey(level), level);
  }

  rotationKey(step: number, level: number): ResidueKey {
    return this.#keyOf(this.#key.rotationKey(step, level), level);
  }

  /** Digits with the seeds of what is left out. */
  #keyOf(digits: readonly Seeded[], level: number): ResidueKey {
    return {
      digits: digits.map(({ words }) => words),
      seeds: digits.map(({ seed }) => seed.bytes),
      ...(level < this.parameters.maxLevel && { level }),
    };
  }

  prepare(level: number, count: number): void {
    const lacking = count - this.#zeros.filter((zero) => zero.level === level).length;
    for (let i = 0; i < lacking; i += 1) this.#zeros.push(this.#key.prepareZero(level));
  }

  encrypt(slots: Float64Array, scale: number, level: number): Encryption {
    const start = performance.now();
    const at = this.#zeros.findIndex((zero) => zero.level === level);
    const { words, seed, mask } =
      at < 0
        ? this.#key.encrypt(slots, scale, level)
        : this.#key.encryptWith(this.#zeros.splice(at, 1)[0], slots, scale);
    const ciphertext = { level, scale, words, seed: seed.bytes };
    return { ciphertext, mask, encodeMs: 0, encryptMs: performance.now() - start };
  }

  reuse(words: readonly Uint32Array[]): void {
    for (const one of words) this.#key.kernel.reuse(one);
  }

  decrypt(ciphertext: ResidueCiphertext, isComplex = false): Float64Array {
    return this.#key.decrypt(ciphertext, isComplex);
  }

  [Symbol.dispose](): void {
    this.#zeros.length = 0;
    this.#key[Symbol.dispose]();
  }
}
