// The command line's workers, as threads of Node.
import type { SessionWorkers } from '../../src/app/session/workers.ts';
import type { BfvTester } from '../../src/app/tester/bfv-sweep.ts';
import type { WorkerHandle } from '../../src/base/worker-handle.ts';
import { connect } from '../pool.ts';
import { clientWorkers, sealFile } from './node-client.ts';
import { startService } from './node-local-service.ts';
import { startThread } from './node-thread.ts';

/** Starts a tester of BFV sets; the page has none. */
export function bfvTester(): WorkerHandle<BfvTester> {
  return connect(startThread('bfv'), { seal: sealFile() });
}

/** The command line's workers, with a service of `evaluators` evaluators. */
export function nodeWorkers(evaluators: number): SessionWorkers {
  return { ...clientWorkers, service: () => startService(evaluators) };
}
