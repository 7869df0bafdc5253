// What the app needs of workers: handles on the roles, however and wherever they run.
import { SealedError, type ErrorStage } from '../../base/errors.ts';
import type { ClientRole, ServerRole, SimulatorRole } from '../../protocol/contracts.ts';
import type { ScanRole } from '../../qr/scan-role.ts';

/** A role behind a worker. Every pending and later call rejects with `worker-died` once the worker is gone. */
export interface WorkerHandle<Role> {
  readonly role: Role;
  /** Whether the worker has died or been terminated. */
  readonly dead: boolean;
  /** Ends it; `reason` is what pending calls are told. */
  readonly terminate: (reason?: string) => void;
}

/** Starts workers; the page and the command line each have one. */
export interface WorkerFactory {
  client(): WorkerHandle<ClientRole>;
  server(): WorkerHandle<ServerRole>;
  scan(): WorkerHandle<ScanRole>;
  simulator(): WorkerHandle<SimulatorRole>;
}

/** When to stop waiting for a call. */
export interface CallLimits {
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number;
  readonly stage: ErrorStage;
  /** What whoever waits may do once the time is up, in whole sentences: only the caller knows what they can change. */
  readonly advice: string;
}

/**
 * `call`, unless the signal or the timeout comes first.
 * @throws SealedError `aborted` or `timeout`
 */
export async function withLimits<T>(
  call: Promise<T>,
  { signal, timeoutMs, stage, advice }: CallLimits,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let onAbort: (() => void) | undefined;
  const limit = new Promise<never>((_, reject) => {
    onAbort = () => reject(new SealedError('aborted', 'Stopped.', { stage }));
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort);
    timer = setTimeout(() => {
      const seconds = Math.round(timeoutMs / 1000);
      reject(new SealedError('timeout', `No answer within ${seconds} s. ${advice}`, { stage }));
    }, timeoutMs);
  });
  try {
    return await Promise.race([call, limit]);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
  }
}
