// Handles, memory and refusals: what the wrapper lets through, and that every byte comes back.
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { SealedError } from '../base/errors.ts';
import {
  BabySteps,
  Ciphertext,
  Encoder,
  HoistedCiphertext,
  type KernelInstance,
  SwitchKey,
  add,
  copy,
  createKernel,
  dropPrimes,
  fillBabyStep,
  galoisElementOf,
  hoist,
  loadCiphertext,
  loadPlaintext,
  loadSwitchKey,
  mix,
  multiply,
  multiplyAccumulate,
  multiplyPlain,
  relinearize,
  rescale,
  rotate,
  scalarMatrix,
  scalarOf,
  square,
} from './kernel.ts';
import { kernelCode, randomWords, sealPrimes, seeded } from '../../fixtures/seal-oracle.ts';

const DEGREE = 1024;
const BITS = [30, 28, 30];

/** The code of the error that `run` throws. */
function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof SealedError) return error.code;
    throw error;
  }
  return 'nothing thrown';
}

describe('the wrapper', () => {
  let kernel: KernelInstance;
  const random = seeded(5);
  const make = async (primes: readonly number[], maxMemoryBytes?: number): Promise<KernelInstance> =>
    createKernel(await kernelCode(), {
      polyModulusDegree: DEGREE,
      primes,
      ...(maxMemoryBytes !== undefined && { maxMemoryBytes }),
    });

  beforeEach(async () => {
    kernel = await make(await sealPrimes(DEGREE, BITS));
  });

  const words = (size: number, primes: number): Uint32Array =>
    randomWords(random, size * primes, kernel.primes.slice(0, primes), DEGREE);
  const ciphertext = (size = 2, primes = 2): Ciphertext =>
    loadCiphertext(kernel, words(size, primes), { size, primes });

  it('refuses parameters it cannot compute with', async () => {
    const good = kernel.primes;
    await expect(make([good[0]])).rejects.toThrow(/2 to 17 primes/);
    await expect(make([good[0], 2 ** 30 + 1])).rejects.toThrow(/below 2\^30/);
    // Composite and 1 mod 2N; prime and not; the same twice.
    await expect(make([good[0], 2049 * 4097])).rejects.toThrow(/Not a prime/);
    await expect(make([good[0], 1000003])).rejects.toThrow(/Not a prime/);
    await expect(make([good[0], good[0]])).rejects.toThrow(/given twice/);
    await expect(
      createKernel(new Uint8Array([0, 1, 2]), { polyModulusDegree: DEGREE, primes: good }),
    ).rejects.toThrow(/SIMD does not load/);
  });

  it('refuses residues out of range and lengths that do not fit, and keeps no memory for them', () => {
    for (const place of [0, 5, DEGREE - 1, DEGREE, 4 * DEGREE - 1]) {
      for (const excess of [0, 1, 2 ** 31]) {
        const bad = words(2, 2);
        bad[place] = kernel.primes[Math.floor(place / DEGREE) % 2] + excess;
        expect(codeOf(() => loadCiphertext(kernel, bad, { size: 2, primes: 2 }))).toBe('malformed-frame');
      }
    }
    expect(codeOf(() => loadCiphertext(kernel, words(2, 1), { size: 2, primes: 2 }))).toBe('malformed-frame');
    expect(codeOf(() => loadCiphertext(kernel, words(2, 2), { size: 4, primes: 1 }))).toBe(
      'invalid-argument',
    );
    expect(codeOf(() => loadCiphertext(kernel, words(2, 2), { size: 2, primes: 3 }))).toBe(
      'invalid-argument',
    );
    expect(codeOf(() => loadPlaintext(kernel, words(2, 2), 2, 'factor'))).toBe('malformed-frame');
    const digit = randomWords(random, 2 * BITS.length, kernel.primes, DEGREE);
    const broken = digit.slice();
    broken[digit.length - 1] = kernel.primes.at(-1)!;
    expect(codeOf(() => loadSwitchKey(kernel, [digit], 3))).toBe('malformed-frame');
    expect(codeOf(() => loadSwitchKey(kernel, [digit, digit.subarray(1)], 3))).toBe('malformed-frame');
    expect(codeOf(() => loadSwitchKey(kernel, [digit, broken], 3))).toBe('malformed-frame');
    expect(codeOf(() => loadSwitchKey(kernel, [digit, digit], 4))).toBe('invalid-argument');
    expect(codeOf(() => loadSwitchKey(kernel, [digit, digit], 2 * DEGREE + 1))).toBe('invalid-argument');
    expect(kernel.memory.handles).toBe(0);
  });

  it('refuses operands that do not belong together', async () => {
    const other = await make(kernel.primes);
    using stranger = loadCiphertext(other, words(2, 2), { size: 2, primes: 2 });
    using two = ciphertext();
    using low = ciphertext(2, 1);
    using three = ciphertext(3);
    using encoder = new Encoder(kernel);
    using factor = encoder.encode(Float64Array.of(1), 1024, 2, 'factor');
    using short = encoder.encode(Float64Array.of(1), 1024, 1, 'factor');
    using addend = encoder.encode(Float64Array.of(1), 1024, 2, 'addend');
    using galois = new SwitchKey(kernel, 3, 1);
    using relin = new SwitchKey(kernel, 0, 1);
    using babies = new BabySteps(kernel, 2, 2);
    using hoisted = new HoistedCiphertext(kernel, 1);
    const matrix = scalarMatrix(kernel, Float64Array.of(1, 2), 1, 2, 1);
    const refused: (() => unknown)[] = [
      () => add(two, stranger),
      () => add(two, low),
      () => multiply(two, three),
      () => square(three),
      () => relinearize(two, relin),
      () => relinearize(three, galois),
      () => rotate(two, relin),
      () => rotate(three, galois),
      () => rescale(low),
      () => dropPrimes(low, 2),
      () => multiplyPlain(two, addend),
      () => multiplyPlain(two, short),
      () => multiplyAccumulate([]),
      () => multiplyAccumulate([{ ciphertext: three, plaintext: factor }]),
      () => mix(matrix, [low]),
      () => mix(matrix, [two, two]),
      () => hoist(three),
      () => fillBabyStep(babies, 0, hoisted, null),
      () => new BabySteps(kernel, 0, 2),
      () => scalarOf(kernel, Number.NaN, 1),
      () => scalarOf(kernel, 2 ** 53, 1),
    ];
    for (const run of refused) expect(codeOf(run)).toBe('invalid-argument');
  });

  it('refuses handles that have been disposed', () => {
    const a = ciphertext();
    a[Symbol.dispose]();
    a[Symbol.dispose]();
    expect(a.disposed).toBe(true);
    expect(codeOf(() => copy(a))).toBe('wrong-state');
    expect(kernel.memory.handles).toBe(0);
  });

  it('names rotations as SEAL does', () => {
    expect(galoisElementOf(kernel, 0)).toBe(1);
    expect(galoisElementOf(kernel, 1)).toBe(3);
    expect(galoisElementOf(kernel, 3)).toBe(27);
    // A rotation and its opposite undo each other.
    expect((galoisElementOf(kernel, 5) * galoisElementOf(kernel, -5)) % (2 * DEGREE)).toBe(1);
  });

  it('stays below its memory bound and works on after a refusal', async () => {
    const small = await make(kernel.primes, 2 ** 20);
    const held: Ciphertext[] = [];
    const fill = (): void => {
      for (;;) held.push(new Ciphertext(small, 2, 2));
    };
    expect(codeOf(fill)).toBe('does-not-fit');
    expect(small.memory.reservedBytes).toBeLessThanOrEqual(2 ** 20);
    expect(held.length).toBeGreaterThan(10);
    const reserved = small.memory.reservedBytes;
    for (const handle of held) handle[Symbol.dispose]();
    expect(small.memory.handleBytes).toBe(0);
    for (let i = 0; i < 3 * held.length; i += 1) new Ciphertext(small, 3, 2)[Symbol.dispose]();
    expect(small.memory.reservedBytes).toBe(reserved);
  });

  it('returns every block to the arena, in any order, without overlap', () => {
    const { raw } = kernel;
    const before = kernel.memory.liveBytes;
    const step = fc.record({ bytes: fc.integer({ min: 1, max: 100_000 }), drop: fc.nat() });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
        const live: { pointer: number; bytes: number; mark: number }[] = [];
        const release = (at: number): void => {
          const [block] = live.splice(at, 1);
          const content = kernel.bytes.subarray(block.pointer, block.pointer + block.bytes);
          expect(content.every((byte) => byte === block.mark)).toBe(true);
          expect(raw.free(block.pointer)).toBe(1);
          expect(raw.free(block.pointer)).toBe(0);
        };
        for (const [i, { bytes, drop }] of steps.entries()) {
          const pointer = raw.allocate(bytes);
          expect(pointer % 64).toBe(0);
          kernel.bytes.fill(i + 1, pointer, pointer + bytes);
          live.push({ pointer, bytes, mark: i + 1 });
          if (drop % 2 === 0) release(drop % live.length);
        }
        while (live.length > 0) release(0);
        expect(kernel.memory.liveBytes).toBe(before);
      }),
      { numRuns: 30 },
    );
    // All of it has come together again: one block of nearly everything fits without growth.
    const { reservedBytes, liveBytes } = kernel.memory;
    const all = raw.allocate(reservedBytes - liveBytes - 4096);
    expect(all).not.toBe(0);
    expect(kernel.memory.reservedBytes).toBe(reservedBytes);
    raw.free(all);
  });
});
