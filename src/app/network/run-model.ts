// Runs a network encrypted and beside it in the clear, and reports how far they are apart and what it took.
import type { CompiledNetwork } from '../../compiler/general/compile-network.ts';
import { checkRanges } from '../../compiler/calibrate.ts';
import { SealedError } from '../../base/errors.ts';
import { primesAtLevel } from '../../params/parameters.ts';
import { executeGraph } from '../../model/execute.ts';
import type { Graph } from '../../model/graph.ts';
import type {
  NetworkBytes,
  NetworkControls,
  NetworkOutcome,
  NetworkSession,
  NetworkTimings,
} from '../session/network-session.ts';
import {
  compileModel,
  type ModelOptions,
  type ModelPlanReport,
  type PlannedLayer,
  plannedLayers,
  type PlannedModel,
  reportPlan,
} from './plan-model.ts';
import type { BackendName } from '../style/report.ts';

/** What to run. */
export interface ModelRunRequest extends ModelOptions {
  readonly graph: Graph;
  readonly inputs: readonly Float32Array[];
  /** Whether to run and decrypt up to each layer as well, for its error. */
  readonly layersReport?: boolean;
  /** Whether to run once before the run that is reported. */
  readonly warm?: boolean;
}

/** A layer with the error measured after it; null where it was not. */
export interface ReportedLayer extends PlannedLayer {
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
  readonly timings: NetworkTimings & { readonly planMs: number; readonly evaluateMsPerInput: number };
  readonly bytes: NetworkBytes;
}

/** Largest and mean absolute difference. NaN counts as the largest. */
export function compareOutputs(
  actual: readonly ArrayLike<number>[],
  expected: readonly ArrayLike<number>[],
): { readonly maxAbsError: number; readonly meanAbsError: number } {
  let [maxAbsError, sum, count] = [0, 0, 0];
  expected.forEach((values, i) => {
    for (let j = 0; j < values.length; j += 1) {
      const error = Math.abs(actual[i][j] - values[j]);
      maxAbsError = Math.max(maxAbsError, error);
      sum += error;
      count += 1;
    }
  });
  return { maxAbsError, meanAbsError: sum / count };
}

/** The float network's outputs. */
export function clearOutputs({ graph }: CompiledNetwork, inputs: readonly Float32Array[]): Float32Array[] {
  return inputs.map((data) => executeGraph(graph, { shape: graph.input.shape, data }).data);
}

/**
 * Throws unless every value stays where the network was compiled for: in the ranges that activations were fitted over, and
 * small enough for the modulus it is decrypted at.
 * @throws SealedError `out-of-range` naming the layer
 */
function checkInputRanges({ segments }: CompiledNetwork, inputs: readonly Float32Array[]): void {
  for (const input of inputs) {
    let data = input;
    for (const { graph, client, fits, card, plan } of segments) {
      checkRanges(graph, { shape: graph.input.shape, data }, fits);
      data = executeGraph(graph, { shape: graph.input.shape, data }).data;
      const { level, scale } = card.output;
      const modulus = primesAtLevel(plan.parameters, level).reduce(
        (product, prime) => product * Number(prime),
        1,
      );
      const most = modulus / (2 * scale);
      if (!data.every((x) => Math.abs(x) < most)) {
        throw new SealedError(
          'out-of-range',
          `A value after layer ${graph.output} exceeds ${most.toPrecision(4)}, which the parameters hold: calibrate with inputs like this one.`,
          { stage: 'model', detail: { layer: graph.output } },
        );
      }
      if (client) data = executeGraph(client, { shape: client.input.shape, data }).data;
    }
  }
}

/**
 * Runs `request` on `session`.
 * @throws SealedError `out-of-range` for an input unlike the calibration's; whatever compiling or a role throws
 */
export async function runModel(
  session: NetworkSession,
  request: ModelRunRequest,
  controls: NetworkControls = {},
): Promise<ModelRunReport> {
  const { graph, inputs, layersReport = false, warm = false, ...options } = request;
  const { backend } = options;
  const planned = compileModel(graph, options);
  const { network, predictedError, planMs } = planned;
  checkInputRanges(network, inputs);
  const {
    layers: _,
    parameters,
    predictedError: __,
    ...cost
  } = await reportPlan(planned, inputs.length, backend, session, controls.signal);
  let keyBytes = 0;
  let keygenMs = 0;
  if (warm) {
    const first = await session.run(network, inputs, backend, controls);
    keyBytes = first.bytes.evaluationKeys;
    keygenMs = first.timings.keygenMs;
  }
  const outcome = await session.run(network, inputs, backend, controls);
  const expected = clearOutputs(network, inputs);
  const errors = compareOutputs(outcome.outputs, expected);
  const measured = layersReport ? await layerErrors(session, request, planned, controls) : undefined;
  const last = network.graph.layers?.at(-1)?.index;
  return {
    outputs: outcome.outputs.map((values) => [...values]),
    clearOutputs: expected.map((values) => [...values]),
    outputShape:
      network.graph.nodes.find(({ id }) => id === network.graph.output)?.shape ?? network.graph.input.shape,
    ...errors,
    predictedError,
    backend: outcome.backend,
    layers: plannedLayers(network).map((layer): ReportedLayer => {
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
    timings: withKeys(outcome, keygenMs, planMs, inputs.length),
    bytes: { ...outcome.bytes, evaluationKeys: outcome.bytes.evaluationKeys + keyBytes },
  };
}

/** A warm run makes no keys: those of the run before it count. */
function withKeys(
  { timings }: NetworkOutcome,
  keygenMs: number,
  planMs: number,
  inputs: number,
): ModelRunReport['timings'] {
  return {
    ...timings,
    keygenMs: timings.keygenMs + keygenMs,
    planMs,
    evaluateMsPerInput: timings.evaluateMs / inputs,
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
  session: NetworkSession,
  request: ModelRunRequest,
  { network }: PlannedModel,
  controls: NetworkControls,
): Promise<ReadonlyMap<number, LayerError>> {
  const { graph, inputs, layersReport: _, warm: __, ...options } = request;
  const found = new Map<number, LayerError>();
  const marks = network.graph.layers ?? [];
  for (const { index } of marks) {
    const upTo: ModelOptions = {
      ...options,
      layers: [marks[0].index, index],
      refresh: (options.refresh ?? []).filter((after) => after < index),
      parameters: network.segments[0].plan.parameters,
    };
    const prefix = compileModel(graph, upTo).network;
    const { outputs } = await session.run(prefix, inputs, options.backend, controls);
    const { maxAbsError } = compareOutputs(outputs, clearOutputs(prefix, inputs));
    const { level, scale } = prefix.segments.at(-1)!.card.output;
    found.set(index, { level, scaleBits: Math.log2(scale), maxAbsError });
  }
  return found;
}
