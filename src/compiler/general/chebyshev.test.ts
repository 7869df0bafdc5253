// Chebyshev series: exact for polynomials, near for smooth functions, and expanded into products that compute the same.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateSeries, expandSeries, fit, interpolate } from './chebyshev.ts';
import { evaluateProgram, ProgramBuilder } from './program.ts';

const polynomial = (coefficients: readonly number[]) => (x: number) =>
  coefficients.reduceRight((sum, c) => sum * x + c, 0);

describe('interpolate', () => {
  it('gives a polynomial back exactly', () => {
    const coefficient = fc.double({ min: -2, max: 2, noNaN: true });
    const cases = fc.tuple(
      fc.array(coefficient, { minLength: 1, maxLength: 9 }),
      fc.double({ min: -3, max: 3, noNaN: true }),
    );
    fc.assert(
      fc.property(cases, ([coefficients, x]) => {
        const p = polynomial(coefficients);
        const series = interpolate(p, -3, 3, coefficients.length - 1);
        expect(evaluateSeries(series, x)).toBeCloseTo(p(x), 6);
      }),
    );
  });
});

describe('fit', () => {
  it('takes the least degree that is near enough, and says how near', () => {
    const { series, maxAbsError } = fit(Math.tanh, -2, 2, 0.01);
    expect(series.coefficients).toHaveLength(8);
    for (let x = -2; x <= 2; x += 0.01) {
      expect(Math.abs(Math.tanh(x) - evaluateSeries(series, x))).toBeLessThan(maxAbsError + 1e-6);
    }
    // A corner has no good polynomial: the best there is, with its error.
    const corner = fit(Math.abs, -1, 1, 1e-6);
    expect(corner.series.coefficients).toHaveLength(32);
    expect(corner.maxAbsError).toBeGreaterThan(1e-3);
  });
});

describe('expandSeries', () => {
  it.each(['composed', 'apart'] as const)('computes every degree with %s leaves', (leaves) => {
    for (let degree = 1; degree <= 20; degree += 1) {
      const builder = new ProgramBuilder();
      const input = builder.input([3], 3);
      const series = interpolate((x) => Math.sin(2 * x), -1, 2, degree);
      const output = expandSeries(builder, input, series, () => series.coefficients, 'sine', leaves);
      const values = evaluateProgram(builder.finish(output), [-0.9, 0.3, 1.7]).output;
      [-0.9, 0.3, 1.7].forEach((x, i) => expect(values[i]).toBeCloseTo(evaluateSeries(series, x), 9));
    }
  });

  it('takes as many products in a row as the degree has binary digits', () => {
    const builder = new ProgramBuilder();
    const series = interpolate(Math.exp, -1, 1, 15);
    const output = expandSeries(
      builder,
      builder.input([1], 1),
      series,
      () => series.coefficients,
      'exp',
      'composed',
    );
    const { bases } = builder.finish(output);
    expect(Math.max(...bases.map(({ phase }) => phase))).toBe(3);
  });
});
