// A browser's worker as the owner of workers sees it.
import type { StartedWorker } from '../pool.ts';

/** Wraps a worker that has been started. */
export function started(worker: Worker): StartedWorker {
  return {
    endpoint: worker,
    terminate: () => worker.terminate(),
    onDeath: (listener) => {
      worker.addEventListener('error', (event) => listener(event.message || 'it could not be loaded'));
      worker.addEventListener('messageerror', () => listener('a message could not be read'));
    },
  };
}
