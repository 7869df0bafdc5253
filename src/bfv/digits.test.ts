// The digits of numbers, against arithmetic on big integers that shares nothing with the encoder.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { centred, type DigitEncoding, digitsOf, numberOf } from './digits.ts';

const BINARY: DigitEncoding = { base: 2, intDigits: 64, fracDigits: 32 };
const number = fc.double({ min: -1e6, max: 1e6, noNaN: true });

/** A double as a fraction of whole numbers: its bits, taken apart. */
function fraction(value: number): { top: bigint; bottom: bigint } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const exponent = Number((bits >> 52n) & 0x7ffn);
  const mantissa = (bits & ((1n << 52n) - 1n)) + (exponent === 0 ? 0n : 1n << 52n);
  const shift = Math.max(exponent, 1) - 1075;
  const size = shift >= 0 ? mantissa << BigInt(shift) : mantissa;
  return { top: bits >> 63n ? -size : size, bottom: shift >= 0 ? 1n : 1n << BigInt(-shift) };
}

/** Σ digits · base^(place + fracDigits), a whole number. */
function scaled({ base, fracDigits }: DigitEncoding, value: number): bigint {
  const { places, digits } = digitsOf(value, { base, intDigits: 64, fracDigits });
  return places.reduce(
    (sum, place, i) => sum + BigInt(digits[i]) * BigInt(base) ** BigInt(place + fracDigits),
    0n,
  );
}

describe('digitsOf', () => {
  it('in base 2 is the number cut off after the last digit, of digits of one sign', () => {
    fc.assert(
      fc.property(number, fc.integer({ min: 1, max: 60 }), (value, fracDigits) => {
        const { top, bottom } = fraction(value);
        // BigInt divides towards 0.
        expect(scaled({ ...BINARY, fracDigits }, value)).toBe((top << BigInt(fracDigits)) / bottom);
        const { digits } = digitsOf(value, { ...BINARY, fracDigits });
        expect(digits.every((digit) => digit === Math.sign(value))).toBe(true);
      }),
    );
  });

  it('in another base is within half a last digit, of digits around 0', () => {
    fc.assert(
      fc.property(
        number,
        fc.integer({ min: 3, max: 40 }),
        fc.integer({ min: 1, max: 12 }),
        (value, base, fracDigits) => {
          const encoding = { base, intDigits: 64, fracDigits };
          const { top, bottom } = fraction(value);
          const off = scaled(encoding, value) * bottom - top * BigInt(base) ** BigInt(fracDigits);
          // What a double of this size loses when it is multiplied by the base comes on top of half a digit.
          const lost = 2 ** -30 * base ** fracDigits;
          expect(Math.abs(Number((off * 1_000_000n) / bottom)) / 1e6).toBeLessThanOrEqual(0.5 + lost);
          const { digits } = digitsOf(value, encoding);
          expect(digits.every((digit) => 2 * Math.abs(digit) <= base)).toBe(true);
        },
      ),
    );
  });

  it.each([
    [5.75, 2, [-2, -1, 0, 2], [1, 1, 1, 1]],
    [-0.5, 2, [-1], [-1]],
    [5, 3, [0, 1, 2], [-1, -1, 1]],
    // 0.5 in base 4 is 2/4: half the base, which is carried on.
    [0.5, 4, [-1, 0], [-2, 1]],
    [2 ** -40, 2, [], []],
    [0, 2, [], []],
  ])('of %f in base %i are at %j: %j', (value, base, places, digits) => {
    expect(digitsOf(value, { base, intDigits: 64, fracDigits: 32 })).toEqual({ places, digits });
  });
});

describe('numberOf', () => {
  it('reads what was encoded, from a ring of any degree and p that hold it', () => {
    const encoding = fc.record({
      base: fc.integer({ min: 2, max: 16 }),
      intDigits: fc.constant(24),
      fracDigits: fc.integer({ min: 1, max: 8 }),
    });
    fc.assert(
      fc.property(number, encoding, fc.integer({ min: 33, max: 1000 }), (value, options, p) => {
        const degree = 64;
        const coefficients = new Array<number>(degree).fill(0);
        const { places, digits } = digitsOf(value, options);
        // Residues modulo p, as a plaintext has them; X^−k is −X^(N−k).
        places.forEach((place, i) => {
          const digit = place < 0 ? -digits[i] : digits[i];
          coefficients[place < 0 ? degree + place : place] = ((digit % p) + p) % p;
        });
        const read = numberOf((place) => centred(coefficients[place], p), degree, options);
        expect(Math.abs(read - value)).toBeLessThanOrEqual(
          options.base ** -options.fracDigits * (1 + 1e-9) + 1e-9,
        );
      }),
    );
  });

  it('reads nothing between the two parts', () => {
    const options = { base: 2, intDigits: 4, fracDigits: 4 };
    const degree = 16;
    const read = (at: number): number => numberOf((place) => (place === at ? 1 : 0), degree, options);
    expect([0, 3, 4, 11, 12, 15].map(read)).toEqual([1, 8, 0, 0, -1 / 16, -1 / 2]);
  });
});

describe('centred', () => {
  it.each([
    [0, 7, 0],
    [3, 7, 3],
    [4, 7, -3],
    [-4, 7, 3],
    [3, 6, -3],
    [2, 6, 2],
    [13, 7, -1],
  ])('%i modulo %i is %i', (value, p, expected) => expect(centred(value, p)).toBe(expected));
});
