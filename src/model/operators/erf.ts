// The error function, which the language lacks.
import { exp } from '../../base/exact-math.ts';

/** Where 1 − erf(x) is below what double precision can tell from 0. */
const BEYOND = 6;

/**
 * erf(x) = 2/√π · e^(−x²) · Σ 2ⁿ·x^(2n+1) / (1·3·…·(2n+1)): terms of one sign, so that nothing cancels
 * (https://dlmf.nist.gov/7.6.2). To about 1e−15.
 */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) >= BEYOND) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n += 1) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * exp(-x * x) * sum;
}
