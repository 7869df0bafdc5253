// Layers on digits, against polynomials of big integers modulo X^N + 1 and p, multiplied out term by term.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeOf } from '../model/graph.ts';
import { DigitCache, type DigitRing, decodeAll, encodeAll, reachOf, stepDigits } from './digit-tensor.ts';
import { digitsOf } from './digits.ts';
import { layOutValues, type ValueStep } from './value-layout.ts';

/** Coefficients of a plaintext, lowest first. */
type Ring = bigint[];

function encoded(value: number, ring: DigitRing): Ring {
  const out = new Array<bigint>(ring.degree).fill(0n);
  const { places, digits } = digitsOf(value, ring);
  places.forEach((place, i) => {
    const at = place < 0 ? ring.degree + place : place;
    out[at] += BigInt(place < 0 ? -digits[i] : digits[i]);
  });
  return out;
}

function product(a: Ring, b: Ring): Ring {
  const degree = a.length;
  const out = new Array<bigint>(degree).fill(0n);
  a.forEach((x, i) =>
    b.forEach((y, j) => {
      if (i + j < degree) out[i + j] += x * y;
      else out[i + j - degree] -= x * y;
    }),
  );
  return out;
}

const sum = (a: Ring, b: Ring): Ring => a.map((x, i) => x + b[i]);

/** What decryption and decoding give, as a fraction of base^fracDigits. */
function decoded(value: Ring, { p, base, intDigits, fracDigits, degree }: DigitRing): number {
  const modulus = BigInt(p);
  const residue = (x: bigint): bigint => {
    const r = ((x % modulus) + modulus) % modulus;
    return 2n * r >= modulus ? r - modulus : r;
  };
  let total = 0n;
  for (let i = 0; i < intDigits; i += 1) total += residue(value[i]) * BigInt(base) ** BigInt(fracDigits + i);
  for (let k = 1; k <= fracDigits; k += 1)
    total -= residue(value[degree - k]) * BigInt(base) ** BigInt(fracDigits - k);
  return Number(total) / base ** fracDigits;
}

const numbers = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.double({ min: -3, max: 3, noNaN: true }).map(Math.fround), {
    minLength: length,
    maxLength: length,
  });

describe('stepDigits', () => {
  it('is the ring’s arithmetic through a linear layer, a square and another linear layer, whatever wraps', () => {
    const ring = fc.record({
      degree: fc.constantFrom(16, 32, 64),
      p: fc.integer({ min: 5, max: 5000 }),
      base: fc.constantFrom(2, 3, 4),
      intDigits: fc.integer({ min: 1, max: 6 }),
      fracDigits: fc.integer({ min: 1, max: 8 }),
    });
    fc.assert(
      fc.property(ring, numbers(3), numbers(6), numbers(4), (options, input, weights, bias) => {
        const linear = (id: string, from: string, weight: number[], size: number): NodeOf<'linear'> => ({
          id,
          inputs: [from],
          op: 'linear',
          shape: [2],
          weight: { shape: [2, size], data: Float32Array.from(weight) },
          bias: { shape: [2], data: Float32Array.from(bias.slice(0, 2)) },
        });
        const nodes = [
          linear('a', 'x', weights, 3),
          { id: 's', inputs: ['a'], op: 'square', shape: [2] },
          linear('b', 's', weights.slice(2), 2),
        ] as const;
        const graph = { name: 'x', input: { id: 'x', shape: [3] }, nodes, output: 'b' };
        let digits = encodeAll(input, options);
        const cache = new DigitCache(options);
        for (const step of layOutValues(graph, 1, new Set()))
          digits = stepDigits(step, digits, cache, options);

        const encode = (value: number): Ring => encoded(value, options);
        const apply = (before: Ring[], weight: number[]): Ring[] =>
          [0, 1].map((row) =>
            before.reduce(
              (total, value, i) => sum(total, product(value, encode(weight[row * before.length + i]))),
              encode(bias[row]),
            ),
          );
        const first = apply(input.map(encode), weights);
        const last = apply(
          first.map((value) => product(value, value)),
          weights.slice(2),
        );
        const found = decodeAll(digits, options);
        last.forEach((value, i) => expect(found[i]).toBeCloseTo(decoded(value, options), 6));
      }),
    );
  });

  it('counts the coefficients that pass p/2 where decoding reads, and what stands where it does not', () => {
    const ring = { degree: 64, p: 9, base: 2, intDigits: 4, fracDigits: 2 };
    const step = { kind: 'same' } as unknown as ValueStep;
    const digits = { count: 1, low: -3, length: 5, data: Float64Array.of(100, 5, -4, 0, 4) };
    expect(stepDigits(step, digits, new DigitCache(ring), ring)).toBe(digits);
    // 5 passes 4.5; 100 stands at 2^−3, which nobody reads.
    expect(reachOf(digits, ring)).toEqual({ largest: 5, wrapped: 1, unread: 12.5, places: [-3, 1] });
    expect(decodeAll(digits, ring)).toEqual(Float64Array.of((5 - 9) / 4 - 4 / 2 + 4 * 2));
  });
});
