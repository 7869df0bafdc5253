// Watches for secret keys in a realm of the page or of Node: reads each one when the client's kernel has made it.

/** A secret key as the kernel holds it. */
export interface SeenKey {
  /** Rows of N residues, each times 2^32, prime by prime. */
  readonly rows: readonly number[][];
  /** The same times 2^64. */
  readonly twice: readonly number[][];
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
          const rows = primes.map((_, i) => row(i));
          realm.seenKeys.push({ primes, rows, twice: primes.map((_, i) => row(primes.length + i)) });
        },
      },
    };
  };
  Object.defineProperty(WebAssembly, 'Instance', { value: watched, configurable: true, writable: true });
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
