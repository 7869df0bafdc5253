// One run of the pipeline as the page shows it: stages, progress, what crossed the wire, the outcome.
import { type StyledCode, styleCode, type StyleRequest } from '../../../app/style/pipeline.ts';
import { type StageEvent, type StageName, STAGES } from '../../../app/session/stages.ts';
import type { StyleSession } from '../../../app/style/style-session.ts';
import { asSealedError, type SealedError, throwIfAborted } from '../../../base/errors.ts';

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
  /** Whether this run follows the typing, and was not asked for by the button. */
  live = $state(false);
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

  /**
   * Runs to the end, an error or `stop`; never rejects. A run in progress is aborted and says no more.
   * @param live the run follows the typing: what the latest one has shown stays until there is something newer
   */
  async start(session: StyleSession, request: StyleRequest, live = false): Promise<void> {
    this.#abort?.abort();
    const abort = new AbortController();
    this.#abort = abort;
    this.phase = 'running';
    this.live = live;
    if (live) this.#calm();
    else this.#clear();
    this.current = undefined;
    this.error = undefined;
    const onStage = (event: StageEvent): void => {
      if (this.#abort === abort && !abort.signal.aborted) this.#show(event);
    };
    try {
      const result = await styleCode(session, request, { signal: abort.signal, onStage });
      if (this.#abort !== abort) return;
      throwIfAborted(abort.signal);
      this.result = result;
      this.request = request;
      this.phase = 'done';
    } catch (thrown) {
      if (this.#abort !== abort) return;
      const error = asSealedError(thrown);
      if (live && error.code === 'aborted') {
        // Nobody asked for it, so nobody needs to know.
        this.#calm();
        this.phase = this.result ? 'done' : 'idle';
        return;
      }
      if (this.current) this.stages = { ...this.stages, [this.current]: { state: 'broken' } };
      this.error = error.code === 'aborted' ? undefined : error;
      this.phase = error.code === 'aborted' ? 'stopped' : 'failed';
    }
  }

  stop(): void {
    this.#abort?.abort();
  }

  #clear(): void {
    this.stages = allWaiting();
    this.sample = undefined;
    this.result = undefined;
    this.request = undefined;
  }

  /** No stage runs any more; times and bytes of those that did stay. */
  #calm(): void {
    const entries = STAGES.map((stage) => {
      const { state, ms, bytes } = this.stages[stage];
      if (state === 'waiting' || ms === undefined) return [stage, WAITING];
      return [stage, { state: 'done', ms, ...(bytes !== undefined && { bytes }) } satisfies StageView];
    });
    this.stages = Object.fromEntries(entries) as Record<StageName, StageView>;
  }

  #show(event: StageEvent): void {
    // An answer about progress may arrive after the work is done.
    if (event.state === 'progress' && this.stages[event.stage].state !== 'running') return;
    // A bar that comes and goes within a blink only moves the page.
    if (event.state === 'progress' && this.live) return;
    const last = this.live ? this.stages[event.stage] : WAITING;
    this.stages = { ...this.stages, [event.stage]: viewOf(event, last) };
    this.current = event.stage;
    if (event.state === 'done' && event.sample) this.sample = event.sample;
  }
}

function viewOf(event: StageEvent, last: StageView): StageView {
  switch (event.state) {
    case 'started':
      return { ...last, state: 'running' };
    case 'progress':
      return { state: 'running', share: event.share };
    case 'done':
      return { state: 'done', ms: event.ms, ...(event.bytes !== undefined && { bytes: event.bytes }) };
  }
}
