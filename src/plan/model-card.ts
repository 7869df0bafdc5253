// How one segment's ends are packed, and what the compiler's two forms hand out of it: public, and without any plan.
import type { ParametersLiteral } from '../params/parameters.ts';
import type { GridLayout, PatchLayout } from './layout.ts';
import type { GatherLayout, SlotLayout } from './slot-layout.ts';

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

/** The model card of one segment of a general network. */
export type NetworkCard = Omit<ModelCard, 'input' | 'output' | 'finish'> & {
  readonly input: CardTensor<GatherLayout>;
  readonly output: CardTensor<SlotLayout>;
};
