// Baby and giant steps: few of both, cheap ones rather than dear ones, and the same as trying every split to its end.
import { describe, expect, it } from 'vitest';
import { seededNumbers } from '../../../fixtures/random-graphs.ts';
import { PlanningWork } from './planning-work.ts';
import { babyOf, chooseSplit } from './rotation-split.ts';
import { SearchTables } from './search-tables.ts';

const RING = 64;
const tables = new SearchTables(new PlanningWork());

describe('chooseSplit', () => {
  it('splits a dense square into about twice its root of rotations', () => {
    const shifts = Array.from({ length: 64 }, (_, i) => i);
    const shape = { outputs: shifts.map(() => 0), inputs: shifts.map(() => 0), shifts };
    const split = chooseSplit(shape, RING, { baby: 1, giant: 1, key: 0 }, tables);
    expect(split.babies + split.giants).toBe(14);
    for (const shift of shifts) {
      const baby = babyOf(shift, split);
      expect((shift - baby) % split.unit).toBe(0);
      expect(baby).toBeLessThan(split.unit);
    }
    // Cheap baby steps: more of them.
    expect(chooseSplit(shape, RING, { baby: 1, giant: 4, key: 0 }, tables).giants).toBeLessThan(7);
  });

  it('finds what trying every split to its end finds', () => {
    const random = seededNumbers(5);
    const below = (n: number): number => Math.floor(random() * n);
    for (let round = 0; round < 40; round += 1) {
      const count = 1 + below(300);
      const list = (n: number): number[] => Array.from({ length: count }, () => below(n));
      const shape = { outputs: list(4), inputs: list(3), shifts: list(RING) };
      const costs = { baby: 1 + below(3), giant: 1 + below(6), key: random() };
      const split = chooseSplit(shape, RING, costs, tables);
      const all = [];
      for (let unit = 1; unit <= RING; unit *= 2) {
        for (const offset of unit > 1 ? [0, -unit / 2] : [0]) {
          const [babies, giants, steps] = [new Set<string>(), new Set<string>(), new Set<number>()];
          shape.shifts.forEach((shift, i) => {
            const baby = babyOf(shift, { unit, offset });
            const giant = shift - baby;
            if (baby !== 0) babies.add(`${shape.inputs[i]} ${baby}`);
            if (giant !== 0) giants.add(`${shape.outputs[i]} ${giant}`);
            for (const step of [baby, giant]) if (step % RING !== 0) steps.add((step + RING) % RING);
          });
          all.push(babies.size * costs.baby + giants.size * costs.giant + steps.size * costs.key);
        }
      }
      expect(split.ms).toBeCloseTo(Math.min(...all), 9);
    }
  });
});
