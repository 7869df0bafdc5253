// Starts a service in a thread of Node, and reads the models that ship with it.
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import type { WorkerHandle } from '../../src/base/worker-handle.ts';
import type { LocalService } from '../../src/protocol/service.ts';
import { connect } from '../pool.ts';
import { installedFile, ownPath } from './installed-file.ts';
import { sealFile } from './node-client.ts';
import { startThread } from './node-thread.ts';

/** Evaluators unless given: the number of processors, at most four; more gain little. */
export function evaluatorCount(): number {
  return Math.min(4, availableParallelism());
}

/** The SIMD kernel's bytes. */
export function kernelFile(): Uint8Array<ArrayBuffer> {
  return installedFile(ownPath('wasm/build/kernel.wasm'));
}

/** A service with `evaluators` evaluators. @param start starts its thread */
export function startService(evaluators = evaluatorCount(), start = startThread): WorkerHandle<LocalService> {
  return connect(start('platform/node-service'), {
    seal: sealFile(),
    kernel: kernelFile(),
    site: pathToFileURL(ownPath('public/')).href,
    evaluators: String(evaluators),
  });
}

/** Where a model that ships with the service lies: `path` of the `public/` folder. */
export function modelPath(path: string): string {
  return ownPath(`public/${path}`);
}

/** Reads a model that ships with the service. @throws SealedError `load-failed` */
export async function loadModel(path: string): Promise<Uint8Array> {
  return installedFile(modelPath(path));
}
