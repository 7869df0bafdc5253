// The first file of a worker thread in Node: gives the worker its endpoint, then runs it.
import { parentPort, workerData } from 'node:worker_threads';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';

globalThis.workerEndpoint = nodeEndpoint(parentPort!);
// eslint-disable-next-line sealed-qr/readable-imports -- the thread's own entry, which workers/platform/node-thread.ts names
await import(`../${workerData as string}.ts`);
