// How fast the kernel multiplies and adds residues at best, to hold whole plans against.
import { loadCiphertext, loadPlaintext, multiplyAccumulate, createKernel } from '../src/kernel/kernel.ts';
import { workClock } from './measure.ts';

/** Multiply-accumulates of residues a second: at best, in a whole plan, and their quotient. */
export interface Roofline {
  readonly measuredMacPerSecond: number;
  readonly planMacPerSecond: number;
  readonly fraction: number;
}

// Both polynomials and the factor together fill 12 KiB: they stay in the first-level cache.
const DEGREE = 1024;
const TERMS = 256;
const CALLS = 400;
const ROUNDS = 9;

/** The best rate of the kernel's own sum of products, on operands that stay in the first-level cache. */
export async function bestMacRate(code: WebAssembly.Module, primes: readonly number[]): Promise<number> {
  const kernel = await createKernel(code, { polyModulusDegree: DEGREE, primes: [primes[0], primes[1]] });
  using ciphertext = loadCiphertext(kernel, new Uint32Array(2 * DEGREE).fill(12345), { size: 2, primes: 1 });
  using plaintext = loadPlaintext(kernel, new Uint32Array(DEGREE).fill(54321), 1, 'factor');
  const terms = Array.from({ length: TERMS }, () => ({ ciphertext, plaintext }));
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const start = workClock();
    for (let call = 0; call < CALLS; call += 1) multiplyAccumulate(terms)[Symbol.dispose]();
    rates.push((CALLS * TERMS * 2 * DEGREE * 1000) / (workClock() - start));
  }
  return Math.max(...rates);
}

/** The roofline of a plan with `macs` products that takes `ms`. */
export function rooflineOf(measuredMacPerSecond: number, macs: number, ms: number): Roofline {
  const planMacPerSecond = (macs * 1000) / ms;
  return { measuredMacPerSecond, planMacPerSecond, fraction: planMacPerSecond / measuredMacPerSecond };
}
