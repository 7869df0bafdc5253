// The table of stage kinds: what is asked of any stage, whatever its kind.
import { SealedError } from '../../base/errors.ts';
import { type LinearStage, linearKind } from './linear.ts';
import { type ProductStage, productKind } from './product.ts';
import type { StageKind } from './stage-kind.ts';

/** One step of a plan. */
export type Stage = LinearStage | ProductStage;

const KINDS: { readonly [K in Stage['kind']]: StageKind<Extract<Stage, { kind: K }>> } = {
  linear: linearKind,
  product: productKind,
};

/** What the kind of `stage` says of it. @throws SealedError `plan-rejected` for a kind that is none */
export function kindOf<S extends Stage>(stage: S): StageKind<S> {
  if (!Object.hasOwn(KINDS, stage.kind)) {
    throw new SealedError('plan-rejected', `There is no stage of kind ${String(stage.kind)}.`);
  }
  // The table's type says that the kind found is the stage's; TypeScript cannot follow a union through a look-up.
  return KINDS[stage.kind] as unknown as StageKind<S>;
}

/** What a stage does, in words for people. Layers may be called anything: programs read `layers`. */
export function stageLabel(stage: Stage): string {
  const part = kindOf(stage).part(stage);
  if (stage.layers.length === 0) return 'as it is';
  return `${part ? `${part} ` : ''}${stage.layers.join(', ')}`;
}

/** Number of ciphertexts a stage puts out. */
export function stageOutputs(stage: Stage): number {
  return kindOf(stage).outputs(stage);
}

/** Level of what a stage puts out. */
export function outLevel(stage: Stage): number {
  return stage.level - (kindOf(stage).drops(stage) ? 1 : 0);
}
