// Plain moduli of BFV: which allow batching, and the nearest that do.
import { isPrime } from './primes.ts';

// Whole numbers are exact in a double below this; SEAL itself allows 60 bits.
const MOST = 2 ** 53;

/** Whether plaintexts modulo `p` have `n` slots: a prime that is 1 modulo 2n. */
export function allowsBatching(p: number, n: number): boolean {
  return p % (2 * n) === 1 && isPrime(BigInt(p));
}

/** The smallest prime of at least `least` that gives plaintexts of degree `n` slots; undefined beyond 2^53. */
export function batchingPrimeFrom(least: number, n: number): number | undefined {
  const step = 2 * n;
  for (let p = Math.max(1, Math.ceil((least - 1) / step)) * step + 1; p < MOST; p += step)
    if (isPrime(BigInt(p))) return p;
  return undefined;
}
