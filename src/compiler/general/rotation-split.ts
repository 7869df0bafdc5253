// Which part of a stage's rotations are baby steps and which giant steps, by cost (Halevi–Shoup 2018).
import type { DiagonalShape } from './diagonals.ts';
import type { Marks, SearchTables } from './search-tables.ts';

/** shift = giant + baby, baby in [offset, offset + unit). */
export interface Split {
  readonly unit: number;
  readonly offset: number;
  readonly babies: number;
  readonly giants: number;
  readonly steps: number;
  readonly ms: number;
}

/** Milliseconds of one baby rotation (hoisted), one giant rotation, and what one more Galois key is worth. */
export interface RotationCosts {
  readonly baby: number;
  readonly giant: number;
  readonly key: number;
}

/** The baby part of `shift`. */
export function babyOf(shift: number, { unit, offset }: Pick<Split, 'unit' | 'offset'>): number {
  return ((((shift - offset) % unit) + unit) % unit) + offset;
}

/** The cheapest split of a stage's shifts: a baby step is made once an input, a giant step once an output. */
export function chooseSplit(
  shape: DiagonalShape,
  ring: number,
  costs: RotationCosts,
  tables: SearchTables,
): Split {
  let best: Split | undefined;
  for (let unit = 1; unit <= ring; unit *= 2) {
    for (const offset of unit > 1 ? [0, -unit / 2] : [0]) {
      const split = splitBy(shape, ring, { unit, offset }, costs, best?.ms ?? Infinity, tables);
      if (split) best = split;
    }
  }
  return best!;
}

// How often a split that is under way is compared with the best so far.
const LOOK_EVERY = 64;

function largest(numbers: readonly number[]): number {
  let most = 0;
  for (const number of numbers) most = Math.max(most, number);
  return most;
}

/** What one split takes; undefined if not less than `mostMs`, which shows early: counts only grow. */
function splitBy(
  { shifts, inputs, outputs }: DiagonalShape,
  ring: number,
  way: Pick<Split, 'unit' | 'offset'>,
  costs: RotationCosts,
  mostMs: number,
  { babies, giants, steps, work }: SearchTables,
): Split | undefined {
  const { unit, offset } = way;
  // A giant step is a multiple of the unit, −ring to ring.
  const perOutput = (2 * ring) / unit + 1;
  babies.reset((1 + largest(inputs)) * unit);
  giants.reset((1 + largest(outputs)) * perOutput);
  steps.reset(ring);
  for (let i = 0; i < shifts.length; i += 1) {
    const baby = babyOf(shifts[i], way);
    const giant = shifts[i] - baby;
    if (baby !== 0) {
      babies.add(inputs[i] * unit + baby - offset);
      steps.add((baby + ring) % ring);
    }
    if (giant !== 0) {
      giants.add(outputs[i] * perOutput + (giant + ring) / unit);
      if (giant % ring !== 0) steps.add((giant + ring) % ring);
    }
    if (i % LOOK_EVERY === 0 && splitMs(babies, giants, steps, costs) >= mostMs) {
      work.add('split', i + 1);
      return undefined;
    }
  }
  work.add('split', shifts.length);
  const ms = splitMs(babies, giants, steps, costs);
  return ms < mostMs
    ? { ...way, babies: babies.size, giants: giants.size, steps: steps.size, ms }
    : undefined;
}

function splitMs(babies: Marks, giants: Marks, steps: Marks, costs: RotationCosts): number {
  return babies.size * costs.baby + giants.size * costs.giant + steps.size * costs.key;
}
