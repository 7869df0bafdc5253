// Starts a browser's workers from memory. Each script is fetched once: a worker that takes another's place starts with
// the network cut as well. Such a worker has the content security policy of the page, where one that is loaded from an
// address has that of its own answer's headers, and a plain static host sends none.
import type * as Comlink from 'comlink';
import { asSealedError } from '../../src/base/errors.ts';
import { fetchBytes } from '../../src/base/load-file.ts';
import type { StartedWorker } from '../pool.ts';
import { trustedScript } from './trusted-script.ts';

const scripts = new Map<string, Promise<string>>();

/** An address in memory of the script at `url`, which is fetched once. @throws SealedError `load-failed` */
export function fetchScript(url: string): Promise<string> {
  // A development server's script names other modules, by addresses that mean nothing from memory.
  if (url.includes('worker_file')) return Promise.resolve(url);
  let script = scripts.get(url);
  if (!script) {
    script = fetchBytes(url, 'The script of a background worker').then((bytes) =>
      URL.createObjectURL(new Blob([bytes], { type: 'text/javascript' })),
    );
    script.catch(() => scripts.delete(url));
    scripts.set(url, script);
  }
  return script;
}

/** A worker that may not have started yet: what is asked of it waits, in order. */
class StartingWorker implements StartedWorker {
  readonly #worker: Promise<Worker>;
  #hasEnded = false;
  readonly endpoint: Comlink.Endpoint;
  readonly name: string;

  constructor(url: string, name: string) {
    this.name = name;
    this.#worker = fetchScript(url).then(
      (script) => new Worker(trustedScript(script), { type: 'module', name }),
    );
    this.endpoint = {
      postMessage: (message: unknown, transfer: Transferable[] = []) =>
        this.#then((worker) => worker.postMessage(message, transfer)),
      addEventListener: (...args) => this.#then((worker) => worker.addEventListener(...args)),
      removeEventListener: (...args) => this.#then((worker) => worker.removeEventListener(...args)),
    };
  }

  #then(act: (worker: Worker) => void): void {
    // That it could not be loaded is told by `onDeath`.
    this.#worker.then((worker) => this.#hasEnded || act(worker)).catch(() => undefined);
  }

  terminate(): void {
    this.#then((worker) => worker.terminate());
    void this.#worker.catch(() => undefined).then(() => (this.#hasEnded = true));
  }

  onDeath(listener: (reason: string) => void): void {
    this.#worker.catch((error: unknown) => listener(asSealedError(error, 'worker').message));
    this.#then((worker) => {
      worker.addEventListener('error', (event) => listener(event.message || 'it could not be loaded'));
      worker.addEventListener('messageerror', () => listener('a message could not be read'));
    });
  }
}

/** Starts the worker whose script is at `url`. `name` is its global scope's. */
export function start(url: string, name: string): StartedWorker {
  return new StartingWorker(url, name);
}
