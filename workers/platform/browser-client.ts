// Starts the workers of a browser's client side: keys, and the scanner.
import type { SessionWorkers } from '../../src/app/session/workers.ts';
import { connect } from '../pool.ts';
import { started } from './browser-worker.ts';
import { clientFiles } from './site-client-files.ts';

/** The workers that any client needs, whatever its service. */
export const clientWorkers: Pick<SessionWorkers, 'client' | 'scan'> = {
  client: () =>
    connect(
      started(new Worker(new URL('../client.ts', import.meta.url), { type: 'module', name: 'client' })),
      { seal: clientFiles.seal },
    ),
  scan: () =>
    connect(
      started(new Worker(new URL('../scan.ts', import.meta.url), { type: 'module', name: 'scan' })),
      scannerFiles(),
    ),
};

/** The decoders' WebAssembly files. */
export function scannerFiles(): { readonly zxing: string; readonly zbar: string } {
  const { zxing, zbar } = clientFiles;
  return { zxing, zbar };
}
