// The named stages of a run: timed, reported, stopped between them. One kind of progress for styles and networks.
import { throwIfAborted } from '../../base/errors.ts';

/** The stages, in order. A run of a network has those that encrypt, evaluate and decrypt as one, `evaluate`. */
export const STAGES = [
  'encode-qr',
  'plan',
  'keygen',
  'encrypt',
  'request',
  'evaluate',
  'response',
  'decrypt',
  'snap',
  'correct',
] as const;

/** One of {@link STAGES}. */
export type StageName = (typeof STAGES)[number];

/** Where a stage happens. */
export type Place = 'client' | 'wire' | 'server';

/** Where each stage happens. */
export const STAGE_PLACES: Readonly<Record<StageName, Place>> = {
  'encode-qr': 'client',
  plan: 'server',
  keygen: 'client',
  encrypt: 'client',
  request: 'wire',
  evaluate: 'server',
  response: 'wire',
  decrypt: 'client',
  snap: 'client',
  correct: 'client',
};

/** Something happened in a run. */
export type StageEvent =
  | { readonly stage: StageName; readonly state: 'started' }
  | { readonly stage: StageName; readonly state: 'progress'; readonly share: number }
  | {
      readonly stage: StageName;
      readonly state: 'done';
      readonly ms: number;
      /** Bytes that crossed the wire, for `request` and `response`. */
      readonly bytes?: number;
      /** A sample of them: one frame as the service sees it. */
      readonly sample?: Uint8Array;
    };

/** What crossed the wire during a stage. */
export interface Traffic {
  readonly bytes: number;
  /** One frame of it, as the other side sees it. */
  readonly sample: Uint8Array;
}

/** How to watch and stop a run. */
export interface RunControls {
  readonly signal?: AbortSignal | undefined;
  /** Called as stages begin, go on and end. */
  readonly onStage?: ((event: StageEvent) => void) | undefined;
}

/** Milliseconds of wall-clock time; encoding, encryption and decryption as measured inside the client role. */
export interface RunTimings {
  keygenMs: number;
  encodeMs: number;
  encryptMs: number;
  /** The service's evaluators at work; the longest lane where several inputs run side by side. */
  evaluateMs: number;
  /** Rounds in the middle of a network: decryption, the client's layers. */
  roundMs: number;
  decryptMs: number;
}

/** What crossed the wire. Evaluation keys are sent once a session; 0 when this run needed none. */
export interface RunBytes {
  evaluationKeys: number;
  request: number;
  response: number;
  /** Rounds in the middle of a network, both ways. */
  rounds: number;
  /** Between the evaluators. */
  exchanged: number;
}

/** The stages of one run. */
export class Stages {
  readonly signal: AbortSignal | undefined;
  readonly #onStage: ((event: StageEvent) => void) | undefined;
  readonly #ms = new Map<StageName, number>();

  constructor({ signal, onStage }: RunControls) {
    this.signal = signal;
    this.#onStage = onStage;
  }

  /**
   * Runs `work` as `stage`. A stage that is stopped does not end: it is not told of as done.
   * @throws SealedError `aborted` if the signal has fired before it, or during it
   */
  async run<T>(stage: StageName, work: () => T | Promise<T>, traffic?: Traffic): Promise<T> {
    throwIfAborted(this.signal);
    this.#onStage?.({ stage, state: 'started' });
    throwIfAborted(this.signal);
    const start = performance.now();
    const result = await work();
    throwIfAborted(this.signal);
    const ms = performance.now() - start;
    this.#ms.set(stage, ms);
    this.#onStage?.({ stage, state: 'done', ms, ...traffic });
    return result;
  }

  progress(stage: StageName, share: number): void {
    this.#onStage?.({ stage, state: 'progress', share });
  }

  /** Wall-clock milliseconds of a stage that has run; 0 of one that has not. */
  ms(stage: StageName): number {
    return this.#ms.get(stage) ?? 0;
  }
}
