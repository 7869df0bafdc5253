// What a session needs of workers: handles on the roles, however and wherever they run.
import type { WorkerHandle } from '../../base/worker-handle.ts';
import type { ClientRole } from '../../protocol/client.ts';
import type { LocalService } from '../../protocol/service.ts';
import type { ScanRole } from '../../qr/scan-role.ts';
import type { Gate } from './key-set.ts';

/** Starts workers; the page and the command line each have one. */
export interface SessionWorkers {
  client(): WorkerHandle<ClientRole>;
  service(): WorkerHandle<LocalService>;
  scan(): WorkerHandle<ScanRole>;
  /** Which service it is: its address, or whatever tells it from others. One of this program's own unless given. */
  readonly serviceName?: string | undefined;
}

/** How to start a session. */
export interface SessionOptions {
  readonly workers: SessionWorkers;
  /** What to do when a call takes too long: a sentence for whoever uses this session. */
  readonly advice: string;
  /** What each key set's frames pass on their way out: the gate that knows cards, unless given. */
  readonly gate?: (() => Gate) | undefined;
}
