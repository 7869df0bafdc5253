// How many operations of which kind a plan makes at which level, and what that costs.
import { type CostTable, OPERATIONS, type OperationCounts, stepCosts } from './costs.ts';
import type { Plan } from './plan.ts';
import { kindOf } from './stages/stages.ts';

export { type CostTable, type OperationName, OPERATIONS, type StepCosts, stepCosts } from './costs.ts';

export type { OperationCounts } from './costs.ts';

function emptyCounts(levels: number): OperationCounts {
  const counts = {} as OperationCounts;
  for (const operation of OPERATIONS) counts[operation] = Array<number>(levels).fill(0);
  return counts;
}

/** Counts of every operation by level. Baby rotations of one input by one step are counted once for all rows. */
export function countOperations(plan: Plan): OperationCounts {
  const counts = emptyCounts(plan.parameters.maxLevel + 1);
  for (const stage of plan.stages) {
    const operations = kindOf(stage).operations(stage);
    for (const operation of OPERATIONS) counts[operation][stage.level] += operations[operation];
  }
  return counts;
}

/** Predicted evaluation time in milliseconds on one thread. */
export function predictMs(plan: Plan, costs: CostTable): number {
  const { slots } = plan.parameters;
  let total = 0;
  for (const stage of plan.stages) {
    const primes = stage.level + 1;
    const operations = kindOf(stage).operations(stage);
    for (const operation of OPERATIONS) {
      const count = operations[operation];
      if (count > 0) total += count * costs[operation](primes, slots);
    }
    const { baby, giant } = stepCosts(costs, primes, slots);
    total -= operations.baby * (giant - baby);
    total += (operations.hoists / 2) * costs.hoist(primes, slots);
    total += operations.encoded * costs.encode(primes, slots);
    const hoisted = costs.multiplyHoisted(primes, slots);
    total += operations.hoistedPlain * (hoisted - costs.multiplyPlain(primes, slots));
    total += operations.hoistedScalar * (hoisted - costs.multiplyScalar(primes, slots));
  }
  return total;
}
