// Levels and scales of style networks of every depth: exact, sound, and at the policy's values where it says so.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomMap } from '../../../fixtures/channel-maps.ts';
import { seededRandom } from '../../../fixtures/styled-codes.ts';
import { chooseParameters } from '../../params/choose.ts';
import { droppedPrime } from '../../plan/plan.ts';
import { rescalePrimeBits, SCALES } from '../scales.ts';
import { assignScales } from './scales.ts';
import type { Step } from './schedule.ts';

const map = randomMap(seededRandom(1), 2, 2, 1);
const linear = (rescale: boolean): Step => ({ kind: 'linear', map, rescale });
const square: Step = { kind: 'square', layers: ['s'], channels: 2 };

/** Linear steps around squares; each linear step may be a pair that shares a rescale. */
const anySteps = fc
  .array(fc.boolean(), { minLength: 1, maxLength: 4 })
  .map((pairs) =>
    pairs.flatMap((pair, index) => [
      ...(index > 0 ? [square] : []),
      ...(pair ? [linear(false), linear(true)] : [linear(true)]),
    ]),
  );

function dropCount(steps: readonly Step[]): number {
  return steps.filter((step) => step.kind === 'square' || step.rescale).length;
}

describe('assignScales', () => {
  it('lets every stage begin where the one before ended, in level and in scale', () => {
    fc.assert(
      fc.property(anySteps, (steps) => {
        const parameters = chooseParameters({
          baseBits: SCALES.baseBits,
          rescaleBits: rescalePrimeBits(dropCount(steps)),
        });
        const scales = assignScales(steps, parameters);
        let level = parameters.maxLevel;
        let scale = 2 ** SCALES.channels.inputBits;
        scales.forEach(({ level: at, inScale, plainScale, outScale }, index) => {
          const step = steps[index];
          expect(at).toBe(level);
          expect(inScale).toBe(scale);
          expect(plainScale).toBeGreaterThanOrEqual(1);
          const product = step.kind === 'square' ? inScale ** 2 : inScale * plainScale;
          const drops = step.kind === 'square' || step.rescale;
          const expected = drops ? product / droppedPrime(parameters, level) : product;
          expect(outScale / expected).toBeCloseTo(1, 12);
          if (drops) level -= 1;
          scale = outScale;
        });
        expect(level).toBe(0);
        expect(scale).toBe(2 ** SCALES.outputBits);
      }),
    );
  });

  it('gives scalars that share a rescale their own small scale, and the fields behind them theirs', () => {
    const steps = [linear(true), square, linear(false), linear(true)];
    const parameters = chooseParameters({ baseBits: SCALES.baseBits, rescaleBits: rescalePrimeBits(3) });
    const scales = assignScales(steps, parameters);
    expect(scales[2].plainScale).toBeCloseTo(2 ** SCALES.channels.sharedScalarBits, 3);
    expect(scales[3].plainScale).toBeCloseTo(2 ** SCALES.channels.sharedFieldBits, 3);
  });

  it('refuses a program that begins with a square, and parameters with too few levels', () => {
    const parameters = chooseParameters({ baseBits: SCALES.baseBits, rescaleBits: rescalePrimeBits(1) });
    expect(() => assignScales([square], parameters)).toThrow(/begins with a linear step/);
    expect(() => assignScales([linear(true), square, linear(true)], parameters)).toThrow(/no level -1/);
  });
});

describe('rescalePrimeBits', () => {
  it('makes the prime dropped last the larger one', () => {
    expect(rescalePrimeBits(3)).toEqual([28, 28, 30]);
    expect(rescalePrimeBits(0)).toEqual([]);
  });
});
