// Measured costs of a backend's operations, which decide how the compiler packs.
import type { CostTable } from './counts.ts';

// All tables are for N = 8192 and scale with N log N, near enough to N for the degrees in use.
const REFERENCE_SLOTS = 4096;

function scaled(ms: number, slots: number): number {
  return (ms * slots) / REFERENCE_SLOTS;
}

/*
 * Both tables are fits, within some percent, to what bench/operation-costs.ts printed on one core of an AMD EPYC under
 * Node 24, for 1 to 5 primes of 28 bits: the least of sixty runs, since the machine had other things to do as well.
 * Only the proportions within a table matter to what is chosen by it.
 */

const sealRotate = (primes: number, slots: number): number =>
  scaled(1.06 * primes + 0.18 * primes ** 2, slots);

const sealMultiplyPlain = (primes: number, slots: number): number => scaled(1.19 + 0.147 * primes, slots);

/** node-seal 7.0.0. A field is encoded each time it is used; it has no call for hoisting. */
const SEAL_COSTS: CostTable = {
  rotate: sealRotate,
  rotateHoisted: sealRotate,
  hoist: () => 0,
  multiplyHoisted: sealMultiplyPlain,
  encode: () => 0,
  relinearize: (primes, slots) => scaled(1.06 * primes + 0.18 * primes ** 2, slots),
  multiplyPlain: sealMultiplyPlain,
  multiplyScalar: (primes, slots) => scaled(0.03 + 0.184 * primes, slots),
  rescale: (primes, slots) => scaled(0.38 * primes, slots),
  square: (primes, slots) => scaled(0.23 * primes, slots),
};

/** The SIMD kernel, with what it takes to decompose a ciphertext for its rotations and to divide their sum by P. */
const SIMD_COSTS: CostTable = {
  centersDigits: true,
  rotate: (primes, slots) => scaled(0.139 * primes + 0.0137 * primes ** 2, slots),
  // Every digit meets every prime and P.
  rotateHoisted: (primes, slots) => scaled(0.009 * primes * (primes + 1), slots),
  hoist: (primes, slots) => scaled(0.04 + 0.07 * primes + 0.0206 * primes ** 2, slots),
  relinearize: (primes, slots) => scaled(0.132 * primes + 0.0142 * primes ** 2, slots),
  multiplyHoisted: (primes, slots) => scaled(0.006 * (primes + 1), slots),
  // The transform of the slots, then one of each prime and of P.
  encode: (primes, slots) => scaled(0.06 + 0.03 * (primes + 1), slots),
  // Fields are encoded once, before the run.
  multiplyPlain: (primes, slots) => scaled(0.0045 * primes, slots),
  multiplyScalar: (primes, slots) => scaled(0.0038 * primes, slots),
  rescale: (primes, slots) => scaled(0.0465 * primes, slots),
  square: (primes, slots) => scaled(0.0152 * primes, slots),
};

/**
 * The table of each backend: what layouts are chosen by, and what a run is predicted by where nothing has been measured. A
 * network so compiles to the same plan on every machine.
 */
export const COST_TABLES = { seal: SEAL_COSTS, simd: SIMD_COSTS } as const;

/**
 * What a run takes besides its evaluation, in milliseconds, measured at N = 8192 with 6 data primes, and with 1 for the
 * answer. They stand for a typical client and a typical line.
 */
export const CLIENT_COSTS = {
  polyModulusDegree: 8192,
  dataPrimes: 6,
  /** Making one key. */
  galoisKey: 10,
  relinearisationKey: 11,
  /** Encoding and encrypting one ciphertext. */
  encrypt: 1.2,
  /** Decrypting and decoding one ciphertext of one prime. */
  decrypt: 0.1,
  /** On the line. */
  bytesPerMs: 20_000,
} as const;
