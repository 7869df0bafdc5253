// What the two roles offer each other: the methods behind the workers, and nothing else.
import type { Graph } from '../model/graph.ts';
import type { ParametersLiteral } from '../params/parameters.ts';
import type { Picture } from '../plan/finish.ts';
import type { PlanPart } from '../plan/partition.ts';
import type { ModelCard, Plan } from '../plan/plan.ts';
import type { NetworkCard } from '../plan/slot-layout.ts';

/** The card of a style or of one segment of a general network. */
export type AnyCard = ModelCard | NetworkCard;

/** A decrypted picture: what leaves the client role after the decryption of a style. */
export interface DecryptedPicture extends Picture {
  readonly decryptMs: number;
}

/** The encrypted input, one frame a ciphertext. */
export interface EncryptedInput {
  readonly frames: readonly Uint8Array<ArrayBuffer>[];
  readonly encodeMs: number;
  readonly encryptMs: number;
}

/** Some of a run's inputs: `inputs` of them, from number `first` on. */
export interface InputGroup {
  readonly runId: number;
  readonly first: number;
  readonly inputs: number;
}

/** The client role. Secret keys exist behind this and no call returns one. */
export interface ClientRole {
  /** Loads the WebAssembly ahead of its first use. */
  warm(): Promise<void>;
  /**
   * Makes the keys `card` needs that this session does not have yet.
   * @returns a frame of evaluation keys for the server role, undefined when it has them all already
   */
  prepare(
    card: AnyCard,
  ): Promise<{ readonly keys: Uint8Array<ArrayBuffer> | undefined; readonly keygenMs: number }>;
  /**
   * Encrypts `values`, the input tensor in C order, as `card` says: one frame a ciphertext, in order. For a network's card,
   * `values` may be several inputs one after the other, up to its batch.
   */
  encrypt(card: AnyCard, values: Float32Array): Promise<EncryptedInput>;
  /**
   * Decrypts an answer into a picture, 0..1 becoming 0..255 (clamped).
   * @param frames frames of ciphertexts that together hold every output once
   * @param reference the float network's output `[3, height, width]`, to report the precision against
   */
  decryptPicture(
    card: ModelCard,
    frames: readonly Uint8Array[],
    reference: Float32Array | undefined,
  ): Promise<DecryptedPicture>;
  /**
   * Decrypts an answer of a general network: the outputs of the first `inputs` inputs, one after the other. Raw values
   * leave the client role: they are for its owner alone and must not be published (DESIGN section 6).
   * @param frames frames of ciphertexts that together hold every output once
   * @param layers what the client computes on them at the end
   */
  decryptTensor(
    card: NetworkCard,
    frames: readonly Uint8Array[],
    inputs: number,
    layers?: Graph,
  ): Promise<{ readonly values: Float32Array; readonly decryptMs: number }>;
  /**
   * A round in the middle of a network: decrypts an answer, computes `layers` on it and keeps the result, which no call
   * returns in the clear.
   */
  hold(
    card: NetworkCard,
    frames: readonly Uint8Array[],
    group: InputGroup,
    layers: Graph | undefined,
  ): Promise<{ readonly decryptMs: number }>;
  /** Encrypts what {@link ClientRole.hold} kept of these inputs, as the next segment's `card` says, and forgets it. */
  encryptHeld(card: NetworkCard, group: InputGroup): Promise<EncryptedInput>;
  /** Forgets the keys. */
  close(): Promise<void>;
}

/** A frame with one ciphertext, and its number among the values of the stage. */
export interface IndexedFrame {
  readonly index: number;
  readonly frame: Uint8Array<ArrayBuffer>;
}

/** What a segment's run gives back: the ciphertexts asked for, and the time it took. */
export interface SegmentResult {
  readonly frames: readonly IndexedFrame[];
  readonly busyMs: number;
}

/** How the server role computes: the project's SIMD kernel, or SEAL. */
export const SERVER_BACKENDS = ['simd', 'seal'] as const;
/** One of {@link SERVER_BACKENDS}. */
export type ServerBackendName = (typeof SERVER_BACKENDS)[number];

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
  /** 0 where there is no level to drop. */
  readonly rescale: number;
  /** Product and relinearisation; 0 where there is no level to drop. */
  readonly relinearize: number;
}

/** The server role in one worker of the pool: it holds its share of plans and evaluation keys, never a secret. */
export interface ServerRole {
  /** Loads the WebAssembly ahead of its first use. */
  warm(): Promise<void>;
  /**
   * Makes a backend ready for `parameters`; forgets keys and plans for others.
   * @returns the backend in use: `seal` where `simd` was asked for but this machine or these primes do not allow it
   */
  open(parameters: ParametersLiteral, backend: ServerBackendName): Promise<ServerBackendName>;
  /** Adds the keys of a frame. */
  addKeys(frame: Uint8Array): Promise<void>;
  /** Keeps this worker's share of a plan under `planId`. */
  addPlan(planId: string, part: PlanPart): Promise<void>;
  hasPlan(planId: string): Promise<boolean>;
  /**
   * Runs segment `segment` of `planId` for run `runId`, on values it kept and those of `frames`.
   * @param wanted indices of the segment's results to return; the others stay here for the next segment
   */
  run(
    runId: number,
    planId: string,
    segment: number,
    frames: readonly Uint8Array[],
    wanted: readonly number[],
  ): Promise<SegmentResult>;
  /** Share of the current segment of `runId` that is done, 0 to 1. */
  progress(runId: number): Promise<number>;
  /** Forgets the values of `runId` and stops it if it is running. */
  end(runId: number): Promise<void>;
  /**
   * Times the operations of the open backend, within a second. Leaves keys of random numbers behind: for a worker that is
   * closed afterwards.
   */
  measure(): Promise<OperationTimes>;
  /** Bytes of this worker's WebAssembly memory. */
  memoryBytes(): Promise<number>;
  close(): Promise<void>;
}

/** The simulation: the same plan on plaintext slots, rounded as the scheme rounds. No role of the protocol. */
export interface SimulatorRole {
  /**
   * What the plan makes of `input`, the input tensor in C order, as a picture.
   * @param reference as in {@link ClientRole.decryptPicture}
   */
  simulate(
    plan: Plan,
    card: ModelCard,
    input: Float32Array,
    reference: Float32Array | undefined,
  ): Promise<{ readonly picture: Picture; readonly evaluateMs: number }>;
  /** What a network's plan makes of `values`: up to the card's batch of inputs, and as many outputs, in C order. */
  simulateTensor(
    plan: Plan,
    card: NetworkCard,
    values: Float32Array,
    inputs: number,
  ): Promise<{ readonly values: Float32Array; readonly evaluateMs: number }>;
}
