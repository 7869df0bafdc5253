// What a compiled network does and will take, as figures and text for whoever owns the model. Plain data: it can be cloned,
// and holds no weight.
import type { Shape, ValueId } from '../model/graph.ts';
import type { OperationCounts } from './costs.ts';

/** Which of the compiler's two forms a plan has. */
export type PlanForm = 'channels' | 'general';

/** Who computes a layer: the server, the client, or the client in packing the input, since it only moves elements. */
export type LayerPlace = 'server' | 'client' | 'packing';

/** One of the file's layers. */
export interface ExplainedLayer {
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly shape: Shape;
  /** Level and scale of the stage that computes it; null where it is folded into a later one or left to the client. */
  readonly level: number | null;
  readonly scaleBits: number | null;
  readonly place: LayerPlace;
  /** Which of the stages of all segments computes it, from 0; null where none does. Layers of one stage are computed together. */
  readonly stage: number | null;
  /** `client`, `packing`, or all the layers that one stage of the server's fuses, in words for people. */
  readonly computedIn: string;
}

/** One stage of a plan. */
export interface ExplainedStage {
  /** The word that a printed plan has for it. */
  readonly kind: string;
  /** What it does, in words for people. */
  readonly label: string;
  /** Layers it computes, or computes a part of. */
  readonly layers: readonly string[];
  /** Level of its outputs. */
  readonly level: number;
  readonly scaleBits: number;
  /** Bound of the scheme's error in any of its outputs. */
  readonly errorBound: number;
}

/** One stretch that the server computes without the client. */
export interface ExplainedSegment {
  readonly name: string;
  /** The network's value that it ends with: what the client decrypts. */
  readonly output: ValueId;
  /** Levels that it uses. */
  readonly levels: number;
  /** Inputs that one run of it takes. */
  readonly batch: number;
  readonly inputCiphertexts: number;
  readonly outputCiphertexts: number;
  readonly rotations: number;
  readonly rotationKeys: number;
  /** Plaintext multiplications with vectors, by level from 0. */
  readonly multiplyPlainByLevel: readonly number[];
  readonly counts: OperationCounts;
  readonly stages: readonly ExplainedStage[];
  /** Name of each round's layouts. */
  readonly layouts: readonly string[];
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Bytes of all diagonals as the server holds them encoded. */
  readonly diagonalBytes: number;
  /** One run of up to `batch` inputs on one thread, by the costs that the compiler was given. */
  readonly evaluateMs: number;
  /** Bound of the scheme's own error in any output value. */
  readonly errorBound: number;
  /** Layers that the client computes afterwards, in words. */
  readonly clientLayers: readonly string[];
  /** The plan, printed. */
  readonly plan: string;
}

/** How an activation was replaced by a polynomial. */
export interface ExplainedFit {
  readonly layer: ValueId;
  readonly function: string;
  readonly degree: number;
  /** The range it was fitted over. */
  readonly low: number;
  readonly high: number;
  /** Largest difference to the function anywhere between low and high. */
  readonly maxAbsError: number;
}

/** What a value must stay between for a run to be right, both ends included. */
export interface ValueBound {
  readonly value: ValueId;
  readonly low: number;
  readonly high: number;
  /** The layer that asks for it. */
  readonly layer: ValueId;
  /** `fit`: the layer's polynomial is good there; `modulus`: what is decrypted wraps around beyond. */
  readonly reason: 'fit' | 'modulus';
}

/** The inputs that fits, scales and the predicted error are taken from. */
export interface ExplainedRanges {
  /** Whether no input was given, and random ones were made up. */
  readonly madeUp: boolean;
  readonly inputs: number;
  /** The same in words. */
  readonly description: string;
}

/** What one run takes in all, in milliseconds by typical costs: the same on every machine. */
export interface RunPrice {
  /** Evaluation on one thread, per input of a full batch, as all that follow but the keys. */
  readonly evaluateMs: number;
  /** Keys made and sent, once. */
  readonly keysMs: number;
  /** Request encrypted and sent. */
  readonly requestMs: number;
  /** Answer sent and decrypted. */
  readonly responseMs: number;
}

/** Zeros among a network's weights. */
export interface ExplainedSparsity {
  readonly weights: number;
  readonly zeros: number;
  /** Those in whole rows, columns or channels of zeros: these are left out. */
  readonly structured: number;
  /** What they save, and what would save more, in words for people. */
  readonly description: string;
}

/** What a plan takes, as it stands beside others for the same network. */
export interface PlanChoice {
  /** What it was chosen by. */
  readonly prefer: string;
  /** One evaluation of a full batch on one thread, per input, by typical costs. */
  readonly evaluateMs: number;
  /** Evaluation keys on the wire. */
  readonly keyBytes: number;
  /** One evaluator that holds the whole plan and one set of keys. */
  readonly memoryBytes: number;
  readonly rounds: number;
  /** Bound of the error of any output. */
  readonly error: number;
}

/** A compiled network for people. */
export interface Explanation {
  readonly model: string;
  readonly form: PlanForm;
  /** Shape of one input, and of one result. */
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly layers: readonly ExplainedLayer[];
  readonly parameters: {
    readonly polyModulusDegree: number;
    readonly coeffModulusBits: readonly number[];
    readonly primes: readonly string[];
    readonly logQP: number;
    readonly securityBits: number;
  };
  readonly segments: readonly ExplainedSegment[];
  /** Times the client must answer before the result, and the bytes of these rounds for one batch, both ways. */
  readonly rounds: number;
  readonly roundBytes: number;
  readonly clientLearns: readonly string[];
  readonly serverLearns: readonly string[];
  /** Bytes of evaluation keys: each once, however many segments use it. */
  readonly keyBytes: number;
  readonly fits: readonly ExplainedFit[];
  /** Bounds of values of the network, or of its chosen layers, run in the clear. */
  readonly bounds: readonly ValueBound[];
  readonly ranges: ExplainedRanges;
  /** Undefined where next to no weight is 0. */
  readonly sparsity?: ExplainedSparsity;
  readonly price: RunPrice;
  /** Memory of an evaluator that holds the whole plan and one set of keys. */
  readonly memoryBytes: number;
  /** The plans that were made, this one among them, but those than which another is better in everything. */
  readonly front: readonly PlanChoice[];
  /** Bound of the error of any output, noise and fits. */
  readonly predictedError: number;
}
