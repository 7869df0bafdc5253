// What a plan is chosen by where one cost stands against another: a word for it, or the weights themselves.
import { SealedError } from '../base/errors.ts';
import type { RunPrice } from './explanation.ts';

/** The time of a run, the bytes of its keys, or both together. */
export const PREFERENCES = ['latency', 'small-keys', 'balanced'] as const;
/** One of {@link PREFERENCES}. */
export type Preference = (typeof PREFERENCES)[number];

/** How much each part of a run's price counts: 0 for nothing, 1 for each of its milliseconds in full. */
export type PriceWeights = Readonly<Record<keyof RunPrice, number>>;

const WEIGHTS: Readonly<Record<Preference, PriceWeights>> = {
  // Keys that were made long before the run.
  latency: { evaluateMs: 1, keysMs: 0.01, requestMs: 1, responseMs: 1 },
  // Keys that serve some runs.
  balanced: { evaluateMs: 1, keysMs: 0.1, requestMs: 1, responseMs: 1 },
  // Keys made for this run alone.
  'small-keys': { evaluateMs: 1, keysMs: 1, requestMs: 1, responseMs: 1 },
};

/**
 * The weights that `prefer` stands for.
 * @throws SealedError `invalid-argument` for an unknown word, and for weights that are missing, negative or not finite, or 0
 *   all of them
 */
export function weightsOf(prefer: Preference | PriceWeights): PriceWeights {
  if (typeof prefer === 'string') {
    if (Object.hasOwn(WEIGHTS, prefer)) return WEIGHTS[prefer];
    throw invalid(
      `There is no preference "${String(prefer).slice(0, 40)}": ${PREFERENCES.join(', ')} are known.`,
    );
  }
  const { evaluateMs, keysMs, requestMs, responseMs } = prefer;
  const all = [evaluateMs, keysMs, requestMs, responseMs];
  if (all.every((weight) => Number.isFinite(weight) && weight >= 0) && all.some((weight) => weight > 0)) {
    return { evaluateMs, keysMs, requestMs, responseMs };
  }
  throw invalid(
    'Weigh evaluateMs, keysMs, requestMs and responseMs by numbers from 0 on, not all of them 0.',
  );
}

function invalid(message: string): SealedError {
  return new SealedError('invalid-argument', message, { stage: 'compile' });
}
