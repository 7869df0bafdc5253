// Starts a service in a worker of the page, and reads the models that ship with it.
import type { WorkerHandle } from '../../src/base/worker-handle.ts';
import { fetchBytes } from '../../src/base/load-file.ts';
import type { LocalService } from '../../src/protocol/service.ts';
import { STYLES } from '../../src/style/styles.ts';
import { connect } from '../pool.ts';
import { started } from './browser-worker.ts';
import { clientFiles } from './site-client-files.ts';
import { kernelFile, modelFile } from './site-service-files.ts';

/** More than four evaluators gain little: the ciphertexts of one code are few. */
function evaluatorCount(): number {
  return Math.min(4, Math.max(1, navigator.hardwareConcurrency));
}

/** A service with `evaluators` evaluators: as many as there are processors, at most four, unless given. */
export function startService(evaluators = evaluatorCount()): WorkerHandle<LocalService> {
  const models: Record<string, string> = {};
  for (const { model } of STYLES) models[model] = modelFile(model);
  return connect(
    started(new Worker(new URL('../service.ts', import.meta.url), { type: 'module', name: 'service' })),
    {
      seal: clientFiles.seal,
      kernel: kernelFile,
      evaluators: String(evaluators),
      ...models,
    },
  );
}

/** Reads a model that ships with the service. @throws SealedError `load-failed` */
export function loadModel(path: string): Promise<Uint8Array> {
  return fetchBytes(modelFile(path), 'The network of a style');
}
