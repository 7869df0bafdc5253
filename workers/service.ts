// The service in a browser's worker, with evaluators, compiler and simulator as workers of its own.
import '../src/base/dispose-symbols.ts';
import { SealedError } from '../src/base/errors.ts';
import { createService } from '../src/service/service.ts';
import { serve } from './endpoint.ts';
import { startCompiler, startEvaluator, startSimulator } from './platform/browser-nested.ts';

/** Reads a file of the site. @throws SealedError `load-failed` */
async function loadModel(address: string): Promise<Uint8Array> {
  const response = await fetch(address);
  if (!response.ok) {
    const message = `The file ${address} could not be loaded (HTTP ${response.status}).`;
    throw new SealedError('load-failed', message, { stage: 'model' });
  }
  return new Uint8Array(await response.arrayBuffer());
}

// Besides its own files it is told the address of each model that ships with it, under the model's path.
serve(({ seal, kernel, evaluators, ...models }) =>
  createService({
    loadModel: (path) => loadModel(models[path] as string),
    evaluators: Number(evaluators),
    startEvaluator: () => startEvaluator({ seal, kernel }),
    startCompiler,
    startSimulator,
  }),
);
