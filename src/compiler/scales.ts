// The scale policy of both forms: how many bits everything has, and the walk that finds every stage's level and scales.
import type { Parameters } from '../params/parameters.ts';
import { droppedPrime } from '../plan/plan.ts';

/**
 * The policy, in bits. Rescaling leaves an absolute error of about 2^11 (N = 8192) in the slots and switching a key 2^13,
 * which the next map's weights multiply: values between stages lie well above that. The result needs 2 bits above its scale
 * in q_0 and one for the sign.
 *
 * The forms share the primes, the result and the walk. They differ in what a linear stage reads, since they are read
 * differently: a channel program's stages read values once, mostly with scalars, and its input is 0 or 1, so that bits go to
 * the stages in between; a general network's diagonals are vectors, whose rounding counts, and its inputs are any numbers,
 * so that both get what they need.
 */
export const SCALES = {
  /** The result. */
  outputBits: 27,
  /**
   * The fewest that a result may have whose values are large. Noise is a share of the largest result whatever its scale: both
   * together fill q_0. What is left must hold the scale of the map before.
   */
  leastOutputBits: 12,
  /** Above the scale of a result: one for the sign, one because inputs may go beyond the samples. */
  headroomBits: 2,
  /** q_0. */
  baseBits: 30,
  /** A prime dropped in the middle. */
  middlePrimeBits: 28,
  /** The prime dropped last, larger to make room for two factors in one rescale. */
  lastPrimeBits: 30,
  channels: {
    /** Fresh ciphertexts. */
    inputBits: 28,
    /** What a linear stage in the middle reads, unless it shares its rescale. */
    betweenBits: 31,
    /** Scale of a map of scalars that shares the next map's rescale: scalars are exact integers, rounded to 2^-15. */
    sharedScalarBits: 14,
    /** Scale of the fields behind it: their encoding rounds 26 units (N = 8192) of 2^-17. */
    sharedFieldBits: 17,
  },
  general: {
    /** What a linear stage reads, where it can: errors of a fixed size are the smaller the larger the scale. */
    valueBits: 30,
    /** Diagonals keep at least this much: rounding them leaves 26 units (N = 8192), relative to what they meet. */
    leastPlainBits: 24,
  },
} as const;

/**
 * Bits of the primes that rescales divide by, first dropped first.
 * @param kept primes that are there after the last rescale, besides q_0
 */
export function rescalePrimeBits(drops: number, kept = 0): number[] {
  return Array.from({ length: drops + kept }, (_, index) =>
    index >= drops - 1 ? SCALES.lastPrimeBits : SCALES.middlePrimeBits,
  );
}

/** Level and scales of one stage; `plainScale` is the scale of its diagonals, that of its other factor for a product. */
export interface StageScale {
  readonly level: number;
  readonly inScale: number;
  readonly plainScale: number;
  readonly outScale: number;
}

/**
 * Levels and scales of stages, found backward from the result's: each rescale then lands exactly where the next stage begins.
 * @param drops whether each stage drops a prime
 * @param end level and scale of the result
 * @param inScaleOf what a stage wants its input at, given its products' scale before a rescale
 */
export function scaleBackward(
  drops: readonly boolean[],
  parameters: Parameters,
  end: { readonly level: number; readonly scale: number },
  inScaleOf: (index: number, product: number) => number,
): StageScale[] {
  const scales: StageScale[] = [];
  let { level, scale: outScale } = end;
  for (let index = drops.length - 1; index >= 0; index -= 1) {
    if (drops[index]) level += 1;
    const product = drops[index] ? outScale * droppedPrime(parameters, level) : outScale;
    const inScale = inScaleOf(index, product);
    scales.unshift({ level, inScale, plainScale: product / inScale, outScale });
    outScale = inScale;
  }
  return scales;
}
