// Starts the threads of Node's client side: keys, and the scanner, each with the bytes of its WebAssembly files.
import type { SessionWorkers } from '../../src/app/session/workers.ts';
import type { WorkerHandle } from '../../src/base/worker-handle.ts';
import type { ClientRole } from '../../src/protocol/client.ts';
import { connect } from '../pool.ts';
import { installedFile, ownPath, packageFile } from './installed-file.ts';
import { startThread } from './node-thread.ts';

/** The bytes of SEAL. */
export function sealFile(): Uint8Array<ArrayBuffer> {
  return packageFile('node-seal', 'dist/seal_throws.wasm');
}

/** The client kernel's bytes. */
export function clientKernelFile(): Uint8Array<ArrayBuffer> {
  return installedFile(ownPath('wasm/build/client.wasm'));
}

/** The decoders' WebAssembly files. */
export function scannerFiles(): { zxing: Uint8Array<ArrayBuffer>; zbar: Uint8Array<ArrayBuffer> } {
  return {
    zxing: packageFile('zxing-wasm', 'dist/reader/zxing_reader.wasm'),
    zbar: packageFile('@undecaf/zbar-wasm', 'dist/zbar.wasm'),
  };
}

/** Starts the thread that holds keys. @param start starts its thread */
export function startClient(start = startThread): WorkerHandle<ClientRole> {
  return connect(start('client'), { seal: sealFile(), kernel: clientKernelFile() });
}

/** The threads that any client needs, whatever its service. */
export const clientWorkers: Pick<SessionWorkers, 'client' | 'scan'> = {
  client: () => startClient(),
  scan: () => connect(startThread('scan'), scannerFiles()),
};
