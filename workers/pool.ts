// The owner of workers: wraps each in a handle whose calls fail when the worker does.
import * as Comlink from 'comlink';
import type { WorkerHandle } from '../src/base/worker-handle.ts';
import { SealedError } from '../src/base/errors.ts';
import { crossControls } from './controls.ts';
import type { WorkerSetup } from './endpoint.ts';
import { registerErrors } from './wire.ts';

/** A started worker as the pool sees it, whatever the platform. */
export interface StartedWorker {
  readonly endpoint: Comlink.Endpoint;
  /** What it serves: `evaluator`, for example. */
  readonly name: string;
  terminate(): void;
  /** Calls `listener` once when the worker fails to load, throws outside a call, or exits. */
  onDeath(listener: (reason: string) => void): void;
}

type Method = (...args: unknown[]) => Promise<unknown>;

registerErrors();

/**
 * A handle on the role that `worker` serves once it has had `setup`. Comlink leaves the callers of a dead worker waiting
 * for ever; here every call races against the worker's death. A worker that could not load a file is ended as well.
 */
export function connect<Role extends object>(worker: StartedWorker, setup: WorkerSetup): WorkerHandle<Role> {
  let death: SealedError | undefined;
  // What to call when the worker dies. A race against one promise of its death would keep every answer for its lifetime.
  const waiting = new Set<(death: SealedError) => void>();
  const end = (cause: SealedError): void => {
    if (death) return;
    death = cause;
    for (const reject of waiting) reject(cause);
    waiting.clear();
    // After an error it may still be running; nobody will hear it any more.
    worker.terminate();
  };
  const die = (reason: string): void => {
    const { name } = worker;
    const message = `The background worker "${name}" stopped (${reason}). Try again: a new one will be started.`;
    end(new SealedError('worker-died', message, { stage: 'worker', detail: { worker: name } }));
  };
  worker.onDeath(die);
  worker.endpoint.postMessage({ setup });
  const remote = Comlink.wrap(worker.endpoint) as unknown as Record<string, Method>;
  const role = new Proxy(Object.freeze({}), {
    get: (_, name): Method | undefined => {
      // A proxy that is awaited is asked for `then`; it is not a promise.
      if (typeof name !== 'string' || name === 'then') return undefined;
      return (...args) =>
        new Promise((resolve, reject) => {
          if (death) throw death;
          const call = crossControls(args);
          const fail = (reason: SealedError): void => {
            call.end();
            reject(reason);
          };
          waiting.add(fail);
          remote[name](...call.args)
            .catch((error: unknown) => {
              // Without its files it is of no use, and loaders remember that they have failed: only a new one helps.
              if (error instanceof SealedError && error.code === 'load-failed') end(error);
              throw error;
            })
            .then(resolve, reject)
            .finally(() => {
              waiting.delete(fail);
              call.end();
            });
        });
    },
  }) as Role;
  return {
    role,
    get dead() {
      return death !== undefined;
    },
    terminate: (reason = 'it was ended') => die(reason),
  };
}
