// What a network does to digits, computed in the clear: the float network's values, what decoding will give, what is lost.
import {
  DigitCache,
  type DigitReach,
  type DigitRing,
  decodeAll,
  encodeAll,
  reachOf,
  stepDigits,
} from './digit-tensor.ts';
import type { ValueStep } from './value-layout.ts';

/** A layer in the clear. */
export interface ClearLayer {
  readonly step: ValueStep;
  /** The float network's values, in double precision. */
  readonly exact: Float64Array;
  /** What decryption and decoding will give while the noise budget lasts. */
  readonly decoded: Float64Array;
  readonly reach: DigitReach;
  /** Largest difference of the two. */
  readonly bound: number;
}

/** The layer `step` of a float network, in double precision. */
function exactStep(step: ValueStep, before: Float64Array): Float64Array {
  if (step.kind === 'same' || step.kind === 'refresh') return before;
  if (step.kind === 'squares') return before.map((x) => x * x);
  return Float64Array.from({ length: step.count }, (_, element) => {
    const { sources, weights, divisor, bias } = step.sumOf(element);
    let sum = 0;
    for (let i = 0; i < sources.length; i += 1) sum += weights[i] * before[sources[i]];
    return sum / divisor + bias;
  });
}

/** Largest difference between two lists of the same length. */
function largestDifference(a: Float64Array, b: Float64Array): number {
  let most = 0;
  for (let i = 0; i < a.length; i += 1) most = Math.max(most, Math.abs(a[i] - b[i]));
  return most;
}

/** Every layer of `steps` on `input` in `ring`. */
export async function clearLayers(
  steps: readonly ValueStep[],
  input: Float64Array,
  ring: DigitRing,
  pause: () => Promise<void>,
): Promise<ClearLayer[]> {
  const weights = new DigitCache(ring);
  let [digits, exact] = [encodeAll(input, ring), input];
  const layers: ClearLayer[] = [];
  for (const step of steps) {
    await pause();
    digits = stepDigits(step, digits, weights, ring);
    exact = exactStep(step, exact);
    const decoded = decodeAll(digits, ring);
    const bound = largestDifference(decoded, exact);
    layers.push({ step, exact, decoded, reach: reachOf(digits, ring), bound });
  }
  return layers;
}
