// Scheduling: runs of maps shrink to what may share a rescale, and compute the same.
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyMap, randomMap } from '../../../fixtures/channel-maps.ts';
import { seededRandom } from '../../../fixtures/styled-codes.ts';
import type { ChannelMap } from './channel-map.ts';
import type { ChannelProgram } from './channel-program.ts';
import { composeRun, schedule } from './schedule.ts';

const POSITIONS = 4;

/** A run of maps that meet, of random widths. */
const anyRun = fc
  .record({
    seed: fc.nat(),
    widths: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 6 }),
  })
  .map(({ seed, widths }) => {
    const random = seededRandom(seed);
    return widths.slice(1).map((outputs, i) => randomMap(random, widths[i], outputs, POSITIONS));
  });

function cost(maps: readonly ChannelMap[]): number {
  return maps
    .flatMap(({ rows }) => rows.flatMap(({ terms }) => terms))
    .reduce((sum, { weight }) => sum + (typeof weight === 'number' ? 1 : 4), 0);
}

describe('composeRun', () => {
  it('leaves at most n maps, which compute what the run computes', () => {
    fc.assert(
      fc.property(anyRun, fc.integer({ min: 1, max: 3 }), (maps, most) => {
        const run = composeRun(maps, most);
        expect(run.length).toBeGreaterThan(0);
        expect(run.length).toBeLessThanOrEqual(most);
        const random = seededRandom(1);
        const values = Array.from({ length: maps[0].inputs }, () =>
          Float64Array.from({ length: POSITIONS }, random),
        );
        const through = (list: readonly ChannelMap[]): Float64Array[] =>
          list.reduce<Float64Array[]>((value, map) => applyMap(map, value), values);
        const expected = through(maps);
        through(run).forEach((channel, o) =>
          channel.forEach((value, p) => expect(value).toBeCloseTo(expected[o][p], 5)),
        );
      }),
    );
  });

  it('is never dearer than the run was, where nothing forces it', () => {
    fc.assert(
      fc.property(anyRun, (maps) => {
        const run = composeRun(maps, maps.length);
        expect(cost(run)).toBeLessThanOrEqual(cost(maps));
      }),
    );
  });

  it('composes what is cheaper together and leaves apart what is cheaper apart', () => {
    const random = seededRandom(2);
    const full = (inputs: number, outputs: number): ChannelMap => ({
      layers: ['full'],
      inputs,
      positions: 1,
      rows: Array.from({ length: outputs }, () => ({
        terms: Array.from({ length: inputs }, (_, input) => ({ input, weight: random() })),
        bias: 0,
      })),
    });
    // A bottleneck: 8 → 1 → 8 is 16 terms apart and 64 together.
    expect(composeRun([full(8, 1), full(1, 8)], 2)).toHaveLength(2);
    expect(composeRun([full(8, 1), full(1, 8)], 1)).toHaveLength(1);
    expect(composeRun([full(2, 8), full(8, 2)], 2)).toHaveLength(1);
  });
});

describe('schedule', () => {
  it('rescales once a run, after its last map, and keeps squares where they are', () => {
    const random = seededRandom(3);
    const program: ChannelProgram = {
      name: 'test',
      patches: { shape: [1, 2, 2], taps: [{ channel: 0, dy: 0, dx: 0 }], positions: [2, 2], strides: [1, 1] },
      steps: [
        { kind: 'linear', maps: [randomMap(random, 1, 2, 4)] },
        { kind: 'square', layers: ['s'], channels: 2 },
        {
          kind: 'linear',
          maps: [randomMap(random, 2, 1, 4), randomMap(random, 1, 6, 4), randomMap(random, 6, 6, 4)],
        },
      ],
      outputShape: [6, 2, 2],
      finish: [],
    };
    for (const most of [1, 2]) {
      const steps = schedule(program, most);
      expect(steps.filter((step) => step.kind === 'square')).toHaveLength(1);
      expect(steps[1].kind).toBe('square');
      expect(steps.length).toBeLessThanOrEqual(2 + most);
      expect(steps.map((step) => step.kind === 'linear' && step.rescale)).toEqual(
        steps.map((step, index) => step.kind === 'linear' && (index === 0 || index === steps.length - 1)),
      );
    }
  });
});
