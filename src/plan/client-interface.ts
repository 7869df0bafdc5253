// What the client must know to use a compiled network, and all that it may know: packing, levels, keys; no weights.
import type { Graph, Shape } from '../model/graph.ts';
import type { ParametersLiteral } from '../params/parameters.ts';
import type { GridLayout, PatchLayout } from './layout.ts';
import type { CardTensor, FinishOperation } from './model-card.ts';
import type { GatherLayout, SlotLayout } from './slot-layout.ts';

/** How a client packs what it encrypts. */
export type InputLayout = PatchLayout | GatherLayout;

/** Where a client finds what it decrypts. */
export type OutputLayout = GridLayout | SlotLayout;

/** The levels down to which keys are cut: a key serves ciphertexts of its level and below. */
export interface KeyLevels {
  /** Of the relinearisation key; undefined where there is none. */
  readonly relinearize: number | undefined;
  /** Of each rotation step's key, in order. */
  readonly rotations: readonly number[];
}

/** One stretch that the server computes without the client. */
export interface SegmentInterface {
  readonly input: CardTensor<InputLayout>;
  readonly output: CardTensor<OutputLayout>;
  /** Galois keys it needs, as left rotations in slots: 1 to slots − 1, ascending. */
  readonly rotationSteps: readonly number[];
  readonly relinearize: boolean;
  /** What its keys are cut to; undefined: they travel whole, since SEAL reads no others. */
  readonly keyLevels?: KeyLevels | undefined;
  /**
   * Layers that the client computes on the decrypted output, followed by what it kept before: they make the next segment's
   * input, followed by what it keeps, or the result. Undefined where nothing changes.
   */
  readonly client: Graph | undefined;
  /** Elements at the end of what `client` makes that stay with the client until later: values of skips. 0 unless given. */
  readonly kept?: number;
}

/** What the last segment's output, after the client's layers, becomes. */
export type ResultInterface =
  /** A picture: exact renamings, then 0…1 becomes 0…255. */
  | { readonly kind: 'picture'; readonly finish: readonly FinishOperation[] }
  | { readonly kind: 'tensor'; readonly shape: Shape };

/** What a run is expected to take, by typical costs of the backend and not this machine's: the same everywhere. */
export interface Expectation {
  /** Evaluation of one full batch through all segments, one thread, milliseconds. */
  readonly evaluateMs: number;
  /** Bound of the largest absolute error of the result. */
  readonly errorBound: number;
  /** Bytes of evaluation keys, of all inputs and of all outputs of one full batch. */
  readonly keyBytes: number;
  readonly requestBytes: number;
  readonly responseBytes: number;
}

/** The client's side of a compiled network. All segments share one set of parameters and hence one set of keys. */
export interface ClientInterface {
  readonly name: string;
  readonly parameters: ParametersLiteral;
  /** One or more, in order; between two the client decrypts, computes its layers, and encrypts again. */
  readonly segments: readonly SegmentInterface[];
  readonly result: ResultInterface;
  readonly expected: Expectation;
  /** In words for people. */
  readonly serverLearns: readonly string[];
  readonly clientLearns: readonly string[];
}
