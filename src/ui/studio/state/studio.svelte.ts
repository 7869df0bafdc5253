// Everything the page holds, and the one thing it does: make a code.
import type { StyleRequest } from '../../../app/style/pipeline.ts';
import { samePicture } from '../../../app/style/same-picture.ts';
import type { ServerBackendName } from '../../../protocol/backends.ts';
import { DEFAULT_PIXELS_PER_MODULE } from '../../../style/graph.ts';
import { fetchPictureWorker } from '../../../../workers/platform/browser-picture.ts';
import { browserSession } from '../../shared/browser-session.ts';
import { Content } from './content.svelte.ts';
import { Engine } from './engine.svelte.ts';
import { Live } from './live.svelte.ts';
import { Look } from './look.svelte.ts';
import { Run } from './run.svelte.ts';

/** The page's state. */
export class Studio {
  readonly content = new Content();
  readonly look = new Look();
  readonly run = new Run();
  readonly engine: Engine;
  readonly live: Live;
  /** What makes the keys and computes with them, in both roles: the project's own kernels, or Microsoft SEAL. */
  cryptography = $state<ServerBackendName>('simd');

  /** What the form asks for; undefined while form or colours are not right. */
  readonly request = $derived.by((): StyleRequest | undefined => {
    const { content, look } = this;
    if (content.text === undefined || look.error) return undefined;
    return {
      text: content.text,
      ecc: content.ecc,
      style: look.style,
      colours: look.colours,
      pixelsPerModule: DEFAULT_PIXELS_PER_MODULE,
      backend: this.cryptography,
    };
  });

  /** Whether the form asks for another picture than the result, or for none: then the result may not be taken along. */
  readonly isStale = $derived.by(() => {
    const made = this.run.result && this.run.request;
    return made !== undefined && !(this.request && samePicture(made, this.request));
  });

  /** Whether a run is under way that the button has asked for: it can be stopped by the button. */
  readonly isMaking = $derived(this.run.phase === 'running' && !this.run.live);

  /** @param engine the session behind the page; tests bring one of their own */
  constructor(engine = new Engine(browserSession(), fetchPictureWorker)) {
    this.engine = engine;
    // The last: it looks at all of the above.
    this.live = new Live(this);
  }

  /** Starts a run, unless the form or the colours are not right: then their errors are shown. @returns whether it did */
  make(): boolean {
    this.content.touch();
    const { request } = this;
    if (!request) return false;
    this.live.rest();
    this.engine.stopPreparing();
    if (this.engine.readiness === 'failed') void this.engine.load();
    void this.run.start(this.engine.session, request);
    return true;
  }
}
