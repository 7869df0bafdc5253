// The operations that take time on the server, and what a backend's table of their costs looks like.

/** Every operation that is counted. */
export const OPERATIONS = [
  'rotate',
  'multiplyPlain',
  'multiplyScalar',
  'rescale',
  'square',
  'relinearize',
] as const;

/** One of {@link OPERATIONS}. */
export type OperationName = (typeof OPERATIONS)[number];

/** `counts[operation][level]` */
export type OperationCounts = Record<OperationName, number[]>;

/** Milliseconds of one operation on a ciphertext with `primes` data primes and `slots` slots. */
type Cost = (primes: number, slots: number) => number;

/** What a backend's operations cost. */
export type CostTable = Record<OperationName, Cost> & {
  /** A baby step: less than `rotate` where the backend decomposes a ciphertext once for all of them. */
  readonly rotateHoisted: Cost;
  /** What such a backend does once for each input and, at the end, once for each sum; 0 for others. */
  readonly hoist: Cost;
  /** A product in a hoisted sum, which such a backend adds up under the special prime as well. */
  readonly multiplyHoisted: Cost;
  /** Whether rotations that share a decomposition take digits around 0, which makes less noise; see src/compiler/predict.ts. */
  readonly centersDigits?: true;
  /** Encoding a vector, where that is not part of each product. */
  readonly encode: Cost;
};

/** Costs of one baby step and one giant step. */
export interface StepCosts {
  readonly baby: number;
  readonly giant: number;
}

/** What rotations of a stage cost by `costs`. */
export function stepCosts({ rotate, rotateHoisted }: CostTable, primes: number, slots: number): StepCosts {
  return { baby: rotateHoisted(primes, slots), giant: rotate(primes, slots) };
}
