// One run of the pipeline as the page shows it: stages, progress, what crossed the wire, the outcome.
import { type StyledCode, styleCode, type StyleRequest } from '../../app/pipeline.ts';
import { type StageEvent, type StageName, STAGES } from '../../app/report.ts';
import type { Session } from '../../app/session.ts';
import { asSealedError, type SealedError } from '../../base/errors.ts';

/** A stage as it is shown. */
export interface StageView {
  readonly state: 'waiting' | 'running' | 'done' | 'broken';
  readonly ms?: number;
  readonly bytes?: number;
  /** 0..1, while it runs. */
  readonly share?: number;
}

const WAITING: StageView = { state: 'waiting' };

function allWaiting(): Record<StageName, StageView> {
  return Object.fromEntries(STAGES.map((stage) => [stage, WAITING])) as Record<StageName, StageView>;
}

/** The present or latest run. */
export class Run {
  phase = $state<'idle' | 'running' | 'done' | 'stopped' | 'failed'>('idle');
  stages = $state.raw(allWaiting());
  /** The stage that runs, or ran last. */
  current = $state<StageName | undefined>();
  /** A frame as the server role saw it. */
  sample = $state.raw<Uint8Array | undefined>();
  /** The code, once it is made and proven. */
  result = $state.raw<StyledCode | undefined>();
  /** What `result` was made from. */
  request = $state.raw<StyleRequest | undefined>();
  error = $state.raw<SealedError | undefined>();
  #abort: AbortController | undefined;

  /** Runs to the end, an error or `stop`; never rejects. */
  async start(session: Session, request: StyleRequest): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.phase = 'running';
    this.stages = allWaiting();
    this.current = undefined;
    this.sample = undefined;
    this.error = undefined;
    this.result = undefined;
    this.request = request;
    const onStage = (event: StageEvent): void => {
      if (this.#abort === abort) this.#show(event);
    };
    try {
      const result = await styleCode(session, request, { signal: abort.signal, onStage });
      this.result = result;
      this.phase = 'done';
    } catch (thrown) {
      const error = asSealedError(thrown);
      if (this.current) this.stages = { ...this.stages, [this.current]: { state: 'broken' } };
      this.error = error.code === 'aborted' ? undefined : error;
      this.phase = error.code === 'aborted' ? 'stopped' : 'failed';
    }
  }

  stop(): void {
    this.#abort?.abort();
  }

  #show(event: StageEvent): void {
    // An answer about progress may arrive after the work is done.
    if (event.state === 'progress' && this.stages[event.stage].state !== 'running') return;
    this.stages = { ...this.stages, [event.stage]: viewOf(event) };
    this.current = event.stage;
    if (event.state === 'done' && event.sample) this.sample = event.sample;
  }
}

function viewOf(event: StageEvent): StageView {
  switch (event.state) {
    case 'started':
      return { state: 'running' };
    case 'progress':
      return { state: 'running', share: event.share };
    case 'done':
      return { state: 'done', ms: event.ms, ...(event.bytes !== undefined && { bytes: event.bytes }) };
  }
}
