// The contract of a service: the whole server side as a client may know it, in this tab or across a network.
import type { Controls } from '../base/controls.ts';
import type { Rgb } from '../base/raster.ts';
import type { Shape, Tensor } from '../model/graph.ts';
import type { ParametersLiteral } from '../params/parameters.ts';
import type { ServerBackendName } from './backends.ts';
import type { AnswerBinding, RequestBinding } from './binding.ts';
import type { Sha256 } from './card.ts';
import type { OperationTimes } from './evaluator.ts';
import type { Explanation } from '../plan/explanation.ts';
import type { PlanLimits } from '../plan/plan-limits.ts';
import type { Preference, PriceWeights } from '../plan/preference.ts';

/** What a service can do. */
export interface Capabilities {
  /** Version of this contract. */
  readonly protocol: 1;
  readonly backends: readonly ServerBackendName[];
  /** Evaluations that run side by side. */
  readonly evaluators: number;
  /** Most bytes of evaluation keys that all key sets together may hold. */
  readonly keyBytes: number;
  /** Whether it takes model files of the caller's own, and explains its plans. */
  readonly loads: boolean;
  readonly explains: boolean;
}

/** A model that a service offers. */
export interface ModelEntry {
  readonly id: string;
  readonly title: string;
  readonly kind: CardOptions['kind'];
}

/** How a style is to be drawn: public, since the service draws it. */
export interface StyleOptions {
  readonly kind: 'style';
  /** Modules along one side of the code. */
  readonly modules: number;
  readonly pixelsPerModule: number;
  readonly colours: { readonly start: Rgb; readonly end: Rgb; readonly background: Rgb };
  /** Of the style's gradient, where it has one. */
  readonly direction?: string | undefined;
  readonly backend: ServerBackendName;
  /** Whether the client reads the real parts of slots alone. Microsoft SEAL's does: so it is with the backend seal anyway. */
  readonly realSlots?: boolean | undefined;
  /** What the plan is chosen by: a word for it, or how much each part of a run's price counts. */
  readonly prefer?: Preference | PriceWeights | undefined;
}

/** How a network is to be run. */
export interface NetworkOptions {
  readonly kind: 'network';
  readonly backend: ServerBackendName;
  /** As of {@link StyleOptions}. */
  readonly realSlots?: boolean | undefined;
  /** What the plan is chosen by: a word for it, or how much each part of a run's price counts. */
  readonly prefer?: Preference | PriceWeights | undefined;
  /** Inputs to be run at once, 1 unless given: as many as pay share a ciphertext. */
  readonly batch?: number | undefined;
  /** First and last of the file's layers to run. */
  readonly layers?: readonly [number, number] | undefined;
  /** Layers after which the client refreshes. */
  readonly refresh?: readonly number[] | undefined;
  /**
   * One of these layers alone, on the ciphertexts that the one before it left: for those who call layers one by one. Cards of
   * one list differ in this number only, and share their keys.
   */
  readonly single?: number | undefined;
  /** Whether the result is a picture, which needs an output of `[3, height, width]`; by the network's own last layer unless given. */
  readonly picture?: boolean | undefined;
  /** Whether the client computes what the scheme cannot, in rounds of its own. */
  readonly clientOps?: boolean | undefined;
  /** The most that the plan may take; a plan that cannot keep to it is refused, saying what would do. */
  readonly limits?: PlanLimits | undefined;
  /** Whether to make a plan by each preference, and to say what each takes. */
  readonly compare?: boolean | undefined;
  /** Largest error of a fitted activation, relative to half its range; 0.02 unless given. */
  readonly tolerance?: number | undefined;
  /** The smallest that hold the network unless given. */
  readonly parameters?: ParametersLiteral | undefined;
  /**
   * Inputs that ranges and scales are taken from: the model owner's, never a person's. Without any, inputs of random values
   * are made up in {@link NetworkOptions.inputRange}.
   */
  readonly calibration?: readonly Tensor[] | undefined;
  /** Least and largest value of an input, as the model's owner declares them; 0 and 1 unless given. */
  readonly inputRange?: readonly [number, number] | undefined;
}

/** How a model is to be run. */
export type CardOptions = StyleOptions | NetworkOptions;

/** A model file of the caller's own. */
export interface ModelFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Shape of one input without batch axis, where the file does not say it. */
  readonly inputShape?: Shape | undefined;
  /** For a state_dict: its layers, as JSON or as the text that `print(model)` shows. */
  readonly layers?: string | undefined;
  /** Name of the output to compute; the first one otherwise. */
  readonly output?: string | undefined;
}

/** One stretch of a run, on the encrypted inputs that the card asks for, and what it is bound to (binding.ts). */
export interface EvaluationRequest extends RequestBinding {
  readonly segment: number;
  readonly keySet: string;
  /** One frame for each input ciphertext, in order. */
  readonly frames: readonly Uint8Array[];
  /** Evaluations that this client is about to ask for together, this one among them; 1 unless given. */
  readonly siblings?: number | undefined;
}

/** Its encrypted outputs, in order. */
export interface EvaluationAnswer {
  readonly frames: readonly Uint8Array[];
  /** The question that this answers, and what it was computed with. */
  readonly binding: AnswerBinding;
  readonly evaluateMs: number;
  /** Bytes that went between the evaluators. */
  readonly exchangedBytes: number;
}

/**
 * A service. Models, cards, key sets and runs have names; what is given under one key set is never used for another.
 * A card that a service has forgotten is `card-gone`: ask for it again; a key set is `keys-gone`: make another.
 */
export interface Service {
  /** What it can do. */
  capabilities(controls?: Controls): Promise<Capabilities>;
  /** The models that it offers. */
  models(controls?: Controls): Promise<readonly ModelEntry[]>;
  /**
   * The encoded card of `model` under `options`, compiled unless it is known.
   * @throws SealedError `invalid-argument` for an unknown model, or whatever compiling throws
   */
  card(model: string, options: CardOptions, controls?: Controls): Promise<Uint8Array>;
  /** Adds a frame of evaluation keys to a key set, for the card's parameters. */
  putKeys(card: Sha256, keySet: string, frame: Uint8Array, controls?: Controls): Promise<void>;
  /**
   * Runs one segment. `onProgress` is told the share that is done, 0 to 1.
   * @throws SealedError `hash-mismatch` where what has arrived is not what the request says; `keys-gone`, `card-gone`
   */
  evaluate(request: EvaluationRequest, controls?: Controls<number>): Promise<EvaluationAnswer>;
  /** Forgets a key set, and ends the runs that use it. */
  drop(keySet: string): Promise<void>;
  /** Takes a model file; its id is the SHA-256 of what was given. A remote service may refuse. */
  load(file: ModelFile, controls?: Controls): Promise<ModelEntry>;
  /** What a card's plan is and will cost, for whoever loaded the model. A remote service may refuse. */
  explain(card: Sha256, controls?: Controls): Promise<Explanation>;
}

/** A service in this program: what it lets its own user do besides. */
export interface LocalService extends Service {
  /** Loads and compiles ahead of the first use. */
  warm(): Promise<void>;
  /** The same plan on plaintext slots, rounded as the scheme rounds. Encrypts nothing and is no part of the protocol. */
  simulate(request: SimulationRequest, controls?: Controls): Promise<Simulation>;
  /** What operations take on this machine, measured once per parameters and backend. */
  measure(card: Sha256, controls?: Controls): Promise<OperationTimes>;
  /** Predicted wall-clock milliseconds of evaluating `inputs` inputs, by `times` or, without them, by typical ones. */
  predict(card: Sha256, inputs: number, times?: OperationTimes): Promise<number>;
  /** Bytes of WebAssembly memory of the evaluators, one by one. */
  memoryBytes(): Promise<number[]>;
}

/** One segment on plaintext: up to a batch of inputs, one after the other in C order. */
export interface SimulationRequest {
  readonly card: Sha256;
  readonly segment: number;
  readonly values: Float32Array;
  readonly inputs: number;
}

/** What the segment makes of them: outputs one after the other, before the client's layers. */
export interface Simulation {
  readonly values: Float32Array;
  readonly evaluateMs: number;
}
