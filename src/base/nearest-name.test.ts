// Names that are near, and names that are not.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestName } from './nearest-name.ts';

const KNOWN = ['style', 'model', 'params', 'bench', 'backend', 'json'];

describe('nearestName', () => {
  it.each([
    ['stlye', 'style'],
    ['syle', 'style'],
    ['styles', 'style'],
    ['modle', 'model'],
    ['Model', 'model'],
    ['parms', 'params'],
    ['para', 'params'],
    ['back', 'backend'],
    ['jsno', 'json'],
    ['JSON', 'json'],
  ])('takes "%s" for "%s"', (name, meant) => {
    expect(nearestName(name, KNOWN)).toBe(meant);
  });

  it.each(['paint', 'constructor', '', 'x', 'b', 'everything'])('takes "%s" for nothing', (name) => {
    expect(nearestName(name, KNOWN)).toBeUndefined();
  });

  it('takes a known name for itself, and one with a slip for one that is no further away', () => {
    const letters = fc.string({ minLength: 3, maxLength: 12 });
    fc.assert(
      fc.property(fc.uniqueArray(letters, { minLength: 1 }), fc.nat(), fc.nat(), (known, pick, at) => {
        const own = known.map((name) => name.toLowerCase());
        fc.pre(new Set(own).size === own.length);
        const name = known[pick % known.length];
        expect(nearestName(name, known)).toBe(name);
        const slip = name.slice(0, at % name.length) + name.slice((at % name.length) + 1);
        expect(nearestName(slip, known)).toBeDefined();
      }),
    );
  });
});
