// Programs as rounds: what each makes, what it carries on, what costs no level, and what nothing reads.
import { describe, expect, it } from 'vitest';
import { schedulePhases } from './phases.ts';
import { type Affine, ProgramBuilder } from './program.ts';
import { gatherMatrix } from './sparse-map.ts';

const SIZE = 4;

function start(): { builder: ProgramBuilder; x: Affine } {
  const builder = new ProgramBuilder();
  return { builder, x: builder.input([SIZE], SIZE) };
}

const times = (builder: ProgramBuilder, value: Affine, factor: number): Affine =>
  builder.scale(
    value,
    () => factor,
    () => 0,
  );

describe('schedulePhases', () => {
  it('makes a round of each product and one of the result', () => {
    const { builder, x } = start();
    const half = times(builder, x, 0.5);
    const squared = builder.product(half, half, 'square');
    const { phases } = schedulePhases(builder.finish(times(builder, squared, 0.3)));
    expect(phases.map(({ isFree, hasProducts }) => [isFree, hasProducts])).toEqual([
      // One factor for all elements is no whole number: it takes a level.
      [false, true],
      [false, false],
    ]);
    expect(phases[0].outputs).toEqual([{ base: 1, left: 0, right: 0 }]);
    expect(phases[0].layers).toContain('square');
  });

  it('carries on what a later round reads, as long as it does', () => {
    const { builder, x } = start();
    const second = builder.product(x, x, 'x²');
    const fourth = builder.product(second, second, 'x⁴');
    const eighth = builder.product(fourth, fourth, 'x⁸');
    const { phases } = schedulePhases(builder.finish(builder.add(eighth, second)));
    const carried = phases.map(({ outputs }) =>
      outputs.filter(({ right }) => right === undefined).map(({ base }) => base),
    );
    expect(carried).toEqual([[], [1], [1], []]);
  });

  it('takes no level for whole multiples, and one where a base of another group comes in', () => {
    const { builder, x } = start();
    const squared = builder.product(x, x, 'square');
    const free = builder.scale(
      squared,
      () => 2,
      () => -1,
    );
    const { phases, groupOf } = schedulePhases(builder.finish(builder.product(free, free, 'again')));
    expect(phases.map(({ isFree }) => isFree)).toEqual([true, true, true]);
    // Free maps join what they read to what they make: one layout for both.
    expect(groupOf[1]).toBe(groupOf[2]);
  });

  it('lets the packing do what only moves elements, but not what adds them up', () => {
    const { builder, x } = start();
    const moved = builder.apply(
      { matrix: gatherMatrix([3, 2, 1, 0], SIZE), bias: undefined },
      x,
      [SIZE],
      'm',
    );
    expect(schedulePhases(builder.finish(moved)).phases[0].isFree).toBe(true);
    const { builder: other, x: y } = start();
    const doubled = other.add(
      y,
      other.apply({ matrix: gatherMatrix([3, 2, 1, 0], SIZE), bias: undefined }, y, [SIZE], 'm'),
    );
    expect(schedulePhases(other.finish(doubled)).phases[0].isFree).toBe(false);
  });

  it('marks what is read, and no more', () => {
    const { builder, x } = start();
    const squared = builder.product(x, x, 'square');
    const first = builder.apply(
      { matrix: gatherMatrix([2, -1], SIZE), bias: undefined },
      squared,
      [2],
      'take',
    );
    const { phases, groups, groupOf } = schedulePhases(builder.finish(first));
    expect([...phases[0].targets[0].used]).toEqual([0, 0, 1, 0]);
    expect([...groups.get(groupOf[1])!.used]).toEqual([0, 0, 1, 0]);
  });

  it('shares a target between all that read it', () => {
    const { builder, x } = start();
    const half = times(builder, x, 0.5);
    const squared = builder.product(half, half, 'square');
    const both = builder.product(squared, builder.product(half, half, 'same'), 'product');
    const { phases } = schedulePhases(builder.finish(both));
    const byGroup = new Set(phases[0].targets.map(({ group }) => group));
    expect(phases[0].targets).toHaveLength(byGroup.size);
  });
});
