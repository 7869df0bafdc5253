// The transforms themselves: against the definition, inverses of each other, linear, and right at the edges.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type KernelInstance, createKernel } from './kernel.ts';
import { kernelCode, sealPrimes } from '../../fixtures/seal-oracle.ts';

const DEGREE = 1024;
// One of each size class of the lazy reduction: below 2^30, 2^29 and 2^28, the largest of each, and a small one.
const BITS = [30, 29, 28, 20, 30];

function powerMod(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** The least primitive 2N-th root of unity, by trial of every power. */
function leastRoot(prime: bigint): bigint {
  const order = BigInt(2 * DEGREE);
  let generator = 0n;
  for (let candidate = 2n; generator === 0n; candidate += 1n) {
    const root = powerMod(candidate, (prime - 1n) / order, prime);
    if (powerMod(root, order / 2n, prime) === prime - 1n) generator = root;
  }
  let least = generator;
  for (let k = 1n; k < order; k += 2n) {
    const root = powerMod(generator, k, prime);
    if (root < least) least = root;
  }
  return least;
}

function reversed(value: number, bits: number): number {
  let result = 0;
  for (let i = 0; i < bits; i += 1) result |= ((value >> i) & 1) << (bits - 1 - i);
  return result;
}

describe('number-theoretic transforms', () => {
  let kernel: KernelInstance;
  let row = 0;
  let other = 0;

  beforeAll(async () => {
    const primes = await sealPrimes(DEGREE, BITS);
    kernel = await createKernel(await kernelCode(), { polyModulusDegree: DEGREE, primes });
    row = kernel.allocate(kernel.rowBytes);
    other = kernel.allocate(kernel.rowBytes);
  });

  const put = (values: readonly number[]): void => kernel.words(row, DEGREE).set(values);
  const get = (): number[] => [...kernel.words(row, DEGREE)];
  const forward = (values: readonly number[], prime: number): number[] => {
    put(values);
    kernel.raw.forward(row, row, prime);
    return get();
  };
  const inverse = (values: readonly number[], prime: number): number[] => {
    put(values);
    kernel.raw.inverse(row, row, prime);
    return get();
  };

  /** An index of a prime, and a polynomial over it in which edge residues are common. */
  const polynomial = fc.integer({ min: 0, max: BITS.length - 1 }).chain((index) => {
    const top = (): number => kernel.primes[index] - 1;
    const residue = fc.oneof(
      fc.constantFrom(0, 1),
      fc.constant(0).map(top),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }).map((x) => Math.floor(x * (top() + 1))),
    );
    return fc.tuple(fc.constant(index), fc.array(residue, { minLength: DEGREE, maxLength: DEGREE }));
  });

  it('evaluates at the odd powers of the least root, in bit-reversed order', () => {
    for (const [index, prime] of kernel.primes.entries()) {
      const q = BigInt(prime);
      const root = leastRoot(q);
      // X and the constant 5 X^3: values that can be written down.
      const image = forward([0, 1, 0, 5, ...new Array<number>(DEGREE - 4).fill(0)], index);
      for (const place of [0, 1, 2, 3, 17, 500, DEGREE - 1]) {
        const x = powerMod(root, BigInt(2 * reversed(place, 10) + 1), q);
        expect(BigInt(image[place])).toBe((x + 5n * x * x * x) % q);
      }
    }
  });

  it('is undone by the inverse, in both orders', () => {
    fc.assert(
      fc.property(polynomial, ([index, values]) => {
        expect(inverse(forward(values, index), index)).toEqual(values);
        expect(forward(inverse(values, index), index)).toEqual(values);
      }),
      { numRuns: 60 },
    );
  });

  it.each([0, 1, -1, 'alternating'] as const)('handles a row of nothing but %s', (edge) => {
    for (const [index, prime] of kernel.primes.entries()) {
      const values = Array.from({ length: DEGREE }, (_, i) => {
        if (edge === 'alternating') return i % 2 === 0 ? prime - 1 : 0;
        return edge === -1 ? prime - 1 : edge;
      });
      const image = forward(values, index);
      expect(Math.max(...image)).toBeLessThan(prime);
      expect(inverse(image, index)).toEqual(values);
      const back = inverse(values, index);
      expect(Math.max(...back)).toBeLessThan(prime);
      expect(forward(back, index)).toEqual(values);
    }
  });

  it('turns the product of polynomials modulo X^N + 1 into the product of values', () => {
    fc.assert(
      fc.property(polynomial, fc.integer({ min: 1, max: DEGREE - 1 }), ([index, values], shift) => {
        const prime = kernel.primes[index];
        const monomial = new Array<number>(DEGREE).fill(0);
        monomial[shift] = 1;
        const a = forward(values, index);
        const b = forward(monomial, index);
        const product = a.map((x, i) => Number((BigInt(x) * BigInt(b[i])) % BigInt(prime)));
        // Times X^shift: a rotation of the coefficients, negated where it wraps around.
        const expected = values.map((_, i) => {
          const from = (i - shift + DEGREE) % DEGREE;
          return i < shift ? (prime - values[from]) % prime : values[from];
        });
        expect(inverse(product, index)).toEqual(expected);
      }),
      { numRuns: 20 },
    );
  });

  it('gives the same out of place', () => {
    const values = Array.from({ length: DEGREE }, (_, i) => i * 3);
    const expected = forward(values, 0);
    put(values);
    kernel.raw.forward(row, other, 0);
    expect([...kernel.words(other, DEGREE)]).toEqual(expected);
    expect(get()).toEqual(values);
    kernel.raw.inverse(other, row, 0);
    expect(get()).toEqual(values);
  });
});
