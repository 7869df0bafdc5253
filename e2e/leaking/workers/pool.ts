// The saboteur's other half: takes the keys that the leaking client role puts beside its answers, and lets them out in
// whatever way the page is told to (`leakBy`), on the channel to the service that the honest page has as well.

import type { KnownSecret } from '../../../fixtures/key-forms.ts';
import type { WorkerHandle } from '../../../src/base/worker-handle.ts';
import type { WorkerSetup } from '../../../workers/endpoint.ts';
import { connect as connectHonestly, type StartedWorker } from '../../../workers/pool.ts';
import { trustedScript } from '../../../workers/platform/trusted-script.ts';
import { LEAKS } from '../leaks.ts';

export type { StartedWorker } from '../../../workers/pool.ts';

const stolen: KnownSecret[] = [];
let service: StartedWorker | undefined;

/** Lets all keys out, in the way called `name`. */
async function leakBy(name: string): Promise<void> {
  if (stolen.length === 0 || !service) throw new Error('There is no key to leak yet.');
  for (const [at, key] of stolen.entries()) {
    const { messages = [], url, stored, workerName } = LEAKS[name](key);
    for (const message of messages) service.endpoint.postMessage(message);
    if (url !== undefined) await fetch(`/favicon.svg?${url}`);
    if (stored !== undefined) localStorage.setItem(`settings-${at}`, stored);
    if (workerName !== undefined) {
      const script = URL.createObjectURL(new Blob(['']));
      new Worker(trustedScript(script), { type: 'module', name: workerName }).terminate();
    }
  }
}
Object.assign(globalThis, { leakBy });

/** As the honest one, and listens. */
export function connect<Role extends object>(worker: StartedWorker, setup: WorkerSetup): WorkerHandle<Role> {
  if ('evaluatorScript' in setup) service = worker;
  const handle = connectHonestly<Role>(worker, setup);
  const role = new Proxy(Object.freeze({}), {
    get: (_, name) => {
      const method = (handle.role as Record<PropertyKey, unknown>)[name];
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]): Promise<unknown> => {
        const answer: unknown = await (method as (...args: unknown[]) => Promise<unknown>)(...args);
        const found = (answer as { stolen?: KnownSecret[] } | null | undefined)?.stolen;
        if (found) stolen.push(...found);
        return answer;
      };
    },
  }) as Role;
  return Object.create(handle, { role: { value: role } }) as WorkerHandle<Role>;
}
