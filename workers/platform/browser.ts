// Starts the workers in a browser, each with the addresses of its WebAssembly files.
import kernelWasm from '../../wasm/build/kernel.wasm?url';
import zbarWasm from '../../node_modules/@undecaf/zbar-wasm/dist/zbar.wasm?url';
import sealWasm from '../../node_modules/node-seal/dist/seal_throws.wasm?url';
import zxingWasm from '../../node_modules/zxing-wasm/dist/reader/zxing_reader.wasm?url';
import { connect, type StartedWorker } from '../pool.ts';
import type { WorkerFactory } from '../../src/app/session/workers.ts';

function started(worker: Worker): StartedWorker {
  return {
    endpoint: worker,
    terminate: () => worker.terminate(),
    onDeath: (listener) => {
      worker.addEventListener('error', (event) => listener(event.message || 'it could not be loaded'));
      worker.addEventListener('messageerror', () => listener('a message could not be read'));
    },
  };
}

const absolute = (url: string): string => new URL(url, location.href).href;

/** The page's workers. */
export const browserWorkers: WorkerFactory = {
  client: () =>
    connect(
      started(new Worker(new URL('../client.ts', import.meta.url), { type: 'module', name: 'client' })),
      {
        seal: absolute(sealWasm),
      },
    ),
  server: () =>
    connect(
      started(new Worker(new URL('../evaluator.ts', import.meta.url), { type: 'module', name: 'server' })),
      {
        seal: absolute(sealWasm),
        kernel: absolute(kernelWasm),
      },
    ),
  scan: () =>
    connect(started(new Worker(new URL('../scan.ts', import.meta.url), { type: 'module', name: 'scan' })), {
      zxing: absolute(zxingWasm),
      zbar: absolute(zbarWasm),
    }),
  simulator: () =>
    connect(
      started(
        new Worker(new URL('../simulator.ts', import.meta.url), {
          type: 'module',
          name: 'simulator',
        }),
      ),
      {},
    ),
};
