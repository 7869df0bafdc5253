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
import { SealedError } from '../base/errors.ts';
import type { WorkerHandle } from '../base/worker-handle.ts';
import { inputsFor, readInputFile, readModelFile } from '../import/model-file.ts';
import { joinExternalData } from '../import/model-parts.ts';
import type { Shape } from '../model/graph.ts';
import type { Explanation } from '../plan/explanation.ts';
import type { LocalService } from '../protocol/service.ts';
import { LayerList, type Member } from './layer-list.ts';
import { type LayerDescription, onnxOf } from './layers.ts';

export { SealedError } from '../base/errors.ts';
export { BACKENDS, type BackendName } from '../app/session/backends.ts';
export type { RunBytes, RunControls, RunTimings, StageEvent, StageName } from '../app/session/stages.ts';
export type { WorkerHandle } from '../base/worker-handle.ts';
export type { Model, ModelOptions, ModelPlanReport, PlannedModel } from '../app/network/model-plan.ts';
export type { ModelRunReport, ReportedLayer } from '../app/network/run-model.ts';
export type {
  Activation,
  Graph,
  LayerMark,
  Node,
  Operation,
  Shape,
  Tensor,
  ValueId,
  WholeType,
} from '../model/graph.ts';
export type { ParametersLiteral } from '../params/parameters.ts';
export type { OperationCounts } from '../plan/costs.ts';
export type {
  ExplainedFit,
  ExplainedLayer,
  ExplainedRanges,
  ExplainedSegment,
  ExplainedStage,
  Explanation,
  LayerPlace,
  PlanForm,
  RunPrice,
  ValueBound,
} from '../plan/explanation.ts';
export type { NamedCard } from '../app/session/session.ts';
export type { OperationTimes } from '../protocol/evaluator.ts';
export { type Preference, PREFERENCES, type PriceWeights } from '../plan/preference.ts';
export type { LocalService, Service } from '../protocol/service.ts';
export type { EncryptedTensor } from './encrypted-tensor.ts';
export { type EncryptedLayer, LayerList } from './layer-list.ts';
export {
  avgPool2d,
  conv2d,
  flatten,
  type LayerDescription,
  linear,
  refresh,
  square,
  type Weights,
} from './layers.ts';

/** What a model file does not say itself. */
export interface ReadOptions {
  /** The file's name; its ending need not say what it is. */
  readonly name?: string;
  /** Shape of one input without batch axis, `[channels, height, width]`: needed for PyTorch files. */
  readonly inputShape?: Shape;
  /** For a state_dict: its layers, as JSON or as the text that `print(model)` shows. */
  readonly layers?: string;
  /** Name of the output to compute; the first one otherwise. */
  readonly output?: string;
  /** Files beside an ONNX model that hold its weights, by the names that the model has for them. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
}

/**
 * Reads a `.onnx`, `.pt` or `.pth` file. It is interpreted, never executed.
 *
 * @throws SealedError `malformed-model`, `unsupported-layer` naming the layer, `invalid-argument` where the shape is missing
 */
export function readModel(bytes: Uint8Array, options: ReadOptions = {}): Model {
  const { name = 'model', inputShape, layers, output, files } = options;
  const whole = files ? joinExternalData(bytes, files) : bytes;
  const graph = readModelFile(whole, { name, inputShape, layers, output });
  return { file: { name, bytes: whole, inputShape: graph.input.shape, layers, output }, graph };
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
   * Inputs that ranges and scales are taken from: the model owner's, never a person's. Without any, inputs of random values
   * are made up in `inputRange`.
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

/** Layers for {@link EngineSession.encode}, beside the layers themselves. */
export interface EncodeOptions {
  /** Shape of one input, `[channels, height, width]`; a list that begins with a dense layer has one of its own. */
  readonly inputShape?: Shape;
  /** Inputs that ranges and scales are taken from: the model owner's. Without any they are made up in `inputRange`. */
  readonly calibration?: readonly Float32Array[];
  /** Least and largest value of an input, as the model's owner declares them; 0 and 1 unless given. */
  readonly inputRange?: readonly [number, number];
}

/** Options of {@link EngineSession.fromPytorch}. */
export interface PytorchOptions extends ReadOptions {
  /** Layers of the file after which the client refreshes. */
  readonly refresh?: readonly number[];
  /** Inputs that ranges and scales are taken from: the model owner's. Without any they are made up in `inputRange`. */
  readonly calibration?: readonly Float32Array[];
  /** Least and largest value of an input, as the model's owner declares them; 0 and 1 unless given. */
  readonly inputRange?: readonly [number, number];
}

/** The session within: for {@link compile} and {@link run}. */
let coreOf: (session: EngineSession) => Session;

/** A session with a service in this program: for whole networks ({@link compile}, {@link run}), and for layers by hand. */
export class EngineSession implements Disposable {
  static {
    coreOf = (session) => session.#core;
  }

  readonly #core: Session;

  /** @internal */
  constructor(core: Session) {
    this.#core = core;
  }

  /** Starts the workers and has each load all it will need, so that the first run waits for less. */
  warm(): Promise<void> {
    return this.#core.warm();
  }

  /**
   * Layers to be called one by one, or run as one plan.
   *
   * @throws SealedError `invalid-argument` where the shape of the input is missing, or layers do not fit together
   * @example
   * ```ts
   * const layers = session.encode([conv2d({ weights }), square()], { inputShape: [1, 28, 28] });
   * let value = await layers.encrypt(picture);
   * for (const layer of layers) value = await layer(value);
   * const numbers = await layers.decrypt(value);
   * ```
   */
  encode(layers: readonly LayerDescription[], options: EncodeOptions = {}): LayerList {
    const first = layers.find(({ kind }) => kind !== 'refresh');
    const own = first?.kind === 'linear' ? [first.weights.shape[1]] : undefined;
    const inputShape = options.inputShape ?? own;
    if (!inputShape)
      throw new SealedError('invalid-argument', 'Say the shape of an input: { inputShape: [1, 28, 28] }.', {
        stage: 'model',
      });
    const model = readModel(onnxOf(layers, inputShape), { name: 'layers.onnx' });
    const marks = model.graph.layers ?? [];
    let next = 0;
    const members = layers.map(({ kind }): Member => {
      if (kind === 'refresh') return 'refresh';
      next += 1;
      return { mark: marks[next - 1] };
    });
    return new LayerList(this.#core, model, members, options);
  }

  /**
   * The layers of a PyTorch file (`.pt`, `.pth`), in order, with refreshes between them.
   *
   * @throws SealedError as {@link readModel} does
   */
  fromPytorch(file: Uint8Array, options: PytorchOptions = {}): LayerList {
    const { refresh = [], calibration, inputRange, ...read } = options;
    const model = readModel(file, { name: 'model.pt', ...read });
    const members = (model.graph.layers ?? []).flatMap((mark): Member[] =>
      refresh.includes(mark.index) ? [{ mark }, 'refresh'] : [{ mark }],
    );
    return new LayerList(this.#core, model, members, { calibration, inputRange });
  }

  /** Ends every worker; the keys are gone with the client's. */
  close(): void {
    this.#core.close();
  }

  /** The same as {@link EngineSession.close}. */
  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * A session with a service in this program. Whoever opens it closes it; in Node an open session keeps the process alive.
 */
export function openSession({ evaluators }: EngineOptions = {}): EngineSession {
  const workers = { ...clientWorkers, service: () => startService(evaluators) };
  const advice = 'Try a smaller network, fewer of its layers, or fewer inputs at once.';
  return new EngineSession(new Session({ workers, advice }));
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
  session: EngineSession,
  model: Model,
  options: CompileOptions = {},
): Promise<CompiledModel> {
  const { calibration = [], backend = 'simd', ...rest } = options;
  const whole: ModelOptions = { ...rest, backend, calibration: samplesOf(model.graph, calibration) };
  const planned = await planModel(coreOf(session), model, whole);
  const { explanation } = planned;
  return { plans: explanation.segments.map(({ plan }) => plan), explanation, planned, options: whole };
}

/** Options of {@link run}. */
export interface RunOptions extends RunControls {
  /** Whether the run has keys of its own, which encrypt its inputs and nothing else; the session's unless given. */
  readonly freshKeys?: boolean;
  /** Largest error of an output that is accepted; twice what the plan predicts unless given. */
  readonly allowedError?: number;
}

/**
 * Runs a compiled network on inputs, encrypted, and beside it in the clear. Outputs are raw values: they tell of the key to
 * whoever sees them beside the ciphertexts, and are for their owner.
 *
 * @throws SealedError `out-of-range` for an input unlike the calibration's; `wrong-answer` for outputs further from the float
 *   network's than is allowed; `aborted`; whatever a role throws
 */
export function run(
  session: EngineSession,
  { planned, options }: CompiledModel,
  inputs: readonly Float32Array[],
  { freshKeys, allowedError, ...controls }: RunOptions = {},
): Promise<ModelRunReport> {
  const request = { ...options, model: planned.model, planned, inputs, freshKeys, allowedError };
  return runModel(coreOf(session), request, controls);
}
