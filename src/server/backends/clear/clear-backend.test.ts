// The simulation: it has no key, rounds as the scheme would, and keeps both parts of complex slots.
import { describe, expect, it } from 'vitest';
import { randomCiphertext, SMALL } from '../../../../fixtures/small-engine.ts';
import { seededRandom } from '../../../../fixtures/styled-codes.ts';
import type { Diagonal } from '../../../plan/plan.ts';
import { ClearBackend } from './clear-backend.ts';

const random = seededRandom(1);
const backend = new ClearBackend(SMALL);
const slots = (): Float64Array => Float64Array.from({ length: SMALL.slots }, () => random() - 0.5);

describe('the clear backend', () => {
  it('neither loads nor saves ciphertexts: it has no key', () => {
    const refusal = expect.objectContaining({ code: 'wrong-state' });
    expect(() => backend.load(randomCiphertext(random, SMALL, 1))).toThrow(refusal);
    expect(() => backend.save({ slots: slots() })).toThrow(refusal);
  });

  it('rounds as the scheme would: coarsely at small scales, hardly at large ones', () => {
    const a = slots();
    const error = (scale: number): number => {
      const { slots: rounded } = backend.rescale({ slots: a.slice() }, scale);
      return Math.sqrt(rounded.reduce((sum, value, i) => sum + (value - a[i]) ** 2, 0) / SMALL.slots);
    };
    const N = SMALL.polyModulusDegree;
    const deviation = Math.sqrt((N / 12) * (1 + (2 * N) / 3));
    expect(error(2 ** 24) * 2 ** 24).toBeGreaterThan(0.9 * deviation);
    expect(error(2 ** 24) * 2 ** 24).toBeLessThan(1.1 * deviation);
    const factor: Diagonal = { kind: 'scalar', value: 0.3 };
    const { slots: product } = backend.multiplyAdd(undefined, { slots: a }, factor, 2);
    expect(product[0]).toBe(a[0] * 0.5);
  });

  it('multiplies by complex factors, and rotates, adds and rounds both parts', () => {
    const [a, b] = [slots(), slots()];
    const [real, imaginary] = [slots(), slots()].map((values) => Float32Array.from(values));
    const factor: Diagonal = { kind: 'complex', real, imaginary };
    const sum = backend.multiplyAdd(undefined, { slots: a }, factor, 2);
    const both = backend.add(
      backend.multiplyAdd(undefined, { slots: b }, { kind: 'scalar', value: 1 }, 2),
      sum,
    );
    backend.addConstant(both, factor);
    const rounded = backend.rescale(backend.rotate(both, 3), 2 ** 50);
    const at = (slot: number): number => (slot + 3) % SMALL.slots;
    rounded.slots.forEach((value, i) => {
      const from = at(i);
      expect(value).toBeCloseTo(a[from] * real[from] + b[from] + real[from], 6);
      expect(rounded.imaginary?.[i]).toBeCloseTo(a[from] * imaginary[from] + imaginary[from], 6);
    });
  });
});
