// The session behind the page: started at load, with everything it will ever fetch fetched then.
import { Session } from '../../app/session.ts';
import { asSealedError, SealedError } from '../../base/errors.ts';
import { STYLES } from '../../style/styles.ts';
import { browserWorkers } from '../browser-workers.ts';

async function loadModel(path: string): Promise<Uint8Array> {
  const response = await fetch(new URL(path, document.baseURI));
  if (!response.ok) {
    throw new SealedError('load-failed', `The file ${path} could not be loaded (HTTP ${response.status}).`, {
      stage: 'model',
    });
  }
  return new Uint8Array(await response.arrayBuffer());
}

/** More than four workers gain little: the ciphertexts of one code are few. */
function serverWorkerCount(): number {
  return Math.min(4, Math.max(1, navigator.hardwareConcurrency));
}

/** The session and whether all of it has arrived. */
export class Engine {
  readonly session = new Session({
    workers: browserWorkers,
    loadModel,
    serverWorkers: serverWorkerCount(),
  });
  readiness = $state<'loading' | 'ready' | 'failed'>('loading');
  error = $state.raw<SealedError | undefined>();

  constructor() {
    void this.#load();
  }

  async #load(): Promise<void> {
    try {
      await Promise.all([this.session.warm(), ...STYLES.map((style) => this.session.plans.network(style))]);
      this.readiness = 'ready';
    } catch (thrown) {
      this.error = asSealedError(thrown);
      this.readiness = 'failed';
    }
  }
}
