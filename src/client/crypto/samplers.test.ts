// The generator against another's BLAKE2b, the samplers against their definitions and distributions, and rejections.
import { BLAKE2b } from '@stablelib/blake2b';
import { beforeAll, describe, expect, it } from 'vitest';
import { clientKernelBytes, GivenSeeds } from '../../../fixtures/client-kernel.ts';
import { SealClient, sealContext } from '../../../fixtures/seal-client.ts';
import { SMALL } from '../../../fixtures/small-engine.ts';
import { compileKernel } from '../../../wasm/build.ts';
import { checkParameters } from '../../params/parameters.ts';
import { loadSeal } from '../../seal/load.ts';
import { ClientKernel } from './client-kernel.ts';
import { SecretKey } from './secret-key.ts';

const BUFFER = 4096;
const SEVEN = checkParameters({ polyModulusDegree: 8192, coeffModulusBits: Array<number>(7).fill(30) });

let kernel: ClientKernel;
beforeAll(async () => {
  kernel = new ClientKernel(await WebAssembly.compile(clientKernelBytes()), SMALL);
});

/** BLAKE2Xb of 4096 bytes (BLAKE2X, 2016, section 2) out of others' BLAKE2b with its tree parameters. */
function blake2xb(key: Uint8Array, message: Uint8Array): Uint8Array {
  const tree = { nodeOffsetHighBits: BUFFER, nodeDepth: 0, lastNode: false };
  const root = new BLAKE2b(64, {
    key,
    tree: { ...tree, fanout: 1, maxDepth: 1, leafSize: 0, nodeOffsetLowBits: 0, innerDigestLength: 0 },
  });
  const digest = root.update(message).digest();
  const out = new Uint8Array(BUFFER);
  for (let i = 0; i < 64; i += 1) {
    const node = {
      ...tree,
      fanout: 0,
      maxDepth: 0,
      leafSize: 64,
      nodeOffsetLowBits: i,
      innerDigestLength: 64,
    };
    out.set(new BLAKE2b(64, { tree: node }).update(digest).digest(), 64 * i);
  }
  return out;
}

/** Buffers of a seed's stream, by the kernel. */
function stream(seed: Uint8Array, first: number, count: number): Uint8Array {
  const [at, out] = [kernel.allocate(64), kernel.allocate(count * BUFFER)];
  kernel.bytes(at, 64).set(seed);
  kernel.raw.stream(at, first, count, out);
  const bytes = kernel.bytes(out, count * BUFFER).slice();
  kernel.raw.free(at);
  kernel.raw.free(out);
  return bytes;
}

describe('the generator', () => {
  it('is BLAKE2Xb of the buffer’s number, keyed with the seed', () => {
    const seeds = new GivenSeeds('generator');
    for (let run = 0; run < 20; run += 1) {
      const [seed, first] = [seeds.bytes(run), run * 7];
      const ours = stream(seed, first, 2);
      for (const [i, k] of [first, first + 1].entries()) {
        const message = new Uint8Array(8);
        new DataView(message.buffer).setUint32(0, k, true);
        expect(ours.subarray(i * BUFFER, (i + 1) * BUFFER)).toEqual(blake2xb(seed, message));
      }
    }
  });

  it('leaves no seed behind in its scratch', () => {
    const seed = new GivenSeeds('scratch').bytes(0);
    const at = kernel.allocate(64);
    kernel.bytes(at, 64).set(seed);
    const holds = (): boolean =>
      Buffer.from(kernel.raw.memory.buffer).includes(Buffer.from(seed.slice(0, 16)));
    expect(holds()).toBe(true);
    const out = kernel.allocate(BUFFER);
    kernel.raw.stream(at, 0, 1, out);
    kernel.release(at, 64);
    expect(holds()).toBe(false);
    kernel.raw.free(out);
  });
});

describe('the samplers', () => {
  const { polyModulusDegree: degree } = SMALL;
  const numbers = (fill: (out: number, scratch: number) => void): Int32Array => {
    const [out, scratch] = [kernel.allocate(4 * degree), kernel.allocate(8 * degree + BUFFER)];
    fill(out, scratch);
    const values = new Int32Array(kernel.raw.memory.buffer, out, degree).slice();
    kernel.raw.free(out);
    kernel.raw.free(scratch);
    return values;
  };
  const runs = 200;
  /** All numbers of many seeds. */
  const many = (draw: (seed: Uint8Array, out: number, scratch: number) => void): number[] => {
    const seeds = new GivenSeeds('distribution');
    return Array.from({ length: runs }, (_, run) => [
      ...numbers((out, scratch) => draw(seeds.bytes(run), out, scratch)),
    ]).flat();
  };
  /** Σ (seen − expected)² / expected over the values of a distribution. */
  const chiSquare = (values: readonly number[], expected: ReadonlyMap<number, number>): number => {
    const seen = new Map<number, number>();
    for (const value of values) seen.set(value, (seen.get(value) ?? 0) + 1);
    expect([...seen.keys()].every((value) => expected.has(value))).toBe(true);
    return [...expected].reduce((sum, [value, share]) => {
      const count = share * values.length;
      return sum + ((seen.get(value) ?? 0) - count) ** 2 / count;
    }, 0);
  };
  const withSeed = (seed: Uint8Array, run: (at: number) => void): void => {
    const at = kernel.allocate(64);
    kernel.bytes(at, 64).set(seed);
    run(at);
    kernel.raw.free(at);
  };

  it('draw −1, 0 and 1 alike', () => {
    const values = many((seed, out, scratch) => withSeed(seed, (at) => kernel.raw.ternary(at, out, scratch)));
    // Two degrees of freedom: 99.99% lie below 18.4.
    expect(chiSquare(values, new Map([-1, 0, 1].map((value) => [value, 1 / 3])))).toBeLessThan(18.4);
  });

  it('draw centred binomials of 21 and 21 bits', () => {
    const values = many((seed, out, scratch) => {
      kernel.bytes(scratch, 8 * degree).set(stream(seed, 0, (8 * degree) / BUFFER));
      kernel.raw.negatedNoise(scratch, out);
    });
    // C(42, 21 + e) / 2^42.
    const shares = new Map<number, number>();
    let ways = 1;
    for (let k = 0; k <= 42; k += 1) {
      shares.set(k - 21, ways / 2 ** 42);
      ways = (ways * (42 - k)) / (k + 1);
    }
    const variance = values.reduce((sum, e) => sum + e * e, 0) / values.length;
    expect(Math.abs(variance - 10.5)).toBeLessThan(0.07);
    const common = new Map([...shares].filter(([, share]) => share * values.length > 5));
    const rest = values.filter((e) => common.has(e));
    // 27 values or so: 99.99% lie below 65.
    expect(chiSquare(rest, common)).toBeLessThan(65);
  });

  it('draw residues alike', () => {
    const [prime] = SMALL.primes;
    const values = many((seed, out, scratch) =>
      withSeed(seed, (at) => {
        kernel.raw.expandRow(at, 0, out, scratch);
      }),
    );
    expect(Math.max(...values.slice(0, 50_000))).toBeLessThan(Number(prime));
    const cells = values.map((residue) => Math.floor((residue * 64) / Number(prime)));
    // 63 degrees of freedom: 99.99% lie below 113.
    expect(chiSquare(cells, new Map([...Array(64).keys()].map((cell) => [cell, 1 / 64])))).toBeLessThan(113);
  });

  it('would be found to be off: a die with one face a little heavier', () => {
    const values = Array.from({ length: 800_000 }, (_, i) => (i % 3) - 1);
    for (let i = 0; i < 3000; i += 1) values[3 * i] = 0;
    expect(chiSquare(values, new Map([-1, 0, 1].map((value) => [value, 1 / 3])))).toBeGreaterThan(18.4);
  });
});

describe('a rejected word', () => {
  // SEAL-BYTES, section 10: the only one of this seed over these rows.
  const seed = new Uint8Array(64);
  new DataView(seed.buffer).setBigUint64(0, 2712885n, true);
  const [ROW, PLACE] = [1, 5482];

  it('is replaced by SEAL, by other words at other levels', async () => {
    using context = await sealContext(SEVEN);
    using seal = new SealClient(await loadSeal(), context, new GivenSeeds('rejection'));
    const residues = [5, 2, 1].map((level) => seal.expand(seed, level)[ROW * 8192 + PLACE]);
    expect(residues).toEqual([132922140, 283381169, 754975934]);
  });

  it('is seen by ours, in its row and in no other', async () => {
    const styles = new ClientKernel(await WebAssembly.compile(clientKernelBytes()), SEVEN);
    const [at, out, words] = [64, 4 * 8192, 8 * 8192].map((bytes) => styles.allocate(bytes));
    styles.bytes(at, 64).set(seed);
    const rejected = SEVEN.primes.map((_, row) => styles.raw.expandRow(at, row, out, words));
    expect(rejected).toEqual([0, 1, 0, 0, 0, 0, 0]);
    styles.raw.expandRow(at, ROW, out, words);
    // The word as it is, modulo the prime.
    expect(styles.row(out, 0)[PLACE]).toBe(86654270);
  });

  it('makes the client draw another seed', async () => {
    // Words are taken for rejected a hundred thousand times as often: about one ciphertext in four.
    const code = await compileKernel('client', (file, text) =>
      file.includes('assembly/expand')
        ? text.replace('i32x4.eq(high, i32x4.splat(-1))', 'i32x4.gt_u(high, i32x4.splat(-100000))')
        : text,
    );
    const seeds = new GivenSeeds('again');
    using key = new SecretKey(new ClientKernel(await WebAssembly.compile(code), SMALL), seeds, 'full');
    using honest = new SecretKey(kernel, new GivenSeeds('again'), 'full');
    const values = Float64Array.of(1, -2, 3);
    const made = Array.from({ length: 40 }, () => key.encrypt(values, 2 ** 20, 1));
    expect(seeds.taken).toBeGreaterThan(45);
    expect(seeds.taken).toBeLessThan(100);
    for (const { words } of made) {
      const slots = honest.decrypt({ size: 2, level: 1, scale: 2 ** 20, words });
      expect(slots.subarray(0, 3).map(Math.round)).toEqual(values);
    }
    expect(new Set(made.map(({ words }) => words[words.length - 1])).size).toBe(40);
  });
});
