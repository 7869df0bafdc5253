// A role behind a worker, and the limits of calls on it.
import { type CallLimits, withLimits } from './controls.ts';
import { SealedError, throwIfAborted } from './errors.ts';

/** A role behind a worker. Every pending and later call rejects with `worker-died` once the worker is gone. */
export interface WorkerHandle<Role> {
  readonly role: Role;
  /** Whether the worker has died or been terminated. */
  readonly dead: boolean;
  /** Ends it; `reason` is what pending calls are told. */
  readonly terminate: (reason?: string) => void;
}

/** How long any one call may take: version 40 needs a minute or two with the SEAL backend on a slow machine. */
export const CALL_TIMEOUT_MS = 300_000;

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

const STOPPED = 'its work was stopped';

/**
 * How long work that nobody waits for any more may go on before its worker is ended. A role that does not listen may as
 * well be at its end, and a new worker costs about as much. One that listens between its steps is soon done: longer than
 * this and it hangs, or the machine is so busy that a new worker would take longer still.
 */
const GRACE_MS = { deaf: 250, listening: 2_000 } as const;

/** A worker that computes for longer than anyone who stops it would wait, and another in its place once it has ended. */
export class StoppableWorker<Role> {
  readonly #start: () => WorkerHandle<Role>;
  readonly #graceMs: number;
  #handle: WorkerHandle<Role> | undefined;

  /** @param kind whether the role's calls listen to their signals between their steps */
  constructor(kind: keyof typeof GRACE_MS, start: () => WorkerHandle<Role>) {
    this.#start = start;
    this.#graceMs = GRACE_MS[kind];
  }

  /** The worker, started where there is none that lives. */
  living(): WorkerHandle<Role> {
    if (this.#handle?.dead !== false) this.#handle = this.#start();
    return this.#handle;
  }

  /**
   * What `call` gives within the limits. It rejects as soon as the signal fires, and the worker is ended unless it is done
   * soon after. The call of another who was not stopped is made again then, on the new worker.
   * @throws SealedError `aborted`, `timeout`, or whatever `call` throws
   */
  async call<T>(call: (role: Role) => Promise<T>, limits: Omit<CallLimits, 'timeoutMs'>): Promise<T> {
    const { signal, stage } = limits;
    for (;;) {
      throwIfAborted(signal, stage);
      const handle = this.living();
      const answer = call(handle.role);
      const endUnlessDone = (): void => {
        const timer = setTimeout(() => handle.terminate(STOPPED), this.#graceMs);
        const keep = (): void => clearTimeout(timer);
        answer.then(keep, keep);
      };
      signal?.addEventListener('abort', endUnlessDone);
      try {
        return await limited(answer, [handle], limits);
      } catch (error) {
        // What ended the worker was this caller's own stop, or another's: then a new one goes on.
        throwIfAborted(signal, stage);
        const isOthers = error instanceof SealedError && error.message.includes(STOPPED);
        if (!isOthers) throw error;
      } finally {
        signal?.removeEventListener('abort', endUnlessDone);
      }
    }
  }

  /** Ends the worker; a later call starts another. */
  end(): void {
    this.#handle?.terminate();
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
