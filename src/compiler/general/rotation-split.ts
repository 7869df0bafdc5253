// Which part of a stage's rotations are baby steps and which giant steps, by cost (Halevi–Shoup 2018).
import type { DiagonalShape } from './diagonals.ts';
import type { SearchTables } from './search-tables.ts';

/** shift = giant + baby, baby in [offset, offset + unit). */
export interface Split {
  readonly unit: number;
  readonly offset: number;
  readonly babies: number;
  readonly giants: number;
  readonly steps: number;
  readonly ms: number;
  /** Whether giant steps are made one unit at a time, with one key for all of them. */
  readonly isChained: boolean;
}

/** Milliseconds of one baby rotation (hoisted), one giant rotation, and what one more Galois key is worth. */
export interface RotationCosts {
  readonly baby: number;
  readonly giant: number;
  readonly key: number;
}

/** The ring, and the positions after which all inputs repeat themselves: giant steps are told apart within these. */
export interface SplitRing {
  readonly ring: number;
  readonly period: number;
}

/** The baby part of `shift`. */
export function babyOf(shift: number, { unit, offset }: Pick<Split, 'unit' | 'offset'>): number {
  return ((((shift - offset) % unit) + unit) % unit) + offset;
}

/** The cheapest split of a stage's shifts: a baby step is made once an input, a giant step once an output. */
export function chooseSplit(
  shape: DiagonalShape,
  around: SplitRing,
  costs: RotationCosts,
  tables: SearchTables,
): Split {
  let best: Split | undefined;
  for (let unit = 1; unit <= around.ring; unit *= 2) {
    for (const offset of unit > 1 ? [0, -unit / 2] : [0]) {
      const split = splitBy(shape, around, { unit, offset }, costs, best?.ms ?? Infinity, tables);
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
  { ring, period }: SplitRing,
  way: Pick<Split, 'unit' | 'offset'>,
  costs: RotationCosts,
  mostMs: number,
  { babies, giants, babySteps, giantSteps, work }: SearchTables,
): Split | undefined {
  const { unit, offset } = way;
  const perOutput = Math.max(1, period / unit);
  const rows = 1 + largest(outputs);
  babies.reset((1 + largest(inputs)) * unit);
  giants.reset(rows * perOutput);
  babySteps.reset(ring);
  giantSteps.reset(perOutput);
  /** Units that the farthest sum of each row is rotated by, if it is chained. */
  const links = new Int32Array(rows);
  let chain = 0;
  const priced = (): Pick<Split, 'ms' | 'isChained'> => {
    const apart = giants.size * costs.giant + giantSteps.size * costs.key;
    const chained = chain * costs.giant + (chain > 0 ? costs.key : 0);
    const own = babies.size * costs.baby + babySteps.size * costs.key;
    return { ms: own + Math.min(apart, chained), isChained: giantSteps.size > 1 && chained < apart };
  };
  for (let i = 0; i < shifts.length; i += 1) {
    const baby = babyOf(shifts[i], way);
    const giant = ((shifts[i] - baby) & (period - 1)) / unit;
    if (baby !== 0) {
      babies.add(inputs[i] * unit + baby - offset);
      babySteps.add((baby + ring) % ring);
    }
    if (giant > 0) {
      giants.add(outputs[i] * perOutput + giant);
      giantSteps.add(giant);
      if (giant > links[outputs[i]]) {
        chain += giant - links[outputs[i]];
        links[outputs[i]] = giant;
      }
    }
    if (i % LOOK_EVERY === 0 && priced().ms >= mostMs) {
      work.add('split', i + 1);
      return undefined;
    }
  }
  work.add('split', shifts.length);
  const { ms, isChained } = priced();
  if (ms >= mostMs) return undefined;
  return {
    ...way,
    babies: babies.size,
    giants: isChained ? chain : giants.size,
    steps: babySteps.size + (isChained ? 1 : giantSteps.size),
    ms,
    isChained,
  };
}
