// What running a network will cost: on this machine, where its operations have been timed, and shared out or not.
import type { SegmentInterface } from '../plan/client-interface.ts';
import { type CostTable, predictMs } from '../plan/counts.ts';
import { type Partition, partitionPlan } from '../plan/partition.ts';
import type { Plan } from '../plan/plan.ts';
import { batchOf } from '../plan/tensor-packing.ts';
import type { OperationTimes } from '../protocol/evaluator.ts';

// Encoding a vector takes so many times what multiplying by it takes.
const ENCODE = 6;

/** Costs from times measured on this machine, scaled to other levels and degrees by what each operation's work grows with. */
export function measuredCosts(times: OperationTimes): CostTable {
  const { slots: measuredSlots, primes: measuredPrimes } = times;
  const linear = (ms: number) => (primes: number, slots: number) =>
    ms * (primes / measuredPrimes) * (slots / measuredSlots);
  // Key switching: each of the digits meets all primes and P.
  const quadratic = (ms: number) => (primes: number, slots: number) =>
    ms * ((primes * (primes + 1)) / (measuredPrimes * (measuredPrimes + 1))) * (slots / measuredSlots);
  return {
    rotate: quadratic(times.rotate),
    rotateHoisted: quadratic(times.rotateHoisted),
    hoist: quadratic(times.hoist),
    // It is measured in hoisted sums.
    multiplyHoisted: linear(times.multiplyPlain),
    encode: linear(times.multiplyPlain * ENCODE),
    relinearize: quadratic(times.relinearize),
    multiplyPlain: linear(times.multiplyPlain),
    multiplyScalar: linear(times.multiplyScalar),
    rescale: linear(times.rescale),
    square: () => 0,
  };
}

// Evaluators side by side share the memory's bandwidth, and processors with the client: two are 1.3 times as fast as one
// (bench/networks.ts on two cores).
const SIDE_BY_SIDE = 1.5;

/** Whether one run of `plan` is faster on all of `evaluators` together than on one of them. */
export function sharesPay(plan: Plan, evaluators: number, costs: CostTable): boolean {
  if (evaluators === 1) return false;
  const alone = partitionMs(partitionPlan(plan, 1), plan, costs);
  return partitionMs(partitionPlan(plan, evaluators), plan, costs) * SIDE_BY_SIDE < alone;
}

/** Wall-clock milliseconds of `groups` runs of `plan`: several at once, each on one evaluator, or each on all of them. */
function predictGroupsMs(plan: Plan, groups: number, evaluators: number, costs: CostTable): number {
  if (groups < evaluators && sharesPay(plan, evaluators, costs)) {
    return groups * partitionMs(partitionPlan(plan, evaluators), plan, costs) * SIDE_BY_SIDE;
  }
  const lanes = Math.min(groups, evaluators);
  const alone = partitionMs(partitionPlan(plan, 1), plan, costs);
  return Math.ceil(groups / lanes) * alone * (lanes > 1 ? SIDE_BY_SIDE : 1);
}

// Checking, copying and unpacking a frame at a worker, and what any message costs.
const WIRE_MS_PER_MB = 4;
// Real plans hold more diagonals than any cache, and their workers are not alone: measured over bench/networks.ts.
const BESIDE_OPERATIONS = 1.35;
const MESSAGE_MS = 1.5;

/** One run of a partitioned plan: in each segment, the worker that has most to do. */
function partitionMs(partition: Partition, plan: Plan, costs: CostTable): number {
  const { slots } = plan.parameters;
  let total = 0;
  partition.needs.forEach((needs, segment) => {
    const level = (plan.stages[0].level + 1) * slots * 16;
    const times = partition.parts.map(({ segments }, worker) => {
      const stages = segments[segment];
      const ms = predictMs({ ...plan, stages }, costs);
      return ms + (needs[worker].length * level * WIRE_MS_PER_MB) / 1e6;
    });
    total += MESSAGE_MS + BESIDE_OPERATIONS * Math.max(...times);
  });
  return total;
}

/** Wall-clock evaluation of `inputs` inputs through all segments. */
export function predictEvaluateMs(
  plans: readonly Plan[],
  segments: readonly SegmentInterface[],
  inputs: number,
  evaluators: number,
  costs: CostTable,
): number {
  return plans.reduce((sum, plan, index) => {
    const groups = Math.ceil(inputs / batchOf(segments[index].input.layout));
    return sum + predictGroupsMs(plan, groups, evaluators, costs);
  }, 0);
}
