// The program the server role runs on ciphertexts: private to the server, exact in level and scale at every point.
import { type Parameters, type ParametersLiteral, primesAtLevel } from '../params/parameters.ts';
import type { GridLayout, PatchLayout } from './layout.ts';
import { kindOf, type Stage } from './stages/stages.ts';

export type { Diagonal, LinearRow, LinearStage, RotatedSum, Term } from './stages/linear.ts';
export type { ProductStage } from './stages/product.ts';
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

/** How one end of a plan is packed: `count` ciphertexts of `level` at `scale`. */
export interface CardTensor<L> {
  readonly layout: L;
  readonly scale: number;
  readonly level: number;
  readonly count: number;
}

/** What the client may know, and must, to use a plan: no weights. */
export interface ModelCard {
  readonly name: string;
  readonly parameters: ParametersLiteral;
  readonly input: CardTensor<PatchLayout>;
  readonly output: CardTensor<GridLayout>;
  /** Galois keys the plan needs, as left rotations in slots. */
  readonly rotationSteps: readonly number[];
  readonly relinearize: boolean;
  /** What the client does with the decrypted tensor. */
  readonly finish: readonly FinishOperation[];
  /** What the server role learns, in words for people. */
  readonly serverLearns: readonly string[];
}

/** Exact operations left to the client because they only rename elements. */
export interface FinishOperation {
  readonly op: 'depthToSpace';
  readonly block: number;
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
