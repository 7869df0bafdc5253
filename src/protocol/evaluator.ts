// The contract of an evaluator: one thread of a service, which computes on ciphertexts. It never holds a secret key.
import type { Controls } from '../base/controls.ts';
import type { ParametersLiteral } from '../params/parameters.ts';
import type { ServerBackendName } from './backends.ts';

/** A frame with one ciphertext, and its number among the values of the stage. */
export interface IndexedFrame {
  readonly index: number;
  readonly frame: Uint8Array<ArrayBuffer>;
}

/** One stretch of a run: what to compute, with whose keys, on what. */
export interface SegmentRun {
  readonly runId: number;
  readonly planId: string;
  readonly keySet: string;
  /** Segment of the plan's part, between two of which values change hands. */
  readonly segment: number;
  readonly frames: readonly Uint8Array[];
  /** Indices of the segment's results to return; the others stay here for the next segment. */
  readonly wanted: readonly number[];
}

/** What a segment's run gives back: the ciphertexts asked for. */
export interface SegmentResult {
  readonly frames: readonly IndexedFrame[];
}

/** Milliseconds of single operations at the parameters' highest level, one thread. */
export interface OperationTimes {
  readonly slots: number;
  /** Data primes of the ciphertexts. */
  readonly primes: number;
  readonly rotate: number;
  /** A further rotation of the same ciphertext. */
  readonly rotateHoisted: number;
  /** What a sum of rotations costs once: decomposing the input, dividing the output; near 0 where nothing is hoisted. */
  readonly hoist: number;
  readonly multiplyPlain: number;
  readonly multiplyScalar: number;
  readonly rescale: number;
  /** Product and relinearisation. */
  readonly relinearize: number;
}

/**
 * One evaluator. Contexts (a parameter set on a backend), plans, key sets and runs lie side by side under names that its
 * service gives; what belongs to one key set is never used for another.
 */
export interface EvaluatorRole {
  /** Loads the WebAssembly ahead of its first use. */
  warm(): Promise<void>;
  /**
   * Makes a backend ready for `parameters`, under the name `context`; does nothing where it is open.
   * @returns the backend in use: `seal` where `simd` was asked for but this machine or these primes do not allow it
   */
  open(
    context: string,
    parameters: ParametersLiteral,
    backend: ServerBackendName,
  ): Promise<ServerBackendName>;
  /** Forgets a context with all that hangs on it; its runs end as `aborted`. */
  close(context: string): Promise<void>;
  /** Keeps this evaluator's encoded part of a plan, verified and with its weights encoded. */
  addPlan(context: string, planId: string, part: Uint8Array, controls?: Controls): Promise<void>;
  dropPlan(planId: string): Promise<void>;
  /** Adds the keys of a frame to a key set. */
  addKeys(context: string, keySet: string, frame: Uint8Array): Promise<void>;
  /** Forgets a key set, and ends the runs that use it. */
  dropKeys(keySet: string): Promise<void>;
  /** Runs a segment, on values it kept of that run and those of its frames. */
  run(request: SegmentRun, controls?: Controls): Promise<SegmentResult>;
  /** Share of the current segment of `runId` that is done, 0 to 1. */
  progress(runId: number): Promise<number>;
  /** Forgets the values of `runId` and stops it if it is running. */
  end(runId: number): Promise<void>;
  /** Times the operations of a context, within a second, with keys of random numbers that no run uses. */
  measure(context: string): Promise<OperationTimes>;
  /** Bytes of this thread's WebAssembly memory. */
  memoryBytes(): Promise<number>;
}
