// Runs the named stages of the pipeline: times them, reports them, stops between them.
import { throwIfAborted } from '../../base/errors.ts';
import type { StageEvent, StageName } from './report.ts';

/** What crossed the wire during a stage. */
export interface Traffic {
  readonly bytes: number;
  /** One frame of it, as the other side sees it. */
  readonly sample: Uint8Array;
}

/** How to watch and stop a run. */
export interface RunControls {
  readonly signal?: AbortSignal;
  readonly onStage?: (event: StageEvent) => void;
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

  /** Runs `work` as `stage`. @throws SealedError `aborted` before it starts, if the signal has fired */
  async run<T>(stage: StageName, work: () => T | Promise<T>, traffic?: Traffic): Promise<T> {
    throwIfAborted(this.signal);
    this.#onStage?.({ stage, state: 'started' });
    const start = performance.now();
    const result = await work();
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
