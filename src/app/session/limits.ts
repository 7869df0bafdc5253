// Limits of calls on workers: time, signals, and workers that fall silent.
import { SealedError } from '../../base/errors.ts';
import type { ServerRole } from '../../protocol/contracts.ts';
import { type CallLimits, withLimits, type WorkerHandle } from './workers.ts';

/** How long any one call may take: version 40 needs a minute or two with the SEAL backend on a slow machine. */
const CALL_TIMEOUT_MS = 300_000;

/** A running server worker listens every few milliseconds; this long without a word means that it is gone. */
const SILENCE_MS = 8_000;

/** Nobody is told when a browser kills a worker for want of memory: ends those that fall silent. @returns how to stop */
export function watch(handles: readonly WorkerHandle<ServerRole>[]): () => void {
  const askAll = (): void => {
    for (const { role, terminate } of handles) {
      const answer = withLimits(role.progress(0), {
        signal: undefined,
        stage: 'server',
        timeoutMs: SILENCE_MS,
        // Nobody reads it: the worker is ended, and says so to whoever waits for it.
        advice: '',
      });
      answer.catch(() => terminate('it no longer answers'));
    }
  };
  const timer = setInterval(askAll, SILENCE_MS / 4);
  return () => {
    clearInterval(timer);
    askAll();
  };
}

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
