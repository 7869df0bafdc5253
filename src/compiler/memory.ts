// The memory that a plan takes at a service, and what is done where that is too much: vectors encoded in each run.
import { addsOverQP, type LinearStage, type Plan, type Stage, stageOutputs } from '../plan/plan.ts';
import { kernelBytes, keyKernelBytes, keysOf, sumOverKeys } from '../plan/sizes.ts';
import { kindOf } from '../plan/stages/stages.ts';

/** What a kernel takes beside what is counted: its tables, its scratch and its own memory's gaps. */
const BASE_BYTES = 16e6;

/** Encoded vectors of a stage, if it is linear. */
function vectorsOf(stage: Stage): number {
  return kindOf(stage).operations(stage).multiplyPlain;
}

/** Bytes of a stage's vectors, encoded: under P as well where sums are hoisted. */
function encodedBytes(stage: Stage, slots: number): number {
  if (stage.kind !== 'linear') return 0;
  const primes = stage.level + 1 + (addsOverQP(stage.method) ? 1 : 0);
  return vectorsOf(stage) * kernelBytes(2 * slots, primes, 1);
}

/** Bytes of the ciphertexts that a stage has at one time: what it reads and makes, and its rotated inputs. */
function workingBytes(stage: Stage, inputs: number, slots: number): number {
  const { baby } = kindOf(stage).operations(stage);
  const isHoisted = stage.kind === 'linear' && addsOverQP(stage.method);
  const ciphertext = kernelBytes(2 * slots, stage.level + 1, 2);
  const rotated = kernelBytes(2 * slots, stage.level + 2, 2);
  return (inputs + stageOutputs(stage)) * ciphertext + (baby + (isHoisted ? inputs + 2 : 0)) * rotated;
}

/** What one evaluator holds of all `plans`, each with its vectors, and one set of their keys. */
export interface PlanMemory {
  readonly keyBytes: number;
  /** Encoded vectors. */
  readonly vectorBytes: number;
  /** The most that ciphertexts take at one time. */
  readonly workingBytes: number;
  readonly totalBytes: number;
}

/** The memory that `plans`, which share parameters, take in one evaluator. */
export function memoryOf(plans: readonly Plan[]): PlanMemory {
  const [{ parameters }] = plans;
  const { slots } = parameters;
  const keyBytes = sumOverKeys(keysOf(plans), (level) => keyKernelBytes(parameters, level));
  let [vectorBytes, working] = [0, 0];
  for (const { stages, inputCount } of plans) {
    let inputs = inputCount;
    for (const stage of stages) {
      if (!isStreamed(stage)) vectorBytes += encodedBytes(stage, slots);
      working = Math.max(working, workingBytes(stage, inputs, slots));
      inputs = stageOutputs(stage);
    }
  }
  const totalBytes = BASE_BYTES + keyBytes + vectorBytes + working;
  return { keyBytes, vectorBytes, workingBytes: working, totalBytes };
}

function isStreamed(stage: Stage): stage is LinearStage {
  return stage.kind === 'linear' && stage.isStreamed === true;
}

/**
 * `plans` within `budget` bytes, as far as that can be: the stages whose vectors take longest to encode for what they hold are
 * encoded ahead, the others in each run.
 */
export function withinMemory(plans: readonly Plan[], budget: number): readonly Plan[] {
  let excess = memoryOf(plans).totalBytes - budget;
  if (excess <= 0) return plans;
  const [{ parameters }] = plans;
  const streamed = new Set<Stage>();
  const stages = plans
    .flatMap((plan) => plan.stages)
    .map((stage) => ({ stage, bytes: encodedBytes(stage, parameters.slots) }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes);
  for (const { stage, bytes } of stages) {
    if (excess <= 0) break;
    // The smallest that is enough by itself, if one is left that is.
    const enough = stages.findLast((other) => !streamed.has(other.stage) && other.bytes >= excess);
    const taken = enough ?? { stage, bytes };
    streamed.add(taken.stage);
    excess -= taken.bytes;
  }
  return plans.map((plan) => ({
    ...plan,
    stages: plan.stages.map((stage) =>
      stage.kind === 'linear' && streamed.has(stage) ? { ...stage, isStreamed: true as const } : stage,
    ),
  }));
}
