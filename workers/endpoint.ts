// The worker's side: serves a role over Comlink, in a browser's worker and in Node's worker threads alike.
import * as Comlink from 'comlink';
import { callsOnly } from './dispatcher.ts';
import { registerErrors, transferring } from './wire.ts';

declare global {
  /** In Node the bootstrap of the thread puts its endpoint here; in a browser the worker's scope is the endpoint. */
  var workerEndpoint: Comlink.Endpoint | undefined;
}

/** The first message a worker gets: where its WebAssembly files are. */
export type WorkerSetup = Readonly<Record<string, string | Uint8Array<ArrayBuffer> | undefined>>;

/** Waits for the set-up message, then serves `createRole(setup)` until the worker is terminated. */
export function serve(createRole: (setup: WorkerSetup) => object): void {
  registerErrors();
  const endpoint = globalThis.workerEndpoint ?? (globalThis as unknown as Comlink.Endpoint);
  const listen = (event: Event): void => {
    const setup = (event as MessageEvent<{ setup?: WorkerSetup } | null | undefined>).data?.setup;
    if (!setup) return;
    endpoint.removeEventListener('message', listen);
    const role = transferring(createRole(setup));
    Comlink.expose(role, callsOnly(endpoint, role));
  };
  endpoint.addEventListener('message', listen);
  endpoint.start?.();
}
