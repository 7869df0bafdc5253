// Seeds in the place of uniform halves, and keys cut to levels: what the kernel computes with them stays the same.
import { beforeAll, describe, expect, it } from 'vitest';
import { clientKernelBytes, expandedKey, GivenSeeds } from '../../fixtures/client-kernel.ts';
import { kernelCode, randomWords, seeded } from '../../fixtures/seal-oracle.ts';
import { SMALL } from '../../fixtures/small-engine.ts';
import { ClientKernel } from '../client/crypto/client-kernel.ts';
import { SecretKey, type Seeded } from '../client/crypto/secret-key.ts';
import { checkParameters } from '../params/parameters.ts';
import {
  type Ciphertext,
  createKernel,
  fillBabyStep,
  BabySteps,
  hoist,
  hoistedRotation,
  type KernelInstance,
  loadCiphertext,
  loadSeeded,
  loadSwitchKey,
  relinearize,
  rotate,
  storeCiphertext,
} from './kernel.ts';

const STEP_ELEMENT = 3;
let kernel: KernelInstance;
let key: SecretKey;
beforeAll(async () => {
  const { polyModulusDegree, primes } = SMALL;
  kernel = await createKernel(await kernelCode(), { polyModulusDegree, primes: primes.map(Number) });
  const client = new ClientKernel(await WebAssembly.compile(clientKernelBytes()), SMALL);
  key = new SecretKey(client, new GivenSeeds('kernel'), 'seeded');
});

/** A key in the kernel as it came, with seeds, and the same one whole. */
function both(digits: readonly Seeded[], element: number) {
  const words = digits.map((digit) => digit.words);
  const seeds = digits.map(({ seed }) => seed.bytes);
  const whole = expandedKey({ digits: words, seeds }, SMALL).digits;
  return {
    seededKey: loadSwitchKey(kernel, words, element, seeds),
    wholeKey: loadSwitchKey(kernel, whole, element),
  };
}

function random(size: number, primes: number): Ciphertext {
  const words = randomWords(
    seeded(size * primes),
    size * primes,
    kernel.primes.slice(0, primes),
    kernel.polyModulusDegree,
  );
  return loadCiphertext(kernel, words, { size, primes });
}

describe('a seeded key', () => {
  it.each([0, 1, 2])('switches as the whole one does, at level %i', (level) => {
    const { seededKey, wholeKey } = both(key.rotationKey(1, level), STEP_ELEMENT);
    const relin = both(key.relinearizationKey(level), 0);
    using two = random(2, level + 1);
    using three = random(3, level + 1);
    const results = [
      [rotate(two, seededKey), rotate(two, wholeKey)],
      [relinearize(three, relin.seededKey), relinearize(three, relin.wholeKey)],
    ];
    for (const [a, b] of results) {
      expect(storeCiphertext(a)).toEqual(storeCiphertext(b));
      for (const made of [a, b]) made[Symbol.dispose]();
    }
    for (const made of [seededKey, wholeKey, relin.seededKey, relin.wholeKey]) made[Symbol.dispose]();
  });

  it('that was cut is refused above its level, by every operation', () => {
    const { seededKey: galois, wholeKey } = both(key.rotationKey(1, 1), STEP_ELEMENT);
    const { seededKey: relin, wholeKey: other } = both(key.relinearizationKey(1), 0);
    using two = random(2, 3);
    using three = random(3, 3);
    using hoisted = hoist(two);
    using babies = new BabySteps(kernel, 1, 3);
    for (const operation of [
      () => rotate(two, galois),
      () => relinearize(three, relin),
      () => hoistedRotation(hoisted, galois),
      () => fillBabyStep(babies, 0, hoisted, galois),
    ]) {
      expect(operation).toThrow(expect.objectContaining({ code: 'missing-key' }));
    }
    for (const made of [galois, wholeKey, relin, other]) made[Symbol.dispose]();
  });
});

describe('a seeded ciphertext', () => {
  it('is the whole one', () => {
    const values = Float64Array.of(1, 2, 3);
    const { words, seed } = key.encrypt(values, 2 ** 20, 2);
    using made = loadSeeded(kernel, words, seed.bytes, 3);
    const slots = key.decrypt({ size: 2, level: 2, scale: 2 ** 20, words: storeCiphertext(made) });
    expect(slots.subarray(0, 3).map(Math.round)).toEqual(values);
  });

  it('is refused where SEAL would replace a word of it', async () => {
    const seven = checkParameters({ polyModulusDegree: 8192, coeffModulusBits: Array<number>(7).fill(30) });
    const { polyModulusDegree, primes } = seven;
    const large = await createKernel(await kernelCode(), { polyModulusDegree, primes: primes.map(Number) });
    // SEAL-BYTES, section 10: row 1 has one.
    const seed = new Uint8Array(64);
    new DataView(seed.buffer).setBigUint64(0, 2712885n, true);
    const load = (rows: number) => () => {
      using made = loadSeeded(large, new Uint32Array(rows * polyModulusDegree), seed, rows);
      return made.primes;
    };
    expect(load(1)()).toBe(1);
    expect(load(2)).toThrow(expect.objectContaining({ code: 'malformed-frame' }));
    expect(large.memory.handles).toBe(0);
  });
});
