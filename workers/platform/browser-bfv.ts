// Starts the tester of BFV sets in a worker of the page: a local experiment, with no part in any protocol.
import type { BfvTester } from '../../src/app/tester/bfv-sweep.ts';
import type { WorkerHandle } from '../../src/base/worker-handle.ts';
import { connect } from '../pool.ts';
import { start } from './browser-worker.ts';
import { bfvScriptUrl } from './site-bfv-files.ts';
import { clientFiles } from './site-client-files.ts';

/** Starts a tester. */
export function bfvTester(): WorkerHandle<BfvTester> {
  return connect(start(bfvScriptUrl(), 'bfv'), { seal: clientFiles.seal });
}
