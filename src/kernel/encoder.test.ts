// The kernel's encoder against SEAL's: the same residues, and back again.
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { Encoder, type Plaintext } from './kernel.ts';
import { type SealOracle, sealOracle, seeded } from '../../fixtures/seal-oracle.ts';

const DEGREE = 4096;
const SLOTS = DEGREE / 2;

describe('the encoder', () => {
  let oracle: SealOracle;
  let encoder: Encoder;

  beforeAll(async () => {
    oracle = await sealOracle(DEGREE, [30, 28, 30, 30, 30], [1]);
    encoder = new Encoder(oracle.kernel);
  });

  const words = (plaintext: Plaintext): Uint32Array => {
    const { kernel } = oracle;
    const rows = Array.from({ length: plaintext.primes }, (_, row) =>
      Array.from(kernel.words(plaintext.pointer + row * kernel.rowBytes, DEGREE)),
    );
    return Uint32Array.from(rows.flat());
  };

  /** What SEAL decodes from the kernel's encoding. */
  const decoded = (values: Float64Array, scale: number, primes: number): Float64Array => {
    using plaintext = encoder.encode(values, scale, primes, 'addend');
    using seal = oracle.plaintext(words(plaintext), primes, scale);
    return oracle.decode(seal);
  };

  it.each([
    { scaleBits: 20, primes: 1 },
    { scaleBits: 28, primes: 2 },
    { scaleBits: 45, primes: 3 },
    { scaleBits: 60, primes: 4 },
  ])('at scale 2^$scaleBits decodes to what was encoded', ({ scaleBits, primes }) => {
    const random = seeded(scaleBits);
    const values = Float64Array.from({ length: SLOTS }, () => random() * 4 - 2);
    const back = decoded(values, 2 ** scaleBits, primes);
    const worst = Math.max(...values.map((value, i) => Math.abs(value - back[i])));
    // N coefficients, each rounded by at most a half, add up to at most N/2; float64 adds its own beyond 2^40.
    expect(worst).toBeLessThan(DEGREE / 2 / 2 ** scaleBits + 1e-11);
  });

  it.each([10, 20, 30, 45, 60, 70])('makes the residues that SEAL makes, at scale 2^%i', (scaleBits) => {
    const random = seeded(9);
    const values = Float64Array.from({ length: SLOTS }, () => random() - 0.5);
    const scale = 2 ** scaleBits;
    using seal = oracle.encode(values, scale);
    using ours = encoder.encode(values, scale, 4, 'addend');
    expect(words(ours)).toEqual(oracle.plaintextWords(seal));
  });

  it('encodes a constant as that constant in every place', () => {
    using plaintext = encoder.encode(new Float64Array(SLOTS).fill(-3), 1024, 2, 'addend');
    const expected = [oracle.primes[0] - 3072, oracle.primes[1] - 3072];
    const residues = words(plaintext);
    expect(new Set(residues.subarray(0, DEGREE))).toEqual(new Set([expected[0]]));
    expect(new Set(residues.subarray(DEGREE))).toEqual(new Set([expected[1]]));
  });

  it('encodes i and −i by turns as the monomial X^(N/2), whose square is −1', () => {
    // Slot j is the value at ζ^(3^j), and 3^j is 1 and 3 by turns modulo 4.
    const values = new Float64Array(2 * SLOTS);
    for (let slot = 0; slot < SLOTS; slot += 1) values[SLOTS + slot] = slot % 2 === 0 ? 1024 : -1024;
    using plaintext = encoder.encode(values, 1, 1, 'addend');
    const residues = words(plaintext);
    const [root, other] = [...new Set(residues)];
    expect(residues.every((word) => word === root || word === other)).toBe(true);
    expect(residues.filter((word) => word === root)).toHaveLength(DEGREE / 2);
    const prime = BigInt(oracle.primes[0]);
    expect(BigInt(root) + BigInt(other)).toBe(prime);
    expect((BigInt(root) ** 2n + 1024n ** 2n) % prime).toBe(0n);
  });

  it('encodes complex values whose real parts SEAL decodes, and i times them whose imaginary ones it does', () => {
    const random = seeded(12);
    const [a, b] = [0, 1].map(() => Float64Array.from({ length: SLOTS }, () => random() * 4 - 2));
    const real = decoded(Float64Array.of(...a, ...b), 2 ** 45, 3);
    // −i (a + b i) = b − a i
    const imaginary = decoded(Float64Array.of(...b, ...a.map((value) => -value)), 2 ** 45, 3);
    a.forEach((value, i) => expect(Math.abs(real[i] - value)).toBeLessThan(1e-9));
    b.forEach((value, i) => expect(Math.abs(imaginary[i] - value)).toBeLessThan(1e-9));
  });

  it('is linear up to rounding', () => {
    const value = fc.double({ min: -8, max: 8, noNaN: true });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: SLOTS }), (values) => {
        const back = decoded(Float64Array.from(values), 2 ** 40, 3);
        for (const [i, x] of back.entries()) expect(Math.abs(x - (values[i] ?? 0))).toBeLessThan(1e-8);
      }),
      { numRuns: 15 },
    );
  });

  it('refuses what it cannot represent', () => {
    const bad = (values: Float64Array, scale: number): (() => unknown) => {
      return () => encoder.encode(values, scale, 1, 'factor');
    };
    expect(bad(Float64Array.of(Number.NaN), 1024)).toThrow(/not finite/);
    expect(bad(Float64Array.of(1, Number.POSITIVE_INFINITY), 1024)).toThrow(/not finite/);
    expect(bad(new Float64Array(SLOTS).fill(2 ** 60), 2 ** 60)).toThrow(/too large/);
    expect(bad(new Float64Array(SLOTS + 1), 1024)).toThrow(/slots/);
    expect(bad(Float64Array.of(1), 0)).toThrow(/scale/);
    expect(oracle.kernel.memory.handles).toBe(0);
  });
});
