// The program the server role runs on ciphertexts: private to the server, exact in level and scale at every point.
import { type Parameters, type ParametersLiteral, primesAtLevel } from '../params/parameters.ts';
import type { GridLayout, PatchLayout } from './layout.ts';

/** A plaintext factor: one number for all slots, or one value a slot. */
export type Diagonal =
  | { readonly kind: 'scalar'; readonly value: number }
  | { readonly kind: 'vector'; readonly values: Float32Array };

/** `rotate(inputs[input], step) ⊙ diagonal`; step is the baby step, 0 to slots − 1, to the left. */
export interface Term {
  readonly input: number;
  readonly step: number;
  readonly diagonal: Diagonal;
}

/** `rotate(Σ terms, giantStep)`. */
export interface RotatedSum {
  readonly giantStep: number;
  readonly terms: readonly Term[];
}

/** One output ciphertext of a linear stage: `Σ sums + bias`. */
export interface LinearRow {
  readonly sums: readonly RotatedSum[];
  readonly bias: Diagonal | undefined;
}

/** Generalised diagonals by baby-step giant-step (Halevi–Shoup 2018), then an optional rescale, then the bias. */
export interface LinearStage {
  readonly kind: 'linear';
  /** Layers it computes, or computes a part of. */
  readonly layers: readonly string[];
  /** Which part of their work it is, where it is not the main one. */
  readonly part?: 'fold' | 'add up for';
  /** Level of its inputs. */
  readonly level: number;
  readonly inScale: number;
  /** Scale the diagonals are encoded at. */
  readonly plainScale: number;
  /** Whether one prime is dropped after the sum. Without it the next stage shares its rescale. */
  readonly rescale: boolean;
  readonly outScale: number;
  readonly rows: readonly LinearRow[];
}

/**
 * Squares each ciphertext, relinearises, then rescales. The other order would relinearise more cheaply, one level down,
 * but the third polynomial's rounding error meets s², whose coefficients are √N times larger: 2^17 units in a slot
 * instead of 2^11 (measured: a largest error of 0.03 instead of 0.0005 in the styles).
 */
export interface SquareStage {
  readonly kind: 'square';
  readonly layers: readonly string[];
  readonly level: number;
  readonly inScale: number;
  readonly outScale: number;
  readonly count: number;
}

/**
 * Multiplies pairs of ciphertexts, relinearises, then rescales. An output without `right` is `left` carried on: multiplied
 * by 1 at `inScale`, so that it reaches the level and scale of the others.
 */
export interface ProductStage {
  readonly kind: 'product';
  readonly layers: readonly string[];
  readonly level: number;
  readonly inScale: number;
  readonly outScale: number;
  readonly pairs: readonly { readonly left: number; readonly right: number | undefined }[];
}

/** One step of a plan. */
export type Stage = LinearStage | SquareStage | ProductStage;

/** What a stage does, in words for people. Layers may be called anything: programs read `layers`. */
export function stageLabel(stage: Stage): string {
  const part = stage.kind === 'linear' && stage.part ? `${stage.part} ` : '';
  return stage.layers.length > 0 ? part + stage.layers.join(', ') : 'as it is';
}

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

/** Number of ciphertexts a stage puts out. */
export function stageOutputs(stage: Stage): number {
  if (stage.kind === 'square') return stage.count;
  return stage.kind === 'linear' ? stage.rows.length : stage.pairs.length;
}

/** Level of what a stage puts out. */
export function outLevel(stage: Stage): number {
  return stage.level - (stage.kind !== 'linear' || stage.rescale ? 1 : 0);
}

/** The prime a rescale from `level` divides by. */
export function droppedPrime(parameters: Parameters, level: number): number {
  return Number(primesAtLevel(parameters, level).at(-1)!);
}

/** Every rotation the plan makes, ascending, without 0. */
export function rotationSteps(plan: Plan): number[] {
  const steps = new Set<number>();
  for (const stage of plan.stages) {
    if (stage.kind !== 'linear') continue;
    for (const row of stage.rows) {
      for (const sum of row.sums) {
        steps.add(sum.giantStep);
        for (const term of sum.terms) steps.add(term.step);
      }
    }
  }
  steps.delete(0);
  return [...steps].sort((a, b) => a - b);
}
