// What a client accepts: its own bound, which a card can lower and never raise.
import { describe, expect, it } from 'vitest';
import { boundFor, HIGHEST_BOUND, loweredBy } from './verification-bounds.ts';

describe('a bound', () => {
  it('is the pinned one, or the highest where none is pinned', () => {
    expect(boundFor('mosaic', 25, 'simd')).toBeLessThan(HIGHEST_BOUND / 10);
    expect(boundFor('mosaic', 25, 'seal')).toBe(HIGHEST_BOUND);
  });

  it('is lowered by a card, and raised by none', () => {
    const own = boundFor('liquid', 25, 'simd');
    expect(loweredBy(1, own)).toBe(own);
    expect(loweredBy(own / 80, own)).toBeCloseTo(own / 10, 12);
    expect(loweredBy(0, own)).toBe(0);
  });
});
