// Starts the workers as threads of Node, each with the bytes of its WebAssembly files.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import type { BfvTester } from '../../src/app/tester/bfv-sweep.ts';
import type { WorkerFactory, WorkerHandle } from '../../src/app/session/workers.ts';
import { connect, type StartedWorker } from '../pool.ts';
import { installedFile } from './installed-file.ts';

/** The bytes of `path` in the package `name`, whose own exports may not name it. */
function packageFile(name: string, path: string): Uint8Array<ArrayBuffer> {
  const entry = fileURLToPath(import.meta.resolve(name));
  const folder = join('node_modules', name);
  const root = entry.slice(0, entry.lastIndexOf(folder) + folder.length);
  return installedFile(join(root, path));
}

function start(name: string): StartedWorker {
  const worker = new Worker(new URL('./node-bootstrap.ts', import.meta.url), { workerData: name });
  return {
    endpoint: nodeEndpoint(worker),
    terminate: () => void worker.terminate(),
    onDeath: (listener) => {
      worker.on('error', (error) => listener(error instanceof Error ? error.message : String(error)));
      worker.on('exit', (code) => listener(`exit code ${code}`));
    },
  };
}

/** The decoders' WebAssembly files. */
export function scannerSources(): { zxing: Uint8Array<ArrayBuffer>; zbar: Uint8Array<ArrayBuffer> } {
  return {
    zxing: packageFile('zxing-wasm', 'dist/reader/zxing_reader.wasm'),
    zbar: packageFile('@undecaf/zbar-wasm', 'dist/zbar.wasm'),
  };
}

/** The SIMD kernel's bytes. */
export function kernelFile(): Uint8Array<ArrayBuffer> {
  return installedFile(join(import.meta.dirname, '../../wasm/build/kernel.wasm'));
}

/** Starts a tester of BFV sets; the page has none. */
export function bfvTester(): WorkerHandle<BfvTester> {
  return connect(start('bfv'), { seal: packageFile('node-seal', 'dist/seal_throws.wasm') });
}

/** The command line's workers. */
export function nodeWorkers(): WorkerFactory {
  const seal = packageFile('node-seal', 'dist/seal_throws.wasm');
  const kernel = kernelFile();
  const { zxing, zbar } = scannerSources();
  return {
    client: () => connect(start('client'), { seal }),
    server: () => connect(start('evaluator'), { seal, kernel }),
    scan: () => connect(start('scan'), { zxing, zbar }),
    simulator: () => connect(start('simulator'), {}),
  };
}
