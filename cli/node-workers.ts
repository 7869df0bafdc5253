// Starts the workers as threads of Node, each with the bytes of its WebAssembly files.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { WorkerFactory } from '../src/app/workers.ts';
import { connect, type StartedWorker } from '../workers/pool.ts';

const require = createRequire(import.meta.url);

function packageFile(name: string, path: string): Uint8Array<ArrayBuffer> {
  const main = require.resolve(name);
  const root = main.slice(0, main.lastIndexOf(join('node_modules', name)) + join('node_modules', name).length);
  return Uint8Array.from(readFileSync(join(root, path)));
}

function start(name: string): StartedWorker {
  const worker = new Worker(new URL('./worker-bootstrap.ts', import.meta.url), { workerData: name });
  return {
    endpoint: nodeEndpoint(worker),
    terminate: () => void worker.terminate(),
    onDeath: (listener) => {
      worker.on('error', (error) => listener(error instanceof Error ? error.message : String(error)));
      worker.on('exit', (code) => listener(`exit code ${code}`));
    },
  };
}

/** The command line's workers. */
export function nodeWorkers(): WorkerFactory {
  const seal = packageFile('node-seal', 'dist/seal_throws.wasm');
  const zxing = packageFile('zxing-wasm', 'dist/reader/zxing_reader.wasm');
  const zbar = packageFile('@undecaf/zbar-wasm', 'dist/zbar.wasm');
  return {
    client: () => connect(start('client'), { seal }),
    server: () => connect(start('server'), { seal }),
    scan: () => connect(start('scan'), { zxing, zbar }),
    simulator: () => connect(start('simulator'), {}),
  };
}
