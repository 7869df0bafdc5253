// What running a network will cost on this machine: tables for the compiler, times for people.
import type { CompiledNetwork } from '../../compiler/general/compile-network.ts';
import { COST_TABLES } from '../../plan/cost-tables.ts';
import { type CostTable, predictMs } from '../../plan/counts.ts';
import { type Partition, partitionPlan } from '../../plan/partition.ts';
import type { Plan } from '../../plan/plan.ts';
import type { OperationTimes, ServerBackendName } from '../../protocol/contracts.ts';

/** Costs of a backend with what its hoisting costs once for each sum. */
export interface RunCosts extends CostTable {
  readonly hoist: (primes: number, slots: number) => number;
}

const { simd, seal } = COST_TABLES;

/** Typical costs, by which layouts are chosen: a network compiles to the same plan on every machine. */
export const NETWORK_COSTS: Readonly<Record<ServerBackendName, RunCosts>> = {
  simd,
  seal: { ...seal, hoist: () => 0 },
};

/** Costs from times measured on this machine, scaled to other levels and degrees by what each operation's work grows with. */
export function measuredCosts(times: OperationTimes): RunCosts {
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
    relinearize: quadratic(times.relinearize),
    multiplyPlain: linear(times.multiplyPlain),
    multiplyScalar: linear(times.multiplyScalar),
    rescale: linear(times.rescale),
    square: () => 0,
  };
}

/** How the groups of a segment are spread over workers. */
export interface Placement {
  /** Groups that run at the same time, each on `partition.parts.length` workers. */
  readonly lanes: number;
  readonly partition: Partition;
  /** All groups, wall-clock. */
  readonly predictedMs: number;
}

// Workers side by side share the memory's bandwidth, and processors with the client: two are 1.3 times as fast as one
// (bench/networks.ts on two cores).
const SIDE_BY_SIDE = 1.5;

/**
 * The faster way to run `groups` ciphertext groups of `plan` on `workers` workers: each group on one worker, several at
 * once, or each group on all of them.
 */
export function placePlan(plan: Plan, groups: number, workers: number, costs: RunCosts): Placement {
  const alone = partitionPlan(plan, 1);
  const lanes = Math.min(groups, workers);
  const single: Placement = {
    lanes,
    partition: alone,
    predictedMs: Math.ceil(groups / lanes) * partitionMs(alone, plan, costs) * (lanes > 1 ? SIDE_BY_SIDE : 1),
  };
  if (workers === 1) return single;
  const partition = partitionPlan(plan, workers);
  const sharedMs = groups * partitionMs(partition, plan, costs) * SIDE_BY_SIDE;
  const shared = { lanes: 1, partition, predictedMs: sharedMs };
  return shared.predictedMs < single.predictedMs ? shared : single;
}

// Checking, copying and unpacking a frame at a worker, and what any message costs.
const WIRE_MS_PER_MB = 4;
// Real plans hold more diagonals than any cache, and their workers are not alone: measured over bench/networks.ts.
const BESIDE_OPERATIONS = 1.35;
const MESSAGE_MS = 1.5;

/** One run of a partitioned plan: in each segment, the worker that has most to do. */
function partitionMs(partition: Partition, plan: Plan, costs: RunCosts): number {
  const { slots } = plan.parameters;
  let total = 0;
  partition.needs.forEach((needs, segment) => {
    const level = (plan.stages[0].level + 1) * slots * 16;
    const times = partition.parts.map(({ segments }, worker) => {
      const stages = segments[segment];
      let ms = predictMs({ ...plan, stages }, costs);
      for (const stage of stages) {
        if (stage.kind !== 'linear') continue;
        const rotated = stage.rows.filter(({ sums }) =>
          sums.some(({ giantStep, terms }) => giantStep !== 0 || terms.some(({ step }) => step !== 0)),
        );
        const read = new Set(
          rotated.flatMap(({ sums }) => sums.flatMap(({ terms }) => terms.map(({ input }) => input))),
        );
        // Half of it is the input's, half the output's.
        ms += (costs.hoist(stage.level + 1, slots) * (read.size + rotated.length)) / 2;
      }
      return ms + (needs[worker].length * level * WIRE_MS_PER_MB) / 1e6;
    });
    total += MESSAGE_MS + BESIDE_OPERATIONS * Math.max(...times);
  });
  return total;
}

/** Wall-clock evaluation of `inputs` inputs through all segments. */
export function predictEvaluateMs(
  network: CompiledNetwork,
  inputs: number,
  workers: number,
  costs: RunCosts,
): number {
  return network.segments.reduce((sum, { plan, card }) => {
    const groups = Math.ceil(inputs / card.input.layout.batch);
    return sum + placePlan(plan, groups, workers, costs).predictedMs;
  }, 0);
}
