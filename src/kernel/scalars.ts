// Scaled real numbers as residues: a constant polynomial has the same residue in every place of its transform.
import { invalid } from './instance.ts';
import type { KernelInstance } from './instance.ts';

/** A scalar as its residues, one for each data prime in use: see {@link scalarOf}. */
export type Scalar = Uint32Array;

/** round(value) mod prime; `invalid-argument` unless it is below 2^52 in magnitude, where numbers are still whole. */
function residueOf(value: number, prime: number): number {
  const whole = Math.round(value);
  if (!(Math.abs(whole) < 2 ** 52)) throw invalid('A scaled scalar must be finite and below 2^52.');
  return ((whole % prime) + prime) % prime;
}

/** round(value) 2^32 mod prime: the Montgomery form, in which the kernel takes factors. Throws as above. */
export function montgomeryResidue(value: number, prime: number): number {
  const factor = 2 ** 32 % prime;
  const residue = residueOf(value, prime);
  // In two halves, so that no product exceeds 2^53.
  const high = ((Math.floor(residue / 32768) * factor) % prime) * 32768;
  return (high + (residue % 32768) * factor) % prime;
}

/** round(value) modulo the first `primes` data primes; `value` is already scaled and below 2^52 in magnitude. */
export function scalarOf(kernel: KernelInstance, value: number, primes: number): Scalar {
  kernel.checkPrimeCount(primes);
  return Uint32Array.from(kernel.primes.slice(0, primes), (prime) => residueOf(value, prime));
}
