// What a session needs of workers: handles on the roles, however and wherever they run.
import type { WorkerHandle } from '../../base/worker-handle.ts';
import type { ClientRole } from '../../protocol/client.ts';
import type { LocalService } from '../../protocol/service.ts';
import type { ScanRole } from '../../qr/scan-role.ts';

/** Starts workers; the page and the command line each have one. */
export interface SessionWorkers {
  client(): WorkerHandle<ClientRole>;
  service(): WorkerHandle<LocalService>;
  scan(): WorkerHandle<ScanRole>;
  /** Which service it is: its address, or whatever tells it from others. One of this program's own unless given. */
  readonly serviceName?: string | undefined;
}
