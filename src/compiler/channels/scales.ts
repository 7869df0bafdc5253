// What each stage of a channel program wants its input at, by the scale policy.
import { assert } from '../../base/assert.ts';
import { powerOfTwo } from '../../base/exact-math.ts';
import type { Parameters } from '../../params/parameters.ts';
import { scaleBackward, SCALES, type StageScale } from '../scales.ts';
import type { Step } from './schedule.ts';

const { inputBits, betweenBits, sharedScalarBits, sharedFieldBits } = SCALES.channels;

function drops(step: Step): boolean {
  return step.kind === 'square' || step.rescale;
}

/**
 * Scales of `steps`: a square's input is the root of what its output must be, a shared pair's input whatever its two factors
 * leave, every other linear stage's the policy's, its diagonals taking up the rest.
 */
export function assignScales(steps: readonly Step[], parameters: Parameters): StageScale[] {
  assert(steps[0]?.kind === 'linear', 'a program begins with a linear step');
  const level = parameters.maxLevel - steps.filter(drops).length;
  return scaleBackward(
    steps.map(drops),
    parameters,
    { level, scale: powerOfTwo(SCALES.outputBits) },
    (index, product) =>
      index === 0 ? powerOfTwo(inputBits) : inputScaleOf(steps[index], steps[index - 1], product),
  );
}

/** Scale that `step` wants its input at, given what its product before the rescale must be. */
function inputScaleOf(step: Step, before: Step, product: number): number {
  if (step.kind === 'square') return Math.sqrt(product);
  if (!step.rescale) return product / powerOfTwo(sharedScalarBits);
  if (before.kind === 'linear' && !before.rescale) return product / powerOfTwo(sharedFieldBits);
  return powerOfTwo(betweenBits);
}
