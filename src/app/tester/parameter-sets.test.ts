// Proposed parameter sets, and the Pareto front against its definition.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paretoFront, proposedSets, type SweepPoint } from './parameter-sets.ts';

describe('proposedSets', () => {
  it('begins with the chosen set, and varies the middle primes and the degree', () => {
    const chosen = { polyModulusDegree: 8192, coeffModulusBits: [30, 28, 28, 30] };
    const sets = proposedSets(chosen);
    expect(sets[0]).toEqual(chosen);
    expect(sets).toContainEqual({ polyModulusDegree: 16384, coeffModulusBits: [30, 24, 24, 30] });
    // Four sizes of primes at two degrees; the chosen set is one of them.
    expect(sets).toHaveLength(8);
  });

  it('proposes no degree outside the security table', () => {
    const sets = proposedSets({ polyModulusDegree: 32768, coeffModulusBits: [30, 27, 30] });
    expect(sets.every(({ polyModulusDegree }) => polyModulusDegree === 32768)).toBe(true);
  });
});

describe('paretoFront', () => {
  const beats = (a: SweepPoint, b: SweepPoint): boolean =>
    a.evaluateMs <= b.evaluateMs &&
    a.maxAbsError <= b.maxAbsError &&
    (a.evaluateMs < b.evaluateMs || a.maxAbsError < b.maxAbsError);

  it('holds exactly the points that no other beats', () => {
    const point = fc.record({ evaluateMs: fc.nat(20), maxAbsError: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(point, { maxLength: 30 }), (points) => {
        const front = paretoFront(points);
        for (const a of points) {
          const isBest = !points.some((b) => beats(b, a));
          const isThere = front.some((b) => b.evaluateMs === a.evaluateMs && b.maxAbsError === a.maxAbsError);
          expect(isThere).toBe(isBest);
        }
      }),
    );
  });
});
