// What a network will cost and how precise it will be, without encrypting anything.
import type { Controls } from '../../base/controls.ts';
import type { Graph, Tensor } from '../../model/graph.ts';
import type { Explanation } from '../../plan/explanation.ts';
import type { OperationTimes } from '../../protocol/evaluator.ts';
import type { ModelFile, NetworkOptions } from '../../protocol/service.ts';
import type { NamedCard, Session } from '../session/session.ts';
import type { BackendName } from '../session/backends.ts';
import { predictWhole, type WholePrediction } from './whole-prediction.ts';

/** A network as a person has it: the file, which the service is given, and this side's own copy of what is in it. */
export interface Model {
  readonly file: ModelFile;
  readonly graph: Graph;
}

/** How a network is to be run. */
export interface ModelOptions extends Omit<NetworkOptions, 'kind' | 'backend'> {
  readonly backend: BackendName;
}

/** The plan as data. */
export interface ModelPlanReport extends Omit<Explanation, 'bounds' | 'outputShape'> {
  readonly inputs: number;
  /** Evaluators of the service. */
  readonly workers: number;
  /** Evaluation of all inputs. */
  readonly predictedMs: number;
  readonly predictedMsPerInput: number;
  /** All that a person waits for. */
  readonly whole: WholePrediction;
  /** What the prediction is scaled from; null for typical figures instead of this machine's. */
  readonly calibration: OperationTimes | null;
}

/** A network that has been planned: the card that a run will use, and what its owner may know of the plan. */
export interface PlannedModel {
  readonly model: Model;
  readonly card: NamedCard;
  readonly explanation: Explanation;
  readonly planMs: number;
}

/**
 * Has the service plan `model`.
 * @throws SealedError naming the layer that does not fit, and what to do
 */
export async function planModel(
  session: Session,
  model: Model,
  { backend, ...options }: ModelOptions,
  controls: Controls = {},
): Promise<PlannedModel> {
  const start = performance.now();
  const { id } = await session.load(model.file, controls);
  const wanted: NetworkOptions = {
    kind: 'network',
    backend: backend === 'seal' ? 'seal' : 'simd',
    ...options,
  };
  const card = await session.card(id, wanted, controls);
  const explanation = await session.explain(card, controls);
  return { model, card, explanation, planMs: performance.now() - start };
}

/**
 * The report of a planned network for `inputs` inputs, by this machine's speed; by typical figures for the simulation.
 * @param delayMs milliseconds to the service and back
 */
export async function reportPlan(
  session: Session,
  { card, explanation }: PlannedModel,
  inputs: number,
  backend: BackendName,
  controls: Controls = {},
  delayMs = 0,
): Promise<ModelPlanReport> {
  const calibration = backend === 'clear' ? null : await session.measure(card, controls);
  const predictedMs = await session.predict(card, inputs, calibration ?? undefined, controls);
  const { bounds: _, outputShape: __, ...report } = explanation;
  return {
    ...report,
    inputs,
    workers: await session.evaluators(controls),
    predictedMs,
    predictedMsPerInput: predictedMs / inputs,
    whole: predictWhole({
      explanation,
      inputs,
      evaluateMs: predictedMs,
      times: calibration,
      backend: card.card.backend,
      delayMs,
    }),
    calibration,
  };
}

/** `inputs` as samples to calibrate with. */
export function samplesOf(graph: Graph, inputs: readonly Float32Array[]): Tensor[] {
  return inputs.map((data) => ({ shape: graph.input.shape, data }));
}
