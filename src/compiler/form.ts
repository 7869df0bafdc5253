// What either form makes of a network, before it is explained and handed out.
import type { Graph, ValueId } from '../model/graph.ts';
import type { ResultInterface } from '../plan/client-interface.ts';
import type { ExplainedFit, PlanForm } from '../plan/explanation.ts';
import type { Plan } from '../plan/plan.ts';
import type { Prediction, SegmentEnds } from './predict.ts';

/** One stretch that the server computes without the client. */
export interface FormSegment {
  readonly plan: Plan;
  readonly card: SegmentEnds;
  /** What it computes. */
  readonly graph: Graph;
  /** What the client computes on its decrypted result and on what it kept before; undefined for nothing. */
  readonly client: Graph | undefined;
  /** Elements at the end of the client's result that it keeps. */
  readonly kept: number;
  /** The values that its output is made of. */
  readonly outputs: readonly { readonly id: ValueId }[];
  readonly fits: readonly ExplainedFit[];
  readonly prediction: Prediction;
  /** Name of each round's layouts, for people. */
  readonly layouts: readonly string[];
}

/** A network in one form. All segments share one set of parameters. */
export interface CompiledForm {
  readonly form: PlanForm;
  readonly segments: readonly FormSegment[];
  readonly result: ResultInterface;
}
