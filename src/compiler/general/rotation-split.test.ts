// Baby and giant steps: few of both, cheap ones rather than dear ones, and the same as trying every split to its end.
import { describe, expect, it } from 'vitest';
import { seededNumbers } from '../../../fixtures/random-graphs.ts';
import { PlanningWork } from './planning-work.ts';
import { babyOf, chooseSplit } from './rotation-split.ts';
import { SearchTables } from './search-tables.ts';

const RING = 64;
const AROUND = { ring: RING, period: RING };
const tables = new SearchTables(new PlanningWork());

describe('chooseSplit', () => {
  it('splits a dense square into about twice its root of rotations', () => {
    const shifts = Array.from({ length: 64 }, (_, i) => i);
    const shape = { outputs: shifts.map(() => 0), inputs: shifts.map(() => 0), shifts };
    const split = chooseSplit(shape, AROUND, { baby: 1, giant: 1, key: 0, again: 9 }, tables);
    expect(split.babies + split.giants).toBe(14);
    for (const shift of shifts) {
      const baby = babyOf(shift, split);
      expect((shift - baby) % split.unit).toBe(0);
      expect(baby).toBeLessThan(split.unit);
    }
    // Cheap baby steps: more of them.
    expect(chooseSplit(shape, AROUND, { baby: 1, giant: 4, key: 0, again: 9 }, tables).giants).toBeLessThan(
      7,
    );
  });

  it('chains giant steps where their keys are worth more than what is missing between them', () => {
    const shifts = Array.from({ length: 64 }, (_, i) => i);
    const dense = { outputs: shifts.map(() => 0), inputs: shifts.map(() => 0), shifts };
    const costs = { baby: 1, giant: 1, key: 0.5, again: 9 };
    const split = chooseSplit(dense, AROUND, costs, tables);
    expect(split.isChained).toBe(true);
    expect(split.steps).toBe(split.babies + 1);
    const sparse = { outputs: [0, 0, 0], inputs: [0, 0, 0], shifts: [0, 1, 63] };
    expect(chooseSplit(sparse, AROUND, { baby: 9, giant: 1, key: 0.5, again: 99 }, tables).isChained).toBe(
      false,
    );
  });

  it('makes baby steps in two, along rows and across them, where keys are dear', () => {
    const shifts = [0, 1, 2, 14, 15, 16, 28, 29, 30];
    const shape = { outputs: shifts.map(() => 0), inputs: shifts.map(() => 0), shifts };
    const costs = { baby: 1, giant: 90, key: 2, again: 3 };
    const split = chooseSplit(shape, AROUND, costs, tables);
    expect(split).toMatchObject({ babies: 8, giants: 0, steps: 4, ms: 6 * 1 + 2 * 3 + 4 * 2 });
    const { inner } = split;
    expect(new Set(shifts.map((shift) => babyOf(shift, inner!))).size).toBe(3);
    // Keys that are there cost nothing: then every step is made at once.
    expect(chooseSplit(shape, AROUND, costs, tables, () => true).inner).toBeUndefined();
    expect(chooseSplit(shape, AROUND, { ...costs, again: 9 }, tables).inner).toBeUndefined();
  });

  it('takes a giant step of the inputs’ period for none', () => {
    const shape = { outputs: [0, 0], inputs: [0, 0], shifts: [15, 1] };
    const costs = { baby: 1, giant: 2, key: 1, again: 9 };
    expect(chooseSplit(shape, { ring: RING, period: 16 }, costs, tables).giants).toBe(0);
  });

  it('finds what trying every split to its end finds', () => {
    const random = seededNumbers(5);
    const below = (n: number): number => Math.floor(random() * n);
    for (let round = 0; round < 40; round += 1) {
      const count = 1 + below(300);
      const list = (n: number): number[] => Array.from({ length: count }, () => below(n));
      const shape = { outputs: list(4), inputs: list(3), shifts: list(RING) };
      const costs = { baby: 1 + below(3), giant: 1 + below(6), key: random(), again: 1e3 };
      const split = chooseSplit(shape, AROUND, costs, tables);
      const all = [];
      for (let unit = 1; unit <= RING; unit *= 2) {
        for (const offset of unit > 1 ? [0, -unit / 2] : [0]) {
          const [babies, giants, steps, units] = [
            new Set<string>(),
            new Set<string>(),
            new Set<number>(),
            new Set<number>(),
          ];
          const farthest = new Map<number, number>();
          shape.shifts.forEach((shift, i) => {
            const baby = babyOf(shift, { unit, offset });
            const giant = (shift - baby + RING) % RING;
            const output = shape.outputs[i];
            if (baby !== 0) babies.add(`${shape.inputs[i]} ${baby}`);
            if (baby !== 0) steps.add((baby + RING) % RING);
            if (giant === 0) return;
            giants.add(`${output} ${giant}`);
            units.add(giant);
            farthest.set(output, Math.max(farthest.get(output) ?? 0, giant / unit));
          });
          const links = [...farthest.values()].reduce((sum, n) => sum + n, 0);
          const apart = giants.size * costs.giant + units.size * costs.key;
          const chained = links * costs.giant + (links > 0 ? costs.key : 0);
          all.push(babies.size * costs.baby + steps.size * costs.key + Math.min(apart, chained));
        }
      }
      expect(split.ms).toBeCloseTo(Math.min(...all), 9);
    }
  });
});
