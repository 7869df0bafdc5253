// The program the server role runs on ciphertexts: private to the server, exact in level and scale at every point.
import { type Parameters, primesAtLevel } from '../params/parameters.ts';
import type { KeyLevels } from './client-interface.ts';
import { kindOf, type Stage } from './stages/stages.ts';

export type { LinearStage } from './stages/linear.ts';
export type { Diagonal, LinearRow, RotatedSum, Term } from './stages/linear-rows.ts';
export { addsOverQP, type SumMethod, sumMethodOf } from './stages/sum-method.ts';
export type { Pair, ProductStage } from './stages/product.ts';
export { outLevel, type Stage, stageLabel, stageOutputs } from './stages/stages.ts';

/** A straight line of stages from `inputCount` fresh ciphertexts to the outputs of the last one. */
export interface Plan {
  readonly name: string;
  readonly parameters: Parameters;
  readonly inputCount: number;
  readonly inputScale: number;
  /** Level of the inputs; the parameters' highest unless given. */
  readonly inputLevel?: number;
  readonly stages: readonly Stage[];
}

/** The prime a rescale from `level` divides by. */
export function droppedPrime(parameters: Parameters, level: number): number {
  return Number(primesAtLevel(parameters, level).at(-1)!);
}

/** Every rotation the plan makes, ascending, without 0. */
export function rotationSteps(plan: Plan): number[] {
  const steps = new Set(plan.stages.flatMap((stage) => [...kindOf(stage).steps(stage)]));
  steps.delete(0);
  return [...steps].sort((a, b) => a - b);
}

/** Whether the plan needs the relinearisation key. */
export function relinearizes(plan: Plan): boolean {
  return plan.stages.some((stage) => kindOf(stage).operations(stage).relinearize > 0);
}

/** The highest level at which the plan uses each of its keys. */
export function keyLevels(plan: Plan): KeyLevels {
  const rotations = new Map<number, number>();
  let relinearize: number | undefined;
  const higher = (level: number | undefined, stage: Stage): number => Math.max(level ?? 0, stage.level);
  for (const stage of plan.stages) {
    const kind = kindOf(stage);
    for (const step of kind.steps(stage)) rotations.set(step, higher(rotations.get(step), stage));
    if (kind.operations(stage).relinearize > 0) relinearize = higher(relinearize, stage);
  }
  return { relinearize, rotations: rotationSteps(plan).map((step) => rotations.get(step)!) };
}
