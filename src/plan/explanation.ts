// What a compiled network is and will cost, as plain data for people and programs: for whoever owns the model.
import type { Shape, ValueId } from '../model/graph.ts';
import type { OperationCounts } from './counts.ts';

/** How an activation was fitted. */
export interface FitReport {
  readonly layer: ValueId;
  readonly function: string;
  readonly degree: number;
  readonly low: number;
  readonly high: number;
  /** Largest difference to the function anywhere between low and high. */
  readonly maxAbsError: number;
}

/** One of the file's layers. */
export interface PlannedLayer {
  readonly index: number;
  readonly name: string;
  readonly type: string;
  readonly shape: Shape;
  /** Level and scale of the stage that computes it; null where it is folded into a later one or left to the client. */
  readonly level: number | null;
  readonly scaleBits: number | null;
  /** Who computes it: the label of a stage of the server's, which names all it fuses, or `client`. */
  readonly computedIn: string;
}

/** A stage with the bound of the error after it. */
export interface PlannedStage {
  readonly kind: string;
  readonly label: string;
  readonly layers: readonly string[];
  readonly level: number;
  readonly scaleBits: number;
  readonly errorBound: number;
}

/** One stretch between two rounds. */
export interface PlannedSegment {
  readonly name: string;
  readonly levels: number;
  readonly batch: number;
  readonly inputCiphertexts: number;
  readonly outputCiphertexts: number;
  readonly rotations: number;
  readonly rotationKeys: number;
  /** Plaintext multiplications with vectors, by level from 0. */
  readonly multiplyPlainByLevel: readonly number[];
  readonly counts: OperationCounts;
  readonly stages: readonly PlannedStage[];
  readonly layouts: readonly string[];
  readonly inputBytes: number;
  readonly outputBytes: number;
  readonly diagonalBytes: number;
  readonly errorBound: number;
  /** Layers that the client computes afterwards. */
  readonly clientLayers: readonly string[];
}

/** Where a value must stay for the plan to hold: over the range of a fit, or within what its modulus holds. */
export interface ValueRange {
  readonly value: ValueId;
  /** The layer to name when it does not. */
  readonly layer: ValueId;
  readonly low: number;
  readonly high: number;
}

/** The plan as data. */
export interface Explanation {
  readonly model: string;
  readonly inputShape: Shape;
  readonly outputShape: Shape;
  readonly layers: readonly PlannedLayer[];
  readonly parameters: {
    readonly polyModulusDegree: number;
    readonly coeffModulusBits: readonly number[];
    readonly primes: readonly string[];
    readonly logQP: number;
    readonly securityBits: number;
  };
  readonly segments: readonly PlannedSegment[];
  readonly rounds: number;
  readonly roundBytes: number;
  readonly clientLearns: readonly string[];
  readonly serverLearns: readonly string[];
  readonly keyBytes: number;
  readonly fits: readonly FitReport[];
  readonly predictedError: number;
  readonly ranges: readonly ValueRange[];
  /** The printed plan of each segment. */
  readonly printed: readonly string[];
}
