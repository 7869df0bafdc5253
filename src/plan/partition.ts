// Splits a plan between workers: who computes which ciphertext of which stage, and what must change hands when.
import type { Plan } from './plan.ts';
import { kindOf, type Stage, stageOutputs } from './stages/stages.ts';

/** A stage with only some of its outputs: `outputs[i]` is the global number of the i-th. */
export type StagePart = { readonly outputs: readonly number[] } & Stage;

/** One worker's share of a plan: its part of every stage, in segments between which values change hands. */
export interface PlanPart {
  readonly name: string;
  readonly segments: readonly (readonly StagePart[])[];
}

/** A plan split over `parts.length` workers. */
export interface Partition {
  readonly parts: readonly PlanPart[];
  /** `needs[segment][worker]`: values this worker must be given before the segment. */
  readonly needs: readonly (readonly (readonly number[])[])[];
  /** `owners[segment][value]`: the worker that puts out `value` in the segment. */
  readonly owners: readonly (readonly number[])[];
}

/** How much more than with an even share the busiest worker may do before a stage is shared out again. */
const MOST_UNEVEN = 1.5;

/** Work of each output of `stage`. */
function workOf(stage: Stage): number[] {
  const kind = kindOf(stage);
  return Array.from({ length: stageOutputs(stage) }, (_, output) => kind.work(stage, output));
}

/** Cuts outputs 0…n−1 into consecutive runs of about equal weight. */
function evenShares(stage: Stage, workers: number): number[] {
  const weights = workOf(stage);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let before = 0;
  return weights.map((weight) => {
    const owner = Math.min(workers - 1, Math.floor(((before + weight / 2) / total) * workers));
    before += weight;
    return owner;
  });
}

/** Work of the worker that has most of it. */
function largestLoad(stage: Stage, owners: readonly number[], workers: number): number {
  const loads = Array<number>(workers).fill(0);
  workOf(stage).forEach((work, output) => (loads[owners[output]] += work));
  return Math.max(...loads);
}

/**
 * `plan` split over `workers`. An output that reads a single value goes to that value's owner; a stage in which outputs
 * read several values, or that would weigh on one worker, is shared out evenly and starts a new segment.
 */
export function partitionPlan(plan: Plan, workers: number): Partition {
  const segments: { stages: Stage[]; ownersOf: number[][]; needs: Set<number>[] }[] = [];
  let owners: number[] = Array<number>(plan.inputCount).fill(-1);
  for (const stage of plan.stages) {
    const kind = kindOf(stage);
    const reads = Array.from(
      { length: stageOutputs(stage) },
      (_, output) => new Set(kind.reads(stage, output)),
    );
    const shared = evenShares(stage, workers);
    const inherited =
      segments.length > 0 && reads.every((inputs) => inputs.size === 1)
        ? reads.map((inputs) => owners[inputs.values().next().value!])
        : undefined;
    // Passing on a few values is cheaper than leaving most of a stage to the owner of one.
    const follows =
      inherited !== undefined &&
      largestLoad(stage, inherited, workers) <= MOST_UNEVEN * largestLoad(stage, shared, workers);
    const stageOwners = follows ? inherited : shared;
    if (!follows)
      segments.push({ stages: [], ownersOf: [], needs: Array.from({ length: workers }, () => new Set()) });
    const segment = segments.at(-1);
    if (!follows) {
      reads.forEach((inputs, output) => {
        const worker = stageOwners[output];
        for (const input of inputs) if (owners[input] !== worker) segment.needs[worker].add(input);
      });
    }
    segment.stages.push(stage);
    segment.ownersOf.push(stageOwners);
    owners = stageOwners;
  }
  const parts = Array.from({ length: workers }, (_, worker) => ({
    name: plan.name,
    segments: segments.map(({ stages, ownersOf }) =>
      stages.map((stage, index) => stagePart(stage, ownersOf[index], worker)),
    ),
  }));
  return {
    parts,
    needs: segments.map(({ needs }) => needs.map((set) => [...set].sort((a, b) => a - b))),
    owners: segments.map(({ ownersOf }) => ownersOf.at(-1)),
  };
}

function stagePart(stage: Stage, owners: readonly number[], worker: number): StagePart {
  const outputs = owners.flatMap((owner, output) => (owner === worker ? [output] : []));
  return { ...kindOf(stage).pick(stage, outputs), outputs };
}
