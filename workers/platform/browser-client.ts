// Starts the workers of a browser's client side: keys, and the scanner.
import type { SessionWorkers } from '../../src/app/session/workers.ts';
import { connect } from '../pool.ts';
import { start } from './browser-worker.ts';
import { clientFiles, clientScripts, hasPolicy } from './site-client-files.ts';

/** The workers that any client needs, whatever its service. */
export const clientWorkers: Pick<SessionWorkers, 'client' | 'scan'> = {
  client: () =>
    connect(start(clientScripts.client, 'client'), {
      seal: clientFiles.seal,
      kernel: clientFiles.kernel,
      protected: hasPolicy ? 'yes' : undefined,
    }),
  scan: () => connect(start(clientScripts.scan, 'scan'), scannerFiles()),
};

/** The decoders' WebAssembly files. */
export function scannerFiles(): { readonly zxing: string; readonly zbar: string } {
  const { zxing, zbar } = clientFiles;
  return { zxing, zbar };
}
