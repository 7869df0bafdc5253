// Runs a network encrypted and beside it in the clear, and reports how far they are apart and what it took.
import { compareValues } from '../../base/compare.ts';
import { SealedError } from '../../base/errors.ts';
import { elementCount } from '../../model/graph.ts';
import { selectLayers } from '../../model/layer-range.ts';
import type { ExplainedLayer } from '../../plan/explanation.ts';
import type { BackendName } from '../session/backends.ts';
import { type RunOutcome, runSealed, runSimulated } from '../session/run.ts';
import type { RunExpectation } from '../session/run-expectation.ts';
import type { Session } from '../session/session.ts';
import { type RunBytes, type RunControls, type RunTimings, Stages } from '../session/stages.ts';
import {
  type Model,
  type ModelOptions,
  type ModelPlanReport,
  planModel,
  type PlannedModel,
  reportPlan,
} from './model-plan.ts';

import { clearOutputs, expectationOf, runInClear } from './clear-run.ts';

/** A prediction is of typical noise: honest runs have gone a fifth beyond it. */
const PREDICTION_ROOM = 2;

/** What to run. */
export interface ModelRunRequest extends ModelOptions {
  readonly model: Model;
  readonly inputs: readonly Float32Array[];
  /** Whether to run and decrypt up to each layer as well, for its error. */
  readonly layersReport?: boolean;
  /** Whether to run once before the run that is reported. */
  readonly warm?: boolean;
  /** Whether each run has keys of its own, as a picture's always has: they encrypt its inputs and nothing else. */
  readonly freshKeys?: boolean | undefined;
  /** Largest error of an output that is accepted; twice what the plan predicts unless given. A run beyond it has no outputs. */
  readonly allowedError?: number | undefined;
  /** Milliseconds to the service and back, for the prediction: 0 unless given. */
  readonly delayMs?: number | undefined;
  /** A plan that has been shown for these options: it is the one that runs. */
  readonly planned?: PlannedModel | undefined;
}

/** A layer with the error measured after it; null where it was not. */
export interface ReportedLayer extends ExplainedLayer {
  readonly maxAbsError: number | null;
}

/** The outcome of a run. */
export interface ModelRunReport {
  readonly outputs: readonly (readonly number[])[];
  readonly clearOutputs: readonly (readonly number[])[];
  readonly outputShape: readonly number[];
  readonly maxAbsError: number;
  readonly meanAbsError: number;
  readonly predictedError: number;
  readonly backend: BackendName;
  readonly layers: readonly ReportedLayer[];
  readonly parameters: ModelPlanReport['parameters'];
  readonly cost: Omit<ModelPlanReport, 'layers' | 'parameters' | 'predictedError'>;
  /** Secret and evaluation keys: made for this run, and used by others before it. */
  readonly keys: RunOutcome['keys'];
  readonly timings: RunTimings & {
    readonly totalMs: number;
    readonly planMs: number;
    readonly evaluateMsPerInput: number;
    /** The float network on all inputs, in the clear on this side. */
    readonly clearMs: number;
  };
  readonly bytes: RunBytes;
}

/** The part of the network that runs. */
function graphOf({ model: { graph } }: PlannedModel, { layers }: ModelOptions): Model['graph'] {
  return layers ? selectLayers(graph, ...layers) : graph;
}

/**
 * Runs `request` on `session`.
 * @throws SealedError `out-of-range` for an input unlike the calibration's; `wrong-answer` for outputs further from the float
 *   network's than is allowed; whatever planning or a role throws
 */
export async function runModel(
  session: Session,
  request: ModelRunRequest,
  controls: RunControls = {},
): Promise<ModelRunReport> {
  const { model, inputs, planned: shown, layersReport = false, warm = false, ...more } = request;
  const { freshKeys, allowedError, delayMs, ...options } = more;
  const { backend } = options;
  const { signal } = controls;
  const planned = shown ?? (await planModel(session, model, options, { signal }));
  const { explanation, card } = planned;
  const graph = graphOf(planned, options);
  for (const { length } of inputs) checkSize(graph, length);
  const clear = runInClear(graph, inputs, explanation);
  const report = await reportPlan(session, planned, inputs.length, backend, { signal }, delayMs);
  const { layers, parameters, predictedError, ...cost } = report;
  const once: OneRun = {
    planned,
    inputs,
    backend,
    freshKeys,
    expected: expectationOf(clear, allowedError ?? PREDICTION_ROOM * predictedError),
  };
  const first = warm ? await runOnce(session, once, controls) : undefined;
  const started = performance.now();
  const outcome = await runOnce(session, once, controls);
  const totalMs = performance.now() - started;
  const errors = compareOutputs(outcome.outputs, clear.outputs);
  const measured = layersReport ? await layerErrors(session, request, planned, controls) : undefined;
  const last = graph.layers?.at(-1)?.index;
  return {
    outputs: outcome.outputs.map((values) => [...values]),
    clearOutputs: clear.outputs.map((values) => [...values]),
    outputShape: explanation.outputShape,
    ...errors,
    predictedError,
    backend: backend === 'clear' ? 'clear' : card.card.backend,
    layers: layers.map((layer): ReportedLayer => {
      const found = measured?.get(layer.index);
      if (found) {
        // Up to a layer that a later one absorbs, the network has a level and scale of its own.
        const { level, scaleBits } = layer.level === null ? found : layer;
        return { ...layer, level, scaleBits, maxAbsError: found.maxAbsError };
      }
      return { ...layer, maxAbsError: layer.index === last ? errors.maxAbsError : null };
    }),
    parameters,
    cost,
    keys: outcome.keys,
    timings: {
      ...outcome.timings,
      // A warm run makes no keys: those of the run before it count.
      keygenMs: outcome.timings.keygenMs + (first?.timings.keygenMs ?? 0),
      totalMs,
      planMs: planned.planMs,
      evaluateMsPerInput: outcome.timings.evaluateMs / inputs.length,
      clearMs: clear.clearMs,
    },
    bytes: {
      ...outcome.bytes,
      evaluationKeys: outcome.bytes.evaluationKeys + (first?.bytes.evaluationKeys ?? 0),
    },
  };
}

/** A run of a planned network, and what it must give. */
interface OneRun {
  readonly planned: PlannedModel;
  readonly inputs: readonly Float32Array[];
  readonly backend: BackendName;
  readonly freshKeys: boolean | undefined;
  readonly expected: RunExpectation | undefined;
}

function runOnce(
  session: Session,
  { planned: { card }, inputs, backend, freshKeys, expected }: OneRun,
  controls: RunControls,
): Promise<RunOutcome> {
  const run = backend === 'clear' ? runSimulated : runSealed;
  return run(session, { card, inputs, freshKeys, expected }, new Stages(controls));
}

function checkSize({ input: { shape } }: Model['graph'], length: number): void {
  if (length === elementCount(shape)) return;
  throw new SealedError(
    'invalid-argument',
    `The network takes ${shape.join('×')} = ${elementCount(shape)} values; an input has ${length}.`,
    { stage: 'input' },
  );
}

/** Largest and mean absolute difference over all outputs. NaN counts as the largest. */
export function compareOutputs(
  actual: readonly Float32Array[],
  expected: readonly Float32Array[],
): { readonly maxAbsError: number; readonly meanAbsError: number } {
  const each = expected.map((values, i) => ({ ...compareValues(actual[i], values), count: values.length }));
  const count = each.reduce((sum, { count: own }) => sum + own, 0);
  return {
    maxAbsError: each.reduce((most, { maxAbsError }) => Math.max(most, maxAbsError), 0),
    meanAbsError: each.reduce((sum, { meanAbsError, count: own }) => sum + meanAbsError * own, 0) / count,
  };
}

/** What decrypting after a layer shows. */
interface LayerError {
  readonly level: number;
  readonly scaleBits: number;
  readonly maxAbsError: number;
}

/**
 * The error after each layer: the network up to there is run and decrypted at the client, under the whole network's
 * parameters.
 */
async function layerErrors(
  session: Session,
  { model, inputs, layersReport: _, warm: __, planned: ___, ...more }: ModelRunRequest,
  { card, explanation }: PlannedModel,
  controls: RunControls,
): Promise<ReadonlyMap<number, LayerError>> {
  const { freshKeys, allowedError: ____, delayMs: _____, ...options } = more;
  const found = new Map<number, LayerError>();
  const [{ index: firstIndex }] = explanation.layers;
  for (const { index } of explanation.layers) {
    const upTo: ModelOptions = {
      ...options,
      layers: [firstIndex, index],
      refresh: (options.refresh ?? []).filter((after) => after < index),
      parameters: card.card.parameters,
    };
    const prefix = await planModel(session, model, upTo, { signal: controls.signal });
    // What is measured here is to be seen, however large.
    const once = { planned: prefix, inputs, backend: options.backend, freshKeys, expected: undefined };
    const { outputs } = await runOnce(session, once, controls);
    const { maxAbsError } = compareOutputs(outputs, clearOutputs(graphOf(prefix, upTo), inputs));
    const { level, scale } = prefix.card.card.segments.at(-1)!.output;
    found.set(index, { level, scaleBits: Math.log2(scale), maxAbsError });
  }
  return found;
}
