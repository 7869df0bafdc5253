// A role behind a worker, and the limits of calls on it.
import { type CallLimits, withLimits } from './controls.ts';
import { SealedError } from './errors.ts';

/** A role behind a worker. Every pending and later call rejects with `worker-died` once the worker is gone. */
export interface WorkerHandle<Role> {
  readonly role: Role;
  /** Whether the worker has died or been terminated. */
  readonly dead: boolean;
  /** Ends it; `reason` is what pending calls are told. */
  readonly terminate: (reason?: string) => void;
}

/** How long any one call may take: version 40 needs a minute or two with the SEAL backend on a slow machine. */
const CALL_TIMEOUT_MS = 300_000;

/** `call` on `workers` within the limits. A worker that hangs is ended: the next call would wait for it as well. */
export async function limited<T>(
  call: Promise<T>,
  workers: readonly Pick<WorkerHandle<unknown>, 'terminate'>[],
  limits: Omit<CallLimits, 'timeoutMs'>,
): Promise<T> {
  try {
    return await withLimits(call, { ...limits, timeoutMs: CALL_TIMEOUT_MS });
  } catch (error) {
    if (error instanceof SealedError && error.code === 'timeout') {
      for (const { terminate } of workers) terminate('it took too long');
    }
    throw error;
  }
}

/** A role that is watched listens every few milliseconds, on a free machine; this long without a word means that it is gone. */
const SILENCE_MS = 20_000;
const ASK_EVERY_MS = 2_000;

/**
 * Ends those of `handles` that fall silent: nobody is told when a browser kills a worker for want of memory.
 * @param ask a call that is answered at once
 * @returns how to stop
 */
export function watch<Role>(
  handles: readonly WorkerHandle<Role>[],
  ask: (handle: WorkerHandle<Role>) => Promise<unknown>,
): () => void {
  const askAll = (): void => {
    for (const handle of handles) {
      // Nobody reads the advice: the worker is ended, and says so to whoever waits for it.
      const limits = { signal: undefined, stage: 'server', timeoutMs: SILENCE_MS, advice: '' } as const;
      withLimits(ask(handle), limits).catch(() => handle.terminate('it no longer answers'));
    }
  };
  const timer = setInterval(askAll, ASK_EVERY_MS);
  return () => {
    clearInterval(timer);
    askAll();
  };
}
