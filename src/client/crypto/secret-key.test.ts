// Seeds are used once, zeros too; what is disposed is wiped; the encoder's floats are SEAL's at every scale.
import { beforeAll, describe, expect, it } from 'vitest';
import { clientKernelBytes, GivenSeeds } from '../../../fixtures/client-kernel.ts';
import { SealClient, sealContext } from '../../../fixtures/seal-client.ts';
import { seeded } from '../../../fixtures/seal-oracle.ts';
import { SMALL } from '../../../fixtures/small-engine.ts';
import { checkParameters } from '../../params/parameters.ts';
import { loadSeal } from '../../seal/load.ts';
import { ClientKernel, clientKernelTakes } from './client-kernel.ts';
import { SecretKey } from './secret-key.ts';
import { MasterSeed, SystemSeed } from './seeds.ts';

let module: WebAssembly.Module;
let kernel: ClientKernel;
beforeAll(async () => {
  module = await WebAssembly.compile(clientKernelBytes());
  kernel = new ClientKernel(module, SMALL);
});

describe('seeds', () => {
  const drawn = (source: { next(): SystemSeed }, count: number): string[] =>
    Array.from({ length: count }, () => {
      const bytes = new Uint8Array(64);
      source.next().spend(bytes);
      return Buffer.from(bytes).toString('hex');
    });

  it('are spent once', () => {
    const bytes = new GivenSeeds('once').bytes(0);
    const seed = new SystemSeed(bytes);
    const target = new Uint8Array(64);
    seed.spend(target);
    expect(target).toEqual(new GivenSeeds('once').bytes(0));
    expect(bytes).toEqual(new Uint8Array(64));
    expect(() => seed.spend(target)).toThrow(/has been used/);
    expect(JSON.stringify(new SystemSeed(new Uint8Array(64)))).toBe('{}');
  });

  it('follow from the master seed, and are gone with it', () => {
    const master = new GivenSeeds('master').bytes(0);
    const first = drawn(new MasterSeed(master.slice()), 100);
    expect(drawn(new MasterSeed(master.slice()), 100)).toEqual(first);
    expect(new Set(first).size).toBe(100);
    const held = master.slice();
    const wiped = new MasterSeed(held);
    wiped[Symbol.dispose]();
    expect(held).toEqual(new Uint8Array(64));
    expect(() => wiped.next()).toThrow(/wiped/);
    expect(() => new MasterSeed(new Uint8Array(32))).toThrow(TypeError);
    expect(() => new SystemSeed(new Uint8Array(63))).toThrow(TypeError);
  });
});

describe('a secret key', () => {
  const values = Float64Array.from({ length: SMALL.slots }, (_, i) => Math.sin(i));
  const opened = (key: SecretKey, words: Uint32Array, level: number): number => {
    const slots = key.decrypt({ size: 2, level, scale: 2 ** 24, words });
    return Math.max(...slots.map((value, i) => Math.abs(value - values[i])));
  };

  it('opens what it encrypts, at every level, and what another encrypts is noise', () => {
    using key = new SecretKey(kernel, new GivenSeeds('a'), 'full');
    using other = new SecretKey(kernel, new GivenSeeds('b'), 'full');
    for (const level of [0, 1, 2]) {
      const { words } = key.encrypt(values, 2 ** 24, level);
      expect(opened(key, words, level)).toBeLessThan(1e-3);
      expect(opened(other, words, level)).toBeGreaterThan(1e-2);
    }
  });

  it('opens products of three polynomials', () => {
    using key = new SecretKey(kernel, new GivenSeeds('three'), 'full');
    const { words } = key.encrypt(values, 2 ** 24, 1);
    const three = new Uint32Array(words.length * 1.5);
    three.set(words);
    expect(key.decrypt({ size: 3, level: 1, scale: 2 ** 24, words: three })).toEqual(
      key.decrypt({ size: 2, level: 1, scale: 2 ** 24, words }),
    );
  });

  it('uses an encryption of zero once, and its own alone', () => {
    using key = new SecretKey(kernel, new GivenSeeds('zero'), 'full');
    using other = new SecretKey(kernel, new GivenSeeds('other'), 'full');
    const zero = key.prepareZero(1);
    expect(() => other.encryptWith(zero, values, 2 ** 24)).toThrow(/another key/);
    // A refused value leaves it whole.
    expect(() => key.encryptWith(zero, Float64Array.of(Infinity), 2 ** 24)).toThrow(/not finite/);
    expect(opened(key, key.encryptWith(zero, values, 2 ** 24).words, 1)).toBeLessThan(1e-3);
    expect(() => key.encryptWith(zero, values, 2 ** 24)).toThrow(/has been used/);
  });

  it.each([
    ['NaN', Float64Array.of(NaN), 1024],
    ['an infinite value', Float64Array.of(1, -Infinity), 1024],
    ['one too large for the level', Float64Array.of(2 ** 60), 2 ** 20],
    ['a scale that is none', Float64Array.of(1), NaN],
  ])('refuses %s', (_, slots, scale) => {
    using key = new SecretKey(kernel, new GivenSeeds('refused'), 'full');
    expect(() => key.encrypt(slots, scale, 1)).toThrow(expect.objectContaining({ code: 'out-of-range' }));
  });

  it('is wiped when it is disposed, with its plaintexts and its zeros', () => {
    const own = new ClientKernel(module, SMALL);
    const before = own.raw.liveBlocks();
    const key = new SecretKey(own, new GivenSeeds('wiped'), 'full');
    key.prepareZero(2);
    key.encrypt(values, 2 ** 24, 2);
    expect(own.raw.liveBlocks()).toBeGreaterThan(before);
    // Pieces of the key's rows, as they lie in the first block that it took.
    const memory = (): Buffer => Buffer.from(own.raw.memory.buffer);
    const seedless = new ClientKernel(module, SMALL);
    const rows = seedless.allocate(seedless.raw.secretBytes());
    const [scratch, seed] = [seedless.allocate(seedless.raw.scratchBytes()), seedless.allocate(64)];
    seedless.bytes(seed, 64).set(new GivenSeeds('wiped').bytes(0));
    seedless.raw.makeSecret(seed, rows, scratch);
    const pieces = [...SMALL.primes, ...SMALL.primes].map((_, row) =>
      Buffer.from(seedless.row(rows, row).slice(8, 24).buffer),
    );
    expect(pieces.map((piece) => memory().includes(piece))).toEqual(pieces.map(() => true));
    key[Symbol.dispose]();
    expect(pieces.map((piece) => memory().includes(piece))).toEqual(pieces.map(() => false));
    expect(own.raw.liveBlocks()).toBe(before);
    key[Symbol.dispose]();
  });

  it('is for primes below 2^30', () => {
    const wide = checkParameters({ polyModulusDegree: 8192, coeffModulusBits: [40, 40] });
    expect(clientKernelTakes(wide)).toBe(false);
    expect(clientKernelTakes(SMALL)).toBe(true);
    expect(() => new ClientKernel(module, wide)).toThrow(/below 2\^30/);
  });
});

describe('encoding and decoding', () => {
  const parameters = checkParameters({
    polyModulusDegree: 8192,
    coeffModulusBits: [30, 30, 28, 28, 28, 28, 30],
  });

  it('give SEAL’s bits at scales from 2^10 to 2^100', async () => {
    using context = await sealContext(parameters);
    const [mine, its] = [new GivenSeeds('scales'), new GivenSeeds('scales')];
    using seal = new SealClient(await loadSeal(), context, its);
    using key = new SecretKey(new ClientKernel(module, parameters), mine, 'full');
    const random = seeded(5);
    for (let bits = 10; bits <= 100; bits += 6) {
      // A scale that is no power of two, so that products round.
      const scale = 2 ** bits * (1 + random() / 2);
      const values = Float64Array.from(
        { length: parameters.slots },
        () => (random() - 0.5) * 2 ** (20 * random()),
      );
      const theirs = seal.encrypt(values, scale, 5);
      const { words } = key.encrypt(values, scale, 5);
      expect(Buffer.from(words.buffer).equals(Buffer.from(theirs.words.buffer)), `scale ${scale}`).toBe(true);
      for (let level = 5; level >= 0; level -= 1) {
        // SEAL decodes no scale above the modulus; values above it wrap around, on both sides alike.
        if (parameters.coeffModulusBits.slice(0, level + 1).reduce((a, b) => a + b) < bits + 3) break;
        const kept = [0, 6].flatMap((at) => [...words.subarray(at * 8192, (at + level + 1) * 8192)]);
        const ciphertext = { size: 2, level, scale, words: Uint32Array.from(kept) };
        const [ours, reference] = [key.decrypt(ciphertext), seal.decrypt(ciphertext)];
        expect(Buffer.from(ours.buffer).equals(Buffer.from(reference.buffer)), `level ${level}`).toBe(true);
      }
    }
  });
});
