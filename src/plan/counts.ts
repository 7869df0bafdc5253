// How many operations of which kind a plan makes at which level, and what that costs.
import { type Plan, type Stage } from './plan.ts';

/** The operations that take time on the server. */
export const OPERATIONS = [
  'rotate',
  'multiplyPlain',
  'multiplyScalar',
  'rescale',
  'square',
  'relinearize',
] as const;

/** One of {@link OPERATIONS}. */
export type OperationName = (typeof OPERATIONS)[number];

/** `counts[operation][level]` */
export type OperationCounts = Record<OperationName, number[]>;

/** Milliseconds of one operation on a ciphertext with `primes` data primes and `slots` slots. */
type Cost = (primes: number, slots: number) => number;

/** What a backend's operations cost. */
export type CostTable = Record<OperationName, Cost> & {
  /** A baby step where the backend decomposes a ciphertext once for all of them; `rotate` where it does not. */
  readonly rotateHoisted?: Cost;
  /** What such a backend does once for each input and, at the end, once for each sum. */
  readonly hoist?: Cost;
};

/** Costs of one baby step and one giant step. */
export interface StepCosts {
  readonly baby: number;
  readonly giant: number;
}

/** What rotations of a stage cost by `costs`. */
export function stepCosts({ rotate, rotateHoisted }: CostTable, primes: number, slots: number): StepCosts {
  const giant = rotate(primes, slots);
  return { baby: rotateHoisted?.(primes, slots) ?? giant, giant };
}

function emptyCounts(levels: number): OperationCounts {
  const counts = {} as OperationCounts;
  for (const operation of OPERATIONS) counts[operation] = Array<number>(levels).fill(0);
  return counts;
}

/** Baby steps of `stage`: one for each input and step, whatever number of rows use it. */
function babyRotations(stage: Stage): number {
  if (stage.kind !== 'linear') return 0;
  const rotated = new Set<string>();
  for (const row of stage.rows) {
    for (const sum of row.sums) {
      for (const term of sum.terms) if (term.step !== 0) rotated.add(`${term.input}:${term.step}`);
    }
  }
  return rotated.size;
}

/** Adds what `stage` does to `counts`. Baby rotations of one input by one step are counted once for all rows. */
function countStage(stage: Stage, counts: OperationCounts): void {
  const { level } = stage;
  if (stage.kind === 'square') {
    counts.square[level] += stage.count;
    counts.relinearize[level] += stage.count;
    counts.rescale[level] += stage.count;
    return;
  }
  if (stage.kind === 'product') {
    const products = stage.pairs.filter(({ right }) => right !== undefined).length;
    counts.square[level] += products;
    counts.relinearize[level] += products;
    counts.multiplyScalar[level] += stage.pairs.length - products;
    counts.rescale[level] += stage.pairs.length;
    return;
  }
  for (const row of stage.rows) {
    for (const sum of row.sums) {
      if (sum.giantStep !== 0) counts.rotate[level] += 1;
      for (const term of sum.terms) {
        counts[term.diagonal.kind === 'scalar' ? 'multiplyScalar' : 'multiplyPlain'][level] += 1;
      }
    }
  }
  counts.rotate[level] += babyRotations(stage);
  if (stage.rescale) counts.rescale[level] += stage.rows.length;
}

/** Counts of every operation by level. */
export function countOperations(plan: Plan): OperationCounts {
  const counts = emptyCounts(plan.parameters.maxLevel + 1);
  for (const stage of plan.stages) countStage(stage, counts);
  return counts;
}

/** Predicted evaluation time in milliseconds on one thread. */
export function predictMs(plan: Plan, costs: CostTable): number {
  const counts = countOperations(plan);
  let total = 0;
  for (const operation of OPERATIONS) {
    counts[operation].forEach((count, level) => {
      if (count > 0) total += count * costs[operation](level + 1, plan.parameters.slots);
    });
  }
  const { rotateHoisted, rotate } = costs;
  if (rotateHoisted) {
    for (const stage of plan.stages) {
      const [primes, slots] = [stage.level + 1, plan.parameters.slots];
      total -= babyRotations(stage) * (rotate(primes, slots) - rotateHoisted(primes, slots));
    }
  }
  return total;
}
