// The search for layouts: as good as trying everything where that can be tried, within its limits, and no dearer than asked.
import { describe, expect, it } from 'vitest';
import { seededNumbers } from '../../../fixtures/random-graphs.ts';
import { surroundings } from '../../../fixtures/search-surroundings.ts';
import { randomMatrix } from '../../../fixtures/sparse-maps.ts';
import { type Choice, chooseLayouts } from './choose-layouts.ts';
import { schedulePhases, type Schedule } from './phases.ts';
import { ProgramBuilder } from './program.ts';
import { estimateGather, estimateRound, gatherWays, stageTargets, type Surroundings } from './round-cost.ts';
import { skewsOf } from './skew.ts';
import { layoutFamily, ownPitches } from './tensor-layout.ts';
import { INPUT } from './phases.ts';

const SHAPE = [3, 8, 8];
const SIZE = 192;
const random = seededNumbers(11);

/** One dense map from SHAPE to `outputs`; squared and mapped again to 5 where there are `rounds` of two. */
function schedule(outputs: number, rounds: 1 | 2 = 1): Schedule {
  const builder = new ProgramBuilder();
  const input = builder.input(SHAPE, SIZE);
  const dense = (rows: number, columns: number) => ({
    matrix: randomMatrix(rows, columns, 1, random),
    bias: undefined,
  });
  const mapped = builder.apply(dense(outputs, SIZE), input, [outputs], 'first');
  if (rounds === 1) return schedulePhases(builder.finish(mapped));
  const squared = builder.product(mapped, mapped, 'square');
  return schedulePhases(builder.finish(builder.apply(dense(5, outputs), squared, [5], 'second')));
}

const choose = (wanted: Schedule, around: Surroundings, mostMs = Infinity): Choice | undefined =>
  chooseLayouts(wanted, [SHAPE], around, wanted.phases.map((_, i) => 2 - Math.min(1, i)), mostMs); // prettier-ignore

describe('chooseLayouts', () => {
  it('finds the cheapest way for one round: gathered or in order, whatever the layouts', () => {
    const wanted = schedule(20);
    const around = surroundings();
    const [phase] = wanted.phases;
    const { used, shapes } = wanted.groups.get(wanted.outputGroup)!;
    const all = layoutFamily(shapes[0], used, around.ring, ownPitches(SHAPE)).flatMap((layout) => {
      const targets = stageTargets(phase, () => layout);
      const gathered = estimateGather(
        phase,
        targets,
        gatherWays(phase, targets, around, 2),
        around,
        2,
        Infinity,
      );
      const plain = layoutFamily(SHAPE, new Uint8Array(SIZE).fill(1), around.ring, []);
      const packings = [...plain, ...plain.flatMap((own) => skewsOf(own, [layout.period], around.ring))];
      const ordered = packings.map((packed) => {
        const placed = new Map([[INPUT, { layout: packed, first: 0 }]]);
        return estimateRound(phase, targets, { placed, count: packed.count }, around, 2, 1, Infinity);
      });
      return [gathered, ...ordered].flatMap((estimate) => (estimate ? [estimate.ms] : []));
    });
    const choice = choose(wanted, around);
    expect(all.length).toBeGreaterThan(3);
    expect(choice?.ms).toBeCloseTo(Math.min(...all), 9);
  });

  it('adds up what its rounds cost, and names a layout for every group', () => {
    const wanted = schedule(20, 2);
    const choice = choose(wanted, surroundings())!;
    expect(choice.rounds).toHaveLength(wanted.phases.length);
    expect(choice.ms).toBeCloseTo(
      choice.rounds.reduce((sum, { estimate }) => sum + estimate.ms, 0),
      9,
    );
    for (const { targets } of wanted.phases) {
      for (const { group } of targets) expect(choice.layouts.has(group)).toBe(true);
    }
  });

  it('gives up where nothing is cheaper than what there is, and finds the same where something is', () => {
    const wanted = schedule(20, 2);
    const choice = choose(wanted, surroundings())!;
    expect(choose(wanted, surroundings(), choice.ms)).toBeUndefined();
    const again = choose(wanted, surroundings(), choice.ms * 1.01)!;
    expect(again.ms).toBe(choice.ms);
    expect([...again.layouts.values()].map(({ name }) => name)).toEqual(
      [...choice.layouts.values()].map(({ name }) => name),
    );
  });

  it('keeps to the bytes it is given, and names the layers of the round that no layout can hold', () => {
    const wanted = schedule(20, 2);
    const { bytes } = choose(wanted, surroundings())!;
    expect(choose(wanted, surroundings(bytes))?.bytes).toBe(bytes);
    expect(() => choose(wanted, surroundings(1000))).toThrow(
      expect.objectContaining({ code: 'does-not-fit', detail: { budget: 'memory', layer: 'first, square' } }),
    );
  });
});
