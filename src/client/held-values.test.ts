// Values between segments: per input, per run, given out once.
import { describe, expect, it } from 'vitest';
import { HeldValues } from './held-values.ts';

describe('HeldValues', () => {
  it('gives inputs back in other groups than they came in, once', () => {
    const held = new HeldValues();
    held.put(1, 0, Float32Array.of(1, 2, 3, 4), 2);
    held.put(1, 2, Float32Array.of(5, 6), 1);
    expect(held.take(1, 1, 2)).toEqual(Float32Array.of(3, 4, 5, 6));
    expect(() => held.take(1, 1, 1)).toThrow(/holds no values of input 1/);
    expect(held.take(1, 0, 1)).toEqual(Float32Array.of(1, 2));
  });

  it('forgets another run, and all when told', () => {
    const held = new HeldValues();
    held.put(1, 0, Float32Array.of(1), 1);
    held.put(2, 0, Float32Array.of(2), 1);
    expect(() => held.take(1, 0, 1)).toThrow(/holds no values/);
    held.clear();
    expect(() => held.take(2, 0, 1)).toThrow(/holds no values/);
  });
});
