// What a preference weighs, and what is refused as one.
import { describe, expect, it } from 'vitest';
import { type Preference, PREFERENCES, type PriceWeights, weightsOf } from './preference.ts';

describe('weightsOf', () => {
  it('counts keys the more, the fewer runs they serve', () => {
    const [latency, balanced, small] = (['latency', 'balanced', 'small-keys'] as const).map(
      (prefer) => weightsOf(prefer).keysMs,
    );
    expect(latency).toBeLessThan(balanced);
    expect(balanced).toBeLessThan(small);
    expect(PREFERENCES.map((prefer) => weightsOf(prefer).evaluateMs)).toEqual([1, 1, 1]);
  });

  it('takes weights as they are', () => {
    const weights: PriceWeights = { evaluateMs: 0, keysMs: 2, requestMs: 0.5, responseMs: 0 };
    expect(weightsOf(weights)).toEqual(weights);
  });

  const one = { evaluateMs: 1, keysMs: 1, requestMs: 1, responseMs: 1 };
  it.each<[string, unknown]>([
    ['an unknown word', 'fast'],
    ['a name of every object', 'constructor'],
    ['a part that is missing', { ...one, keysMs: undefined }],
    ['a negative part', { ...one, keysMs: -1 }],
    ['no number', { ...one, requestMs: NaN }],
    ['nothing at all', { evaluateMs: 0, keysMs: 0, requestMs: 0, responseMs: 0 }],
  ])('refuses %s', (_, prefer) => {
    expect(() => weightsOf(prefer as Preference)).toThrow(
      expect.objectContaining({ code: 'invalid-argument', stage: 'compile' }) as Error,
    );
  });
});
