// Starts a worker as a thread of Node.
import { Worker } from 'node:worker_threads';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { StartedWorker } from '../pool.ts';

/** Starts the worker called `name`: a file of workers/ without its ending. */
export function startThread(name: string): StartedWorker {
  const worker = new Worker(new URL('./node-bootstrap.ts', import.meta.url), { workerData: name });
  return {
    name: name.split(/[/-]/).at(-1),
    endpoint: nodeEndpoint(worker),
    terminate: () => void worker.terminate(),
    onDeath: (listener) => {
      worker.on('error', (error) => listener(error instanceof Error ? error.message : String(error)));
      worker.on('exit', (code) => listener(`exit code ${code}`));
    },
  };
}
