// Runs a network encrypted and beside it in the clear, and reports how far they are apart and what it took.
import { compareValues } from '../../base/compare.ts';
import { SealedError } from '../../base/errors.ts';
import { executeGraph } from '../../model/execute.ts';
import { elementCount } from '../../model/graph.ts';
import { selectLayers } from '../../model/layer-range.ts';
import type { Explanation, ExplainedLayer } from '../../plan/explanation.ts';
import type { BackendName } from '../session/backends.ts';
import { type RunOutcome, runSealed, runSimulated } from '../session/run.ts';
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

/** What to run. */
export interface ModelRunRequest extends ModelOptions {
  readonly model: Model;
  readonly inputs: readonly Float32Array[];
  /** Whether to run and decrypt up to each layer as well, for its error. */
  readonly layersReport?: boolean;
  /** Whether to run once before the run that is reported. */
  readonly warm?: boolean;
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

/** The float network's outputs. */
export function clearOutputs(graph: Model['graph'], inputs: readonly Float32Array[]): Float32Array[] {
  return inputs.map((data) => executeGraph(graph, { shape: graph.input.shape, data }).data);
}

/**
 * Throws unless every value stays where the network was compiled for: in the ranges that activations were fitted over, and
 * small enough for the modulus it is decrypted at. By this side's own copy of the network: nothing of an input leaves.
 * @throws SealedError `out-of-range` naming the layer
 */
function checkRanges(
  graph: Model['graph'],
  inputs: readonly Float32Array[],
  { bounds, ranges }: Explanation,
): void {
  const byValue = Map.groupBy(bounds, ({ value }) => value);
  const check = (id: string, data: Float32Array): void => {
    for (const { layer, low, high } of byValue.get(id) ?? []) {
      const outside = data.find((x) => !(x >= low && x <= high));
      if (outside === undefined) continue;
      throw new SealedError(
        'out-of-range',
        `At layer ${layer} a value of ${outside.toPrecision(4)} lies outside ${low.toPrecision(4)} to ${high.toPrecision(4)}, ` +
          `for which the plan was made by ${ranges.description}. Plan with ranges that hold it: sample inputs of the ` +
          'model’s owner, or the range of an input’s values.',
        { stage: 'model', detail: { layer } },
      );
    }
  };
  for (const data of inputs) {
    check(graph.input.id, data);
    executeGraph(
      graph,
      { shape: graph.input.shape, data },
      { onNode: ({ id }, output) => check(id, output.data) },
    );
  }
}

/**
 * Runs `request` on `session`.
 * @throws SealedError `out-of-range` for an input unlike the calibration's; whatever planning or a role throws
 */
export async function runModel(
  session: Session,
  request: ModelRunRequest,
  controls: RunControls = {},
): Promise<ModelRunReport> {
  const { model, inputs, layersReport = false, warm = false, planned: shown, ...options } = request;
  const { backend } = options;
  const { signal } = controls;
  const planned = shown ?? (await planModel(session, model, options, { signal }));
  const { explanation, card } = planned;
  const graph = graphOf(planned, options);
  for (const { length } of inputs) checkSize(graph, length);
  checkRanges(graph, inputs, explanation);
  const report = await reportPlan(session, planned, inputs.length, backend, { signal });
  const { layers, parameters, predictedError, ...cost } = report;
  const first = warm ? await runOnce(session, planned, inputs, backend, controls) : undefined;
  const started = performance.now();
  const outcome = await runOnce(session, planned, inputs, backend, controls);
  const totalMs = performance.now() - started;
  const clearStart = performance.now();
  const expected = clearOutputs(graph, inputs);
  const clearMs = performance.now() - clearStart;
  const errors = compareOutputs(outcome.outputs, expected);
  const measured = layersReport ? await layerErrors(session, request, planned, controls) : undefined;
  const last = graph.layers?.at(-1)?.index;
  return {
    outputs: outcome.outputs.map((values) => [...values]),
    clearOutputs: expected.map((values) => [...values]),
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
    timings: {
      ...outcome.timings,
      // A warm run makes no keys: those of the run before it count.
      keygenMs: outcome.timings.keygenMs + (first?.timings.keygenMs ?? 0),
      totalMs,
      planMs: planned.planMs,
      evaluateMsPerInput: outcome.timings.evaluateMs / inputs.length,
      clearMs,
    },
    bytes: {
      ...outcome.bytes,
      evaluationKeys: outcome.bytes.evaluationKeys + (first?.bytes.evaluationKeys ?? 0),
    },
  };
}

function runOnce(
  session: Session,
  { card }: PlannedModel,
  inputs: readonly Float32Array[],
  backend: BackendName,
  controls: RunControls,
): Promise<RunOutcome> {
  const run = backend === 'clear' ? runSimulated : runSealed;
  return run(session, { card, inputs }, new Stages(controls));
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
  { model, inputs, layersReport: _, warm: __, planned: ___, ...options }: ModelRunRequest,
  { card, explanation }: PlannedModel,
  controls: RunControls,
): Promise<ReadonlyMap<number, LayerError>> {
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
    const { outputs } = await runOnce(session, prefix, inputs, options.backend, controls);
    const { maxAbsError } = compareOutputs(outputs, clearOutputs(graphOf(prefix, upTo), inputs));
    const { level, scale } = prefix.card.card.segments.at(-1)!.output;
    found.set(index, { level, scaleBits: Math.log2(scale), maxAbsError });
  }
  return found;
}
