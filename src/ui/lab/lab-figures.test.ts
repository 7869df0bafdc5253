// The lab's figures and axes, at their edges.
import { describe, expect, it } from 'vitest';
import { formatCount, formatError, formatShape, formatValue } from './lab-figures.ts';
import { decades, logScale } from './log-scale.ts';

describe('figures', () => {
  it('are written for people', () => {
    expect([[1, 12, 12], [10], []].map(formatShape)).toEqual(['1 × 12 × 12', '10', '1']);
    expect([999, 6172, 1234567].map(formatCount)).toEqual(['999', '6\u2009172', '1\u2009234\u2009567']);
    expect([0, 0.00012345, 2.5].map(formatError)).toEqual(['0', '1.2e-4', '2.5e+0']);
    expect([0, 1.5, 1e-5, 123456].map(formatValue)).toEqual(['0.0000', '1.5000', '1.000e-5', '1.235e+5']);
  });
});

describe('axes', () => {
  it.each([
    [
      [3, 40],
      [0, 1, 2],
    ],
    [
      [0, 0.002],
      [-3, -2],
    ],
    [[10], [1, 2]],
    [[], [0, 1]],
  ])('%j lie within %j', (values, powers) => expect(decades(values)).toEqual(powers));

  it('put powers of ten at equal distances, and nothing outside', () => {
    const at = logScale([0, 1, 2], 100, 0);
    expect([1, 10, 100, 1000, 0.1, 0, Number.NaN].map(at)).toEqual([100, 50, 0, 0, 100, 100, 100]);
  });
});
