// The command line's workers, as threads of Node, each with the bytes of its WebAssembly files.
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { SessionWorkers } from '../../src/app/session/workers.ts';
import type { BfvTester } from '../../src/app/tester/bfv-sweep.ts';
import type { WorkerHandle } from '../../src/base/worker-handle.ts';
import { connect } from '../pool.ts';
import { installedFile } from './installed-file.ts';
import { startThread } from './node-thread.ts';

/** The bytes of `path` in the package `name`, whose own exports may not name it. */
function packageFile(name: string, path: string): Uint8Array<ArrayBuffer> {
  const entry = fileURLToPath(import.meta.resolve(name));
  const folder = join('node_modules', name);
  const root = entry.slice(0, entry.lastIndexOf(folder) + folder.length);
  return installedFile(join(root, path));
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

/** The client kernel's bytes. */
export function clientKernelFile(): Uint8Array<ArrayBuffer> {
  return installedFile(join(import.meta.dirname, '../../wasm/build/client.wasm'));
}

function sealFile(): Uint8Array<ArrayBuffer> {
  return packageFile('node-seal', 'dist/seal_throws.wasm');
}

/** Starts a tester of BFV sets; the page has none. */
export function bfvTester(): WorkerHandle<BfvTester> {
  return connect(startThread('bfv'), { seal: sealFile() });
}

/** The command line's workers, with a service of `evaluators` evaluators. */
export function nodeWorkers(evaluators: number): SessionWorkers {
  const seal = sealFile();
  const kernel = kernelFile();
  const { zxing, zbar } = scannerSources();
  const site = pathToFileURL(join(import.meta.dirname, '../../public/')).href;
  return {
    client: () => connect(startThread('client'), { seal }),
    service: () =>
      connect(startThread('platform/node-service'), { seal, kernel, site, evaluators: String(evaluators) }),
    scan: () => connect(startThread('scan'), { zxing, zbar }),
  };
}
