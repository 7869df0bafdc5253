// What encodes to zero: such a factor is left out of a plan, since a ciphertext times nothing hides nothing.
import { type Diagonal, vectorsOf } from './stages/linear-rows.ts';

/**
 * Whether `diagonal` certainly rounds to the zero polynomial at `plainScale`. A scalar is rounded once; no coefficient of an
 * encoded vector exceeds its values' mean size (Cheon, Kim, Kim and Song 2017, section 3.2: the encoding is a unitary map
 * up to a factor), so that a mean below one half is sure to vanish; of complex values, the mean of both parts together.
 */
export function encodesToZero(diagonal: Diagonal, plainScale: number): boolean {
  if (diagonal.kind === 'scalar') return Math.round(diagonal.value * plainScale) === 0;
  let total = 0;
  const vectors = vectorsOf(diagonal);
  for (const vector of vectors) for (let i = 0; i < vector.length; i += 1) total += Math.abs(vector[i]);
  return (total / vectors[0].length) * plainScale < 0.5;
}

/** The smallest factor that does not: stands where a ciphertext must be multiplied by something (SEAL refuses zero). */
export function leastFactor(plainScale: number): Diagonal {
  return { kind: 'scalar', value: 1 / plainScale };
}
