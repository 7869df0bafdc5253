// Starts a service in a worker of the page, and reads the models that ship with it.
import type { WorkerHandle } from '../../src/base/worker-handle.ts';
import { fetchBytes } from '../../src/base/load-file.ts';
import type { LocalService } from '../../src/protocol/service.ts';
import { SERVED_STYLES } from '../../src/style/styles.ts';
import { connect } from '../pool.ts';
import { start } from './browser-worker.ts';
import { clientFiles } from './site-client-files.ts';
import { modelFile, serviceFiles, serviceScripts } from './site-service-files.ts';

/** More than four evaluators gain little: the ciphertexts of one code are few. */
function evaluatorCount(): number {
  return Math.min(4, Math.max(1, navigator.hardwareConcurrency));
}

/** A service with `evaluators` evaluators: as many as there are processors, at most four, unless given. */
export function startService(evaluators = evaluatorCount()): WorkerHandle<LocalService> {
  const { service, evaluator, compiler, simulator } = serviceScripts;
  const models: Record<string, string> = {};
  for (const { model } of SERVED_STYLES) models[model] = modelFile(model);
  return connect(start(service, 'service'), {
    seal: clientFiles.seal,
    kernel: serviceFiles.kernel,
    evaluators: String(evaluators),
    evaluatorScript: evaluator,
    compilerScript: compiler,
    simulatorScript: simulator,
    ...models,
  });
}

/** Reads a model that ships with the service. @throws SealedError `load-failed` */
export function loadModel(path: string): Promise<Uint8Array> {
  return fetchBytes(modelFile(path), 'The network of a style');
}
