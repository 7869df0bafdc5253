// What can be said of PyCrCNN's BFV sets: whether their numbers could work, and the nearest that would.
import { maxLogQP, POLY_MODULUS_DEGREES } from '../params/security.ts';
import type { ParameterRefusal } from './parameter-test.ts';
import type { BfvSet } from './test-config.ts';

function isPrime(n: number): boolean {
  if (n < 2 || n % 2 === 0) return n === 2;
  for (let d = 3; d * d <= n; d += 2) if (n % d === 0) return false;
  return true;
}

/** The degree in the security table nearest to `m`. */
function nearestDegree(m: number): number {
  return POLY_MODULUS_DEGREES.reduce((best, n) => (Math.abs(n - m) < Math.abs(best - m) ? n : best));
}

// Beyond this trial division would take long; SEAL's plain moduli of such size leave no noise budget anyway.
const MOST_P = 2 ** 40;

/** The prime nearest to `p` that is 1 modulo 2m, so that a plaintext has m slots; undefined if none is below 2^40. */
export function nearestBatchingPrime(p: number, m: number): number | undefined {
  if (p > MOST_P) return undefined;
  const step = 2 * m;
  const base = Math.round((p - 1) / step);
  for (let k = 0; k < 2000; k += 1) {
    for (const near of k === 0 ? [base] : [base - k, base + k]) {
      const candidate = near * step + 1;
      if (near > 0 && candidate < MOST_P && isPrime(candidate)) return candidate;
    }
  }
  return undefined;
}

/**
 * Why a BFV set is not run, with everything that is wrong with its numbers and what would do. Networks run in CKKS here;
 * BFV, exact integers modulo p, is not implemented.
 */
export function refuseBfv({ name, m, p }: BfvSet): ParameterRefusal {
  const reasons = ['BFV is not implemented: networks run in CKKS. Give CKKS sets in "sets".'];
  const nearest: Record<string, number> = {};
  const degree = nearestDegree(m);
  if (degree !== m) {
    reasons.push(`m = ${m} is no degree of the security table.`);
    nearest['m'] = degree;
  }
  const bits = maxLogQP(degree) ?? 0;
  // A product of two encoded numbers must leave room for the noise of one multiplication.
  if (Math.log2(p) > bits / 2)
    reasons.push(`p = ${p} takes more than half of the ${bits} bits that m = ${degree} allows.`);
  if (!isPrime(p) || p % (2 * degree) !== 1) {
    reasons.push(`p = ${p} allows no batching: that takes a prime that is 1 modulo ${2 * degree}.`);
    const prime = nearestBatchingPrime(p, degree);
    if (prime !== undefined) nearest['p'] = prime;
  }
  return { name, scheme: 'bfv', ran: false, code: 'unsupported-layer', reason: reasons.join(' '), nearest };
}
