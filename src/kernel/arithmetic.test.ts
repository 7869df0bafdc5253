// Scalars, sums of products and matrices against plain arithmetic on residues, edges included.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Ciphertext,
  type KernelInstance,
  type Plaintext,
  addInto,
  addScalarInto,
  addScaledInto,
  createKernel,
  loadCiphertext,
  loadPlaintext,
  mix,
  multiplyAccumulate,
  multiplyScalar,
  scalarMatrix,
  scalarOf,
  storeCiphertext,
} from './kernel.ts';
import { kernelCode, randomWords, sealPrimes, seeded } from '../../fixtures/seal-oracle.ts';

const DEGREE = 1024;
const PRIMES = 3;

describe('sums and products', () => {
  let kernel: KernelInstance;
  const random = seeded(11);

  beforeAll(async () => {
    const primes = await sealPrimes(DEGREE, [30, 28, 30, 30]);
    kernel = await createKernel(await kernelCode(), { polyModulusDegree: DEGREE, primes });
  });

  const randomCiphertext = (): Ciphertext => {
    const words = randomWords(random, 2 * PRIMES, kernel.primes.slice(0, PRIMES), DEGREE);
    return loadCiphertext(kernel, words, { size: 2, primes: PRIMES });
  };
  /** All residues q - 1: the largest sums there can be. */
  const topCiphertext = (): Ciphertext => {
    const words = Uint32Array.from(
      { length: 2 * PRIMES * DEGREE },
      (_, i) => kernel.primes[Math.floor(i / DEGREE) % PRIMES] - 1,
    );
    return loadCiphertext(kernel, words, { size: 2, primes: PRIMES });
  };
  const primeOf = (i: number): bigint => BigInt(kernel.primes[Math.floor(i / DEGREE) % PRIMES]);
  /** A few places of every row, among them the vectors' and tiles' first and last. */
  const places = Array.from({ length: 2 * PRIMES }, (_, row) =>
    [0, 1, 3, 4, 7, 31, 32, 63, 64, 500, DEGREE - 1].map((i) => row * DEGREE + i),
  ).flat();

  it('multiplies by scalars, adds multiples and constants', () => {
    const value = fc.oneof(
      fc.constantFrom(0, 1, -1, 2 ** 30, -(2 ** 30), 2 ** 52 - 1, 1 - 2 ** 52),
      fc.integer(),
    );
    fc.assert(
      fc.property(value, (whole) => {
        using a = randomCiphertext();
        using b = randomCiphertext();
        const scalar = scalarOf(kernel, whole, PRIMES);
        using product = multiplyScalar(a, scalar);
        const before = storeCiphertext(b);
        addScaledInto(b, a, scalar);
        const words = storeCiphertext(a);
        const products = storeCiphertext(product);
        const sums = storeCiphertext(b);
        addScalarInto(a, scalar);
        const shifted = storeCiphertext(a);
        for (const i of places) {
          const q = primeOf(i);
          const s = ((BigInt(whole) % q) + q) % q;
          const expected = (BigInt(words[i]) * s) % q;
          expect(BigInt(products[i])).toBe(expected);
          expect(BigInt(sums[i])).toBe((BigInt(before[i]) + expected) % q);
          expect(BigInt(shifted[i])).toBe(
            i < PRIMES * DEGREE ? (BigInt(words[i]) + s) % q : BigInt(words[i]),
          );
        }
      }),
      { numRuns: 25 },
    );
  });

  it.each([1, 15, 16, 17, 40])('sums %i products without losing a carry', (count) => {
    const ciphertexts: Ciphertext[] = [];
    const plaintexts: Plaintext[] = [];
    const factors: Uint32Array[] = [];
    for (let t = 0; t < count; t += 1) {
      const top = t % 2 === 0;
      ciphertexts.push(top ? topCiphertext() : randomCiphertext());
      const words = top
        ? storeCiphertext(ciphertexts[t]).subarray(0, PRIMES * DEGREE)
        : randomWords(random, PRIMES, kernel.primes.slice(0, PRIMES), DEGREE);
      factors.push(words);
      plaintexts.push(loadPlaintext(kernel, words, PRIMES, 'factor'));
    }
    using sum = multiplyAccumulate(
      ciphertexts.map((ciphertext, t) => ({ ciphertext, plaintext: plaintexts[t] })),
    );
    const actual = storeCiphertext(sum);
    const all = ciphertexts.map(storeCiphertext);
    for (const i of places) {
      const expected = all.reduce(
        (total, words, t) => total + BigInt(words[i]) * BigInt(factors[t][i % (PRIMES * DEGREE)]),
        0n,
      );
      expect(BigInt(actual[i])).toBe(expected % primeOf(i));
    }
    for (const handle of [...ciphertexts, ...plaintexts]) handle[Symbol.dispose]();
  });

  it.each([
    { outputs: 1, inputs: 1 },
    { outputs: 5, inputs: 24 },
    { outputs: 4, inputs: 40 },
  ])('mixes $inputs inputs into $outputs outputs', ({ outputs, inputs }) => {
    const ciphertexts = Array.from({ length: inputs }, (_, i) =>
      i % 3 === 0 ? topCiphertext() : randomCiphertext(),
    );
    // -1 is q - 1 as a residue; with inputs of q - 1 these are the largest products.
    const values = Float64Array.from({ length: outputs * inputs }, (_, i) =>
      i % 4 === 0 ? -1 : Math.floor((random() - 0.5) * 2 ** 40),
    );
    const mixed = mix(scalarMatrix(kernel, values, outputs, inputs, PRIMES), ciphertexts);
    expect(mixed).toHaveLength(outputs);
    const all = ciphertexts.map(storeCiphertext);
    for (const [o, output] of mixed.entries()) {
      const actual = storeCiphertext(output);
      for (const i of places) {
        const q = primeOf(i);
        const total = all.reduce(
          (sum, words, c) => sum + BigInt(words[i]) * BigInt(values[o * inputs + c]),
          0n,
        );
        expect(BigInt(actual[i])).toBe(((total % q) + q) % q);
      }
    }
    for (const handle of [...ciphertexts, ...mixed]) handle[Symbol.dispose]();
  });

  it('adds in place', () => {
    using a = topCiphertext();
    using b = topCiphertext();
    addInto(a, b);
    const words = storeCiphertext(a);
    for (const i of places) expect(BigInt(words[i])).toBe(primeOf(i) - 2n);
    expect(kernel.memory.handles).toBe(2);
  });
});
