// Fields of a parameter file by type, and the nearest key to a misspelt one.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, Fields, nearestKey } from './config-fields.ts';

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['base', 'bse', 1],
    ['input', 'inputt', 1],
    ['layers', 'laeyrs', 1],
    ['sets', 'set', 1],
    ['kitten', 'sitting', 3],
    ['abc', '', 3],
  ])('of %j and %j is %i', (a, b, expected) => {
    expect(editDistance(a, b)).toBe(expected);
  });

  it('is symmetric, 0 for equal texts alone, and at most the longer length', () => {
    const text = fc.string({ maxLength: 8, unit: fc.constantFrom('a', 'b', 'c') });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });
});

describe('nearestKey', () => {
  const known = ['m', 'p', 'sec', 'base', 'max_threads', 'polyModulusDegree'];

  it.each([
    ['bse', 'base'],
    ['secs', 'sec'],
    ['maxThreads', 'max_threads'],
    ['poly_modulus_degree', 'polyModulusDegree'],
    ['PolyModulusDegre', 'polyModulusDegree'],
    ['q', undefined],
    ['colour', undefined],
    ['', undefined],
  ])('to %j is %j', (key, expected) => {
    expect(nearestKey(key, known)).toBe(expected);
  });
});

describe('Fields', () => {
  it('reads no key that JavaScript itself gives to objects', () => {
    const fields = new Fields({}, 'the file');
    expect([fields.has('constructor'), fields.text('toString'), fields.keys]).toEqual([false, undefined, []]);
  });
});
