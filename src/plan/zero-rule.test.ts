// What encodes to zero is what the encoder rounds to zero, and what stands in for it is not.
import { describe, expect, it } from 'vitest';
import { kernelBytes } from '../../fixtures/kernel-watch.ts';
import { SMALL } from '../../fixtures/small-engine.ts';
import { seededRandom } from '../../fixtures/styled-codes.ts';
import { createKernel, Encoder } from '../kernel/kernel.ts';
import type { Diagonal } from './plan.ts';
import { encodesToZero, leastFactor } from './zero-rule.ts';

const SCALE = 2 ** 20;
const { slots, polyModulusDegree } = SMALL;

/** Whether the kernel's encoder makes nothing but zeros of `values`. */
async function isEncodedAsZero(values: Float64Array): Promise<boolean> {
  const kernel = await createKernel(kernelBytes(), { polyModulusDegree, primes: SMALL.primes.map(Number) });
  using encoder = new Encoder(kernel);
  using plaintext = encoder.encode(values, SCALE, 1, 'addend');
  return kernel.words(plaintext.pointer, polyModulusDegree).every((word) => word === 0);
}

describe('encodesToZero', () => {
  it('rounds scalars', () => {
    const scalar = (value: number): Diagonal => ({ kind: 'scalar', value });
    expect([0, 0.49, -0.49, 0.5, -0.51, 1].map((units) => encodesToZero(scalar(units / SCALE), SCALE))).toEqual([
      true, true, true, false, false, false,
    ]); // prettier-ignore
    expect(encodesToZero(leastFactor(SCALE), SCALE)).toBe(false);
  });

  it('is sure of what it calls zero: the encoder makes nothing else of it', async () => {
    const random = seededRandom(6);
    // One large value among zeros, many small ones, and both just below the rule's bound.
    const lonely = new Float32Array(slots);
    lonely[7] = (0.49 * slots) / SCALE;
    const small = Float32Array.from({ length: slots }, () => (random() < 0.5 ? -0.49 : 0.49) / SCALE);
    for (const values of [lonely, small]) {
      expect(encodesToZero({ kind: 'vector', values }, SCALE)).toBe(true);
      expect(await isEncodedAsZero(new Float64Array(values))).toBe(true);
      const half = values.map((value) => value / 2);
      expect(encodesToZero({ kind: 'complex', real: half, imaginary: half }, SCALE)).toBe(true);
      expect(await isEncodedAsZero(Float64Array.of(...half, ...half))).toBe(true);
    }
  });

  it('keeps what the encoder may make something of', async () => {
    const constant = new Float32Array(slots).fill(0.51 / SCALE);
    expect(encodesToZero({ kind: 'vector', values: constant }, SCALE)).toBe(false);
    expect(await isEncodedAsZero(new Float64Array(constant))).toBe(false);
  });
});
