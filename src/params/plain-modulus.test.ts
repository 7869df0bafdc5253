// Batching primes of BFV against trial division.
import { describe, expect, it } from 'vitest';
import { allowsBatching, batchingPrimeFrom } from './plain-modulus.ts';

/** Whether `n` has no divisor but 1 and itself. */
function hasNoDivisor(n: number): boolean {
  for (let d = 2; d * d <= n; d += 1) if (n % d === 0) return false;
  return n > 1;
}

describe('batchingPrimeFrom', () => {
  it.each([
    [2, 2048],
    [13513511, 2048],
    [65537, 4096],
    [65538, 4096],
    [2 ** 31, 8192],
  ])('finds the smallest from %i for degree %i', (least, n) => {
    let expected = least;
    while (expected % (2 * n) !== 1 || !hasNoDivisor(expected)) expected += 1;
    expect(batchingPrimeFrom(least, n)).toBe(expected);
    expect(allowsBatching(expected, n)).toBe(true);
  });

  it('knows none beyond 2^53', () => {
    expect(batchingPrimeFrom(2 ** 53, 2048)).toBeUndefined();
    expect(batchingPrimeFrom(Infinity, 2048)).toBeUndefined();
  });
});

describe('allowsBatching', () => {
  it.each([
    ['PyCrCNN’s, no 1 modulo 4096', 13513511],
    ['a composite that is', 4097],
  ])('refuses %s', (_, p) => {
    expect(allowsBatching(p, 2048)).toBe(false);
  });
});
