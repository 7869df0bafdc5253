// Watches for secret keys in the workers of a page: reads each one when the client's kernel has made it.

import type { Page } from '@playwright/test';

/** A secret key as the kernel holds it. */
export interface SeenKey {
  /** Rows of N residues, each times 2^32, prime by prime. */
  readonly rows: readonly number[][];
  readonly primes: readonly number[];
}

/**
 * Notes the secret keys that instances of the client's kernel make from now on, as `seenKeys` of this realm. The build
 * under test need not help. Self-contained, since it travels as text.
 */
export function watchSecretKeys(): void {
  const realm = globalThis as unknown as { seenKeys: SeenKey[] };
  realm.seenKeys = [];
  const Plain = WebAssembly.Instance;
  type Raw = Readonly<Record<string, (...args: number[]) => number>> & {
    readonly memory: WebAssembly.Memory;
    readonly rowBytes: WebAssembly.Global<'i32'>;
  };
  const watched = function (module: WebAssembly.Module, imports?: WebAssembly.Imports): object {
    const instance = new Plain(module, imports);
    const raw = instance.exports as unknown as Raw;
    if (!('makeSecret' in raw)) return instance;
    let [degree, primes] = [0, [] as number[]];
    return {
      exports: {
        ...raw,
        setup(log: number, count: number, list: number) {
          degree = 2 ** log;
          primes = [...new Uint32Array(raw.memory.buffer, list, count)];
          return raw.setup(log, count, list);
        },
        makeSecret(seed: number, secret: number, scratch: number) {
          raw.makeSecret(seed, secret, scratch);
          const row = (i: number): number[] => [
            ...new Uint32Array(raw.memory.buffer, secret + i * raw.rowBytes.value, degree),
          ];
          realm.seenKeys.push({ primes, rows: primes.map((_, i) => row(i)) });
        },
      },
    };
  };
  Object.defineProperty(WebAssembly, 'Instance', { value: watched, configurable: true, writable: true });
}

/** Has each worker that `page` starts from memory, from the next load on, run {@link watchSecretKeys} before its own script. */
export async function watchWorkers(page: Page): Promise<void> {
  await page.addInitScript((first: string) => {
    const Plain = globalThis.Blob;
    globalThis.Blob = class extends Plain {
      constructor(parts: BlobPart[] = [], options?: BlobPropertyBag) {
        super(options?.type === 'text/javascript' ? [first, ...parts] : parts, options);
      }
    };
  }, `(${watchSecretKeys.toString()})();\n`);
}

/** The key's residues as SEAL has them: one polynomial in NTT form, prime by prime. */
export function residuesOf({ rows, primes }: SeenKey): Uint32Array {
  const plain = rows.flatMap((row, i) => {
    const prime = BigInt(primes[i]);
    // 2^−32, by halving.
    let inverse = 1n;
    while ((inverse * 2n ** 32n) % prime !== 1n) inverse = (inverse * ((prime + 1n) / 2n)) % prime;
    return row.map((word) => Number((BigInt(word) * inverse) % prime));
  });
  return Uint32Array.from(plain);
}
