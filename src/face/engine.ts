// `sealed-qr/engine`: networks of one's own, planned, printed and run under encryption.
import '../base/dispose-symbols.ts';
import { clientWorkers } from '#platform/client';
import { startService } from '#platform/service';
import {
  type Model,
  type ModelOptions,
  type PlannedModel,
  planModel,
  samplesOf,
} from '../app/network/model-plan.ts';
import { type ModelRunReport, runModel } from '../app/network/run-model.ts';
import { Session } from '../app/session/session.ts';
import type { RunControls } from '../app/session/stages.ts';
import type { WorkerHandle } from '../base/worker-handle.ts';
import { inputsFor, readInputFile, readModelFile } from '../import/model-file.ts';
import type { Shape } from '../model/graph.ts';
import type { Explanation } from '../plan/explanation.ts';
import type { LocalService } from '../protocol/service.ts';

export { SealedError } from '../base/errors.ts';
export type { BackendName } from '../app/session/backends.ts';
export type { Model } from '../app/network/model-plan.ts';
export type { ModelRunReport, ReportedLayer } from '../app/network/run-model.ts';
export type { Graph, Shape, Tensor } from '../model/graph.ts';
export type { Explanation } from '../plan/explanation.ts';
export type { LocalService, Preference, Service } from '../protocol/service.ts';

/** What a model file does not say itself. */
export interface ReadOptions {
  /** The file's name; its ending need not say what it is. */
  readonly name?: string;
  /** Shape of one input without batch axis, `[channels, height, width]`: needed for PyTorch files. */
  readonly inputShape?: Shape;
  /** For a state_dict: its layers, as JSON or as the text that `print(model)` shows. */
  readonly layers?: string;
}

/**
 * Reads a `.onnx`, `.pt` or `.pth` file. It is interpreted, never executed.
 *
 * @throws SealedError `malformed-model`, `unsupported-layer` naming the layer, `invalid-argument` where the shape is missing
 */
export function readModel(bytes: Uint8Array, options: ReadOptions = {}): Model {
  const { name = 'model', inputShape, layers } = options;
  const graph = readModelFile(bytes, { name, inputShape, layers });
  return { file: { name, bytes, inputShape: graph.input.shape, layers }, graph };
}

/**
 * The inputs in a file: NumPy's `.npy`, `.json` (nested lists, or PyCrCNN's arrays) or `.png`, one entry per input.
 *
 * @throws SealedError `invalid-argument` where they do not fit the model
 */
export function readInputs(model: Model, name: string, bytes: Uint8Array): Float32Array[] {
  return inputsFor(model.graph.input.shape, readInputFile(name, bytes));
}

/** How a network is to be run. */
export interface CompileOptions extends Partial<Omit<ModelOptions, 'calibration'>> {
  /**
   * Inputs that ranges and scales are taken from: the model owner's, never a person's. Without any, pictures of random
   * values in [0, 1).
   */
  readonly calibration?: readonly Float32Array[];
}

/** A network with its plan. */
export interface CompiledModel {
  /** The plans, printed: one for each stretch that the service computes without the client. */
  readonly plans: readonly string[];
  /** Layers, costs, levels, predicted error. */
  readonly explanation: Explanation;
  /** What {@link run} needs. */
  readonly planned: PlannedModel;
  /** The options that it was planned with. */
  readonly options: ModelOptions;
}

/** Options of {@link openSession}. */
export interface EngineOptions {
  /** Evaluators of its service: the number of processors, at most four, unless given. */
  readonly evaluators?: number;
}

/**
 * A session with a service in this program. Whoever opens it closes it; in Node an open session keeps the process alive.
 */
export function openSession({ evaluators }: EngineOptions = {}): Session {
  return new Session({
    workers: { ...clientWorkers, service: () => startService(evaluators) },
    advice: 'Try a smaller network, fewer of its layers, or fewer inputs at once.',
  });
}

/**
 * A service in this program, for a client of `sealed-qr/client`: the code that an endpoint would run. Whoever opens it ends
 * it with `terminate()`.
 */
export function openService({ evaluators }: EngineOptions = {}): WorkerHandle<LocalService> {
  return startService(evaluators);
}

/**
 * Has the session's service plan `model`. The plan that is printed is the plan that runs.
 *
 * @throws SealedError naming the layer that does not fit, and what to do
 */
export async function compile(
  session: Session,
  model: Model,
  options: CompileOptions = {},
): Promise<CompiledModel> {
  const { calibration = [], backend = 'simd', ...rest } = options;
  const whole: ModelOptions = { ...rest, backend, calibration: samplesOf(model.graph, calibration) };
  const planned = await planModel(session, model, whole);
  const { explanation } = planned;
  return { plans: explanation.segments.map(({ plan }) => plan), explanation, planned, options: whole };
}

/**
 * Runs a compiled network on inputs, encrypted, and beside it in the clear.
 *
 * @throws SealedError `out-of-range` for an input unlike the calibration's; `aborted`; whatever a role throws
 */
export function run(
  session: Session,
  { planned, options }: CompiledModel,
  inputs: readonly Float32Array[],
  controls: RunControls = {},
): Promise<ModelRunReport> {
  return runModel(session, { ...options, model: planned.model, planned, inputs }, controls);
}
