// The page's workers in a browser: a client and a service of its own.
import type { SessionWorkers } from '../../src/app/session/workers.ts';
import { clientWorkers } from './browser-client.ts';
import { startService } from './browser-local-service.ts';

/** The page's workers. */
export const browserWorkers: SessionWorkers = { ...clientWorkers, service: () => startService() };
