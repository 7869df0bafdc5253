// Splits a plan between workers: who computes which ciphertext of which stage, and what must change hands when.
import type { LinearStage, Plan, ProductStage, SquareStage, Stage } from './plan.ts';
import { stageOutputs } from './plan.ts';

/** A stage with only some of its outputs: `outputs[i]` is the global number of the i-th. */
export type StagePart = { readonly outputs: readonly number[] } & (LinearStage | SquareStage | ProductStage);

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

/** Numbers of the inputs that output `output` of `stage` reads. */
export function dependencies(stage: Stage, output: number): Set<number> {
  if (stage.kind === 'square') return new Set([output]);
  if (stage.kind === 'product') {
    const { left, right = left } = stage.pairs[output];
    return new Set([left, right]);
  }
  const inputs = new Set<number>();
  for (const sum of stage.rows[output].sums) for (const term of sum.terms) inputs.add(term.input);
  return inputs;
}

/** Work of an output, in terms, to share it out evenly. */
function weightOf(stage: Stage, output: number): number {
  if (stage.kind !== 'linear') return 1;
  return stage.rows[output].sums.reduce((sum, { terms }) => sum + terms.length, 0);
}

/** Cuts outputs 0…n−1 into consecutive runs of about equal weight. */
function evenShares(stage: Stage, workers: number): number[] {
  const count = stageOutputs(stage);
  const weights = Array.from({ length: count }, (_, output) => weightOf(stage, output));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let before = 0;
  return weights.map((weight) => {
    const owner = Math.min(workers - 1, Math.floor(((before + weight / 2) / total) * workers));
    before += weight;
    return owner;
  });
}

/** Work of the worker that has most of it, in terms. */
function largestLoad(stage: Stage, owners: readonly number[], workers: number): number {
  const loads = Array<number>(workers).fill(0);
  owners.forEach((owner, output) => (loads[owner] += weightOf(stage, output)));
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
    const reads = Array.from({ length: stageOutputs(stage) }, (_, output) => dependencies(stage, output));
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
  if (stage.kind === 'square') return { ...stage, count: outputs.length, outputs };
  if (stage.kind === 'product')
    return { ...stage, pairs: outputs.map((output) => stage.pairs[output]), outputs };
  return { ...stage, rows: outputs.map((output) => stage.rows[output]), outputs };
}
