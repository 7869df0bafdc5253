// The live preview: while someone types, each text is styled in the place of the one before it.
import { untrack } from 'svelte';
import type { StyleRequest } from '../../../app/style/pipeline.ts';
import { samePicture } from '../../../app/style/same-picture.ts';
import type { ServerBackendName } from '../../../protocol/backends.ts';
import type { Content } from './content.svelte.ts';
import type { Engine } from './engine.svelte.ts';
import type { Look } from './look.svelte.ts';
import type { Run } from './run.svelte.ts';

/** What the preview looks at and sets going: the studio's parts. */
interface Followed {
  readonly content: Content;
  readonly look: Look;
  readonly engine: Engine;
  readonly run: Run;
  readonly request: StyleRequest | undefined;
  readonly cryptography: ServerBackendName;
}

/** A pause in the typing, in milliseconds: shorter ones are between two keys of one word. */
const PAUSE_MS = 150;

/** How long nothing may change before the picture is announced and the next size prepared. */
const CALM_MS = 1200;

/** Largest version that follows the typing: beyond, an answer takes longer than the patience of somebody who types. */
const LAST_VERSION = 10;

/** Version made ready at first: that of a short link. */
const FIRST_VERSION = 2;

/** Follows the form, and starts and aborts runs. Create it while a component is being created. */
export class Live {
  /** The visitor's choice. */
  on = $state(true);
  /** Milliseconds from the latest change to its proven picture. */
  roundTripMs = $state<number | undefined>();
  /** Whether nothing has changed for a while: time to speak. */
  isCalm = $state(true);
  readonly #studio: Followed;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #calm: ReturnType<typeof setTimeout> | undefined;
  /** What was seen last: a rerun is due only when it differs. */
  #seen: StyleRequest | undefined;
  #inputAt = -Infinity;
  #previousAt = -Infinity;

  /** Why the picture does not follow, or undefined when it does. */
  readonly #hindrance = $derived.by(() => {
    const { engine, content, cryptography } = this.#studio;
    if (cryptography === 'seal') return 'by-seal';
    if (engine.backend === 'seal') return 'no-simd';
    return content.code && content.code.version > LAST_VERSION ? 'too-large' : undefined;
  });

  constructor(studio: Followed) {
    this.#studio = studio;
    // What the form holds at first is a sample: nobody has asked for it yet.
    this.#seen = studio.request;
    $effect(() => {
      const { request } = studio;
      const isReady = studio.engine.readiness === 'ready';
      // A run by the button is left to its end; the effect comes back then.
      const isTaken = studio.run.phase === 'running' && !studio.run.live;
      const wanted = this.on && !this.#hindrance;
      untrack(() => this.#follow(request, isReady && wanted && !isTaken));
    });
    $effect(() => {
      const { style, colours, error } = studio.look;
      // After a run too: its keys are gone with it.
      const isRunning = studio.run.phase === 'running';
      // SEAL is loaded when a picture is asked of it.
      if (studio.engine.readiness !== 'ready' || error || studio.cryptography === 'seal') return;
      untrack(() => {
        const isBusy = isRunning || this.#pause !== undefined;
        const version = studio.content.code?.version ?? FIRST_VERSION;
        if (!isBusy && version <= LAST_VERSION) this.#prepare({ style, colours }, version);
      });
    });
  }

  /** Why the picture does not follow the typing, were it switched on. */
  get hindrance(): 'by-seal' | 'no-simd' | 'too-large' | undefined {
    return this.#hindrance;
  }

  /** Whether a newer picture comes by itself. */
  get follows(): boolean {
    return this.on && !this.#hindrance && this.#studio.request !== undefined;
  }

  /** Remembers when a key was pressed (`event.timeStamp`), to count from there. */
  noteInput(timeStamp: number): void {
    this.#inputAt = timeStamp;
  }

  /** The button was pressed: nothing is pending any more. */
  rest(): void {
    this.#wait();
    this.#seen = this.#studio.request;
    this.roundTripMs = undefined;
    this.isCalm = true;
  }

  #prepare({ style, colours }: Pick<StyleRequest, 'style' | 'colours'>, version: number): void {
    void this.#studio.engine.prepare({ style, colours, version });
  }

  #follow(request: StyleRequest | undefined, mayRun: boolean): void {
    const { run } = this.#studio;
    const isPending = this.#pause !== undefined || (run.live && run.phase === 'running');
    // A preview that is switched off stops what it has begun, or was about to, though nothing else has changed.
    if (sameRequest(request, this.#seen) && (mayRun || !isPending)) return;
    this.#wait();
    if (!mayRun || !request) {
      // What runs for a text that is gone, or for a preview that was switched off, runs for nothing.
      if (run.live) run.stop();
      this.#seen = undefined;
      return;
    }
    const now = performance.now();
    // A change without an event of its own, or long after it, counts from here.
    const changedAt = now - this.#inputAt < 1000 ? this.#inputAt : now;
    const isPause = changedAt - this.#previousAt > PAUSE_MS;
    this.#previousAt = changedAt;
    this.#seen = request;
    this.isCalm = false;
    const start = (): void => void this.#start(request, changedAt);
    if (isPause && run.phase !== 'running') start();
    else this.#pause = setTimeout(start, PAUSE_MS);
  }

  /** Takes back what was to happen after a pause. */
  #wait(): void {
    clearTimeout(this.#pause);
    clearTimeout(this.#calm);
    this.#pause = undefined;
  }

  async #start(request: StyleRequest, changedAt: number): Promise<void> {
    const { engine, run } = this.#studio;
    this.#pause = undefined;
    engine.stopPreparing();
    await run.start(engine.session, request, true);
    if (run.request !== request) return;
    this.roundTripMs = performance.now() - changedAt;
    if (this.#seen === request) this.#calm = setTimeout(() => this.#becomeCalm(request), CALM_MS);
  }

  /** Has the picture announced, and readies the next size: a longer text should not wait for its plan. */
  #becomeCalm(request: StyleRequest): void {
    this.isCalm = true;
    const version = this.#studio.run.result?.report.payload.version ?? LAST_VERSION;
    if (version < LAST_VERSION) this.#prepare(request, version + 1);
  }
}

function sameRequest(a: StyleRequest | undefined, b: StyleRequest | undefined): boolean {
  return a && b ? samePicture(a, b) : a === b;
}
