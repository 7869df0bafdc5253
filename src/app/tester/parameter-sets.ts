// Parameter sets worth trying for a network, and which of those tried are the best.
import type { ParametersLiteral } from '../../params/parameters.ts';

// Bits of the primes that rescales divide by. 30 is the kernel's most.
const MIDDLE_BITS = [24, 26, 28, 30] as const;

const LARGEST_DEGREE = 32_768;

/**
 * Sets worth trying for a network that compiles to `chosen`: its own, others with smaller or larger primes in the middle,
 * each at its degree and at twice that.
 */
export function proposedSets({
  polyModulusDegree,
  coeffModulusBits,
}: ParametersLiteral): ParametersLiteral[] {
  const variants = [coeffModulusBits, ...MIDDLE_BITS.map((bits) => withMiddle(coeffModulusBits, bits))];
  const sets = [polyModulusDegree, 2 * polyModulusDegree]
    .filter((degree) => degree <= LARGEST_DEGREE)
    .flatMap((degree) => variants.map((bits) => ({ polyModulusDegree: degree, coeffModulusBits: bits })));
  return [...new Map(sets.map((set) => [JSON.stringify(set), set])).values()];
}

/** The first prime holds the result and the last is for keys: they stay. */
function withMiddle(all: readonly number[], bits: number): number[] {
  return all.map((own, index) => (index === 0 || index === all.length - 1 ? own : bits));
}

/** A set that ran, as a point between time and error. */
export interface SweepPoint {
  readonly evaluateMs: number;
  readonly maxAbsError: number;
}

/** Those of `points` that no other beats in both: the Pareto front, fastest first. */
export function paretoFront<P extends SweepPoint>(points: readonly P[]): P[] {
  const front: P[] = [];
  for (const point of [...points].sort(
    (a, b) => a.evaluateMs - b.evaluateMs || a.maxAbsError - b.maxAbsError,
  )) {
    const best = front.at(-1);
    if (!best || point.maxAbsError < best.maxAbsError) front.push(point);
  }
  return front;
}
