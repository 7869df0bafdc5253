// Levels and exact scales: which scale each stage works at so that every rescale lands where it should.
import { assert } from '../../base/assert.ts';
import type { Parameters } from '../../params/parameters.ts';
import { droppedPrime } from '../../plan/plan.ts';
import type { Step } from './schedule.ts';

/**
 * The scale policy, in bits. Rescaling leaves an absolute error of about 2^11 (N = 8192) in the slots and switching a key
 * 2^13, which the next map's weights multiply: values between stages lie well above that. The result needs 2 bits above its scale in q_0 and one for the sign.
 */
export const SCALES = {
  /** Fresh ciphertexts. */
  inputBits: 28,
  /** What a linear stage in the middle reads, unless it shares its rescale. */
  betweenBits: 31,
  /** The result. */
  outputBits: 27,
  /** q_0. */
  baseBits: 30,
  /** A prime dropped in the middle. */
  middlePrimeBits: 28,
  /** The prime dropped last, larger to make room for two factors in one rescale. */
  lastPrimeBits: 30,
  /** Scale of a map of scalars that shares the next map's rescale: scalars are exact integers, rounded to 2^-15. */
  sharedScalarBits: 14,
  /** Scale of the fields behind it: their encoding rounds 26 units (N = 8192) of 2^-17. */
  sharedFieldBits: 17,
} as const;

/** Bits of the primes that `drops` rescales divide by, first dropped first. */
export function rescalePrimeBits(drops: number): number[] {
  return Array.from({ length: drops }, (_, index) =>
    index === drops - 1 ? SCALES.lastPrimeBits : SCALES.middlePrimeBits,
  );
}

/** Level and scales of one stage; `plainScale` is the scale of its diagonals (1 for a square). */
export interface StageScale {
  readonly level: number;
  readonly inScale: number;
  readonly plainScale: number;
  readonly outScale: number;
}

function drops(step: Step): boolean {
  return step.kind === 'square' || step.rescale;
}

/**
 * Scales of `steps`, found backward from the result's: a square's input is the root of what its output must be, a shared
 * pair's input whatever its two factors leave, every other linear stage's the policy's, its diagonals taking up the rest.
 */
export function assignScales(steps: readonly Step[], parameters: Parameters): StageScale[] {
  const inputScale = 2 ** SCALES.inputBits;
  const levels: number[] = [];
  let level = parameters.maxLevel;
  for (const step of steps) {
    levels.push(level);
    if (drops(step)) level -= 1;
  }
  const scales: StageScale[] = [];
  let outScale = 2 ** SCALES.outputBits;
  for (let index = steps.length - 1; index >= 0; index -= 1) {
    const step = steps[index];
    const stageLevel = levels[index];
    const product = drops(step) ? outScale * droppedPrime(parameters, stageLevel) : outScale;
    const inScale = index === 0 ? inputScale : inputScaleOf(step, steps[index - 1], product);
    const plainScale = step.kind === 'square' ? 1 : product / inScale;
    scales.unshift({ level: stageLevel, inScale, plainScale, outScale });
    outScale = inScale;
  }
  const [first] = steps;
  assert(first?.kind === 'linear', 'a program begins with a linear step');
  return scales;
}

/** Scale that `step` wants its input at, given what its product before the rescale must be. */
function inputScaleOf(step: Step, before: Step, product: number): number {
  if (step.kind === 'square') return Math.sqrt(product);
  if (!step.rescale) return product / 2 ** SCALES.sharedScalarBits;
  if (before.kind === 'linear' && !before.rescale) return product / 2 ** SCALES.sharedFieldBits;
  return 2 ** SCALES.betweenBits;
}
