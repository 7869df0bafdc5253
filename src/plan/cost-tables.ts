// Measured costs of a backend's operations, which decide how the compiler packs.
import type { CostTable } from './counts.ts';

// All tables are for N = 8192 and scale with N log N, near enough to N for the degrees in use.
const REFERENCE_SLOTS = 4096;

function scaled(ms: number, slots: number): number {
  return (ms * slots) / REFERENCE_SLOTS;
}

/** node-seal 7.0.0, Node 24, one thread (DESIGN section 4: N = 8192, 28 to 30-bit primes). A field is encoded each time. */
export const SEAL_COSTS: CostTable = {
  rotate: (primes, slots) => scaled(0.167 * primes * (primes + 1), slots),
  relinearize: (primes, slots) => scaled(0.16 * primes * (primes + 1), slots),
  multiplyPlain: (primes, slots) => scaled(0.9 + 0.1 * primes, slots),
  multiplyScalar: (primes, slots) => scaled(0.15 * primes, slots),
  rescale: (primes, slots) => scaled(0.23 * primes, slots),
  square: (primes, slots) => scaled(0.2 * primes, slots),
};

/** The project's SIMD kernel, one thread, the same parameters. Fields are encoded once, before the run. */
const SIMD_COSTS: CostTable = {
  rotate: (primes, slots) => scaled(0.02 * primes * (primes + 1), slots),
  relinearize: (primes, slots) => scaled(0.024 * primes * (primes + 1), slots),
  multiplyPlain: (primes, slots) => scaled(0.008 * primes, slots),
  multiplyScalar: (primes, slots) => scaled(0.004 * primes, slots),
  rescale: (primes, slots) => scaled(0.05 * primes, slots),
  square: (primes, slots) => scaled(0.01 * primes, slots),
};

/** The table of each backend. */
export const COST_TABLES = { seal: SEAL_COSTS, simd: SIMD_COSTS } as const;
